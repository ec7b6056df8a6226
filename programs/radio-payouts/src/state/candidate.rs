//! Candidates: commitments that settlers support for an epoch.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::ACCOUNT_VERSION;

/// PDA `["candidate", epoch u64, commitment]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Candidate {
    /// Layout version, 1; 0 in an account just created.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The epoch.
    pub epoch: u64,
    /// The commitment.
    pub commitment: [u8; 32],
    /// The epoch's attempt that `support` counts for.
    pub attempt: u32,
    /// How many settlers support it in that attempt.
    pub support: u8,
    /// Whether a fraud proof revoked it: refused for ever.
    pub banned: bool,
    /// Who paid the rent and gets it back when the epoch is closed.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 64],
}

impl Candidate {
    /// A candidate that nobody supports yet.
    pub fn open(bump: u8, epoch: u64, commitment: [u8; 32], attempt: u32, rent_payer: Pubkey) -> Self {
        Self {
            version: ACCOUNT_VERSION,
            bump,
            epoch,
            commitment,
            attempt,
            support: 0,
            banned: false,
            rent_payer,
            reserved_space: [0; 64],
        }
    }

    /// Adds one supporter in `attempt`; support of earlier attempts is forgotten. Returns the support.
    pub fn add_support(&mut self, attempt: u32) -> Result<u8> {
        require!(!self.banned, PayoutsError::CandidateBanned);
        if self.attempt != attempt {
            self.attempt = attempt;
            self.support = 0;
        }
        self.support = self.support.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(self.support)
    }

    /// Refuses the commitment for ever: it is disproven.
    pub fn ban(&mut self) -> Result<()> {
        require!(!self.banned, PayoutsError::CandidateBanned);
        self.banned = true;
        Ok(())
    }

    /// Takes back one supporter of `attempt`; of an attempt that is over there is nothing to take back.
    pub fn remove_support(&mut self, attempt: u32) -> Result<()> {
        if self.attempt == attempt {
            self.support = self.support.checked_sub(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_of_an_earlier_attempt_is_forgotten() {
        let mut candidate = Candidate::open(0, 1, [0; 32], 0, Pubkey::default());
        assert_eq!(candidate.add_support(0), Ok(1));
        assert_eq!(candidate.add_support(0), Ok(2));
        assert_eq!(candidate.add_support(1), Ok(1));
        candidate.remove_support(0).unwrap();
        assert_eq!(candidate.support, 1);
        candidate.remove_support(1).unwrap();
        assert_eq!(candidate.remove_support(1), Err(PayoutsError::ArithmeticOverflow.into()));
        candidate.ban().unwrap();
        assert_eq!(candidate.add_support(1), Err(PayoutsError::CandidateBanned.into()));
        assert_eq!(candidate.ban(), Err(PayoutsError::CandidateBanned.into()));
    }
}
