//! Registered SFUs. Terms (capacity, demo flag) never change for a key; validity is in epochs.
//!
//! A change acts from the next epoch, so that the registry of an epoch is known when it begins. Only `stop_seq` acts
//! at once, and it only ever falls.

use anchor_lang::prelude::*;
use radio_payouts_protocol::key::check_key;

use crate::error::PayoutsError;
use crate::state::ACCOUNT_VERSION;

/// Largest capacity of an SFU in bytes per epoch.
pub const MAX_CAPACITY: u64 = 1 << 46;

/// PDA `["sfu", key]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Sfu {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Ed25519 key that signs batches.
    pub key: [u8; 32],
    /// Who may replace the key or stop the SFU.
    pub operator: Pubkey,
    /// Whether its batches count in Demo epochs only.
    pub demo: bool,
    /// First epoch in which it is valid.
    pub valid_from: u64,
    /// First epoch in which it is no longer valid; `u64::MAX` if there is none.
    pub valid_until: u64,
    /// Most accepted bytes per epoch.
    pub max_bytes_per_epoch: u64,
    /// Batches from this `seq` on do not count; `u64::MAX` if it is not stopped.
    pub stop_seq: u64,
    /// The key that this one replaced, if any.
    pub replaces: Option<[u8; 32]>,
    /// Zero.
    pub reserved_space: [u8; 64],
}

/// What the authority grants to an SFU.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct SfuTerms {
    /// Ed25519 key that signs batches.
    pub key: [u8; 32],
    /// Who may replace the key or stop the SFU.
    pub operator: Pubkey,
    /// Whether its batches count in Demo epochs only.
    pub demo: bool,
    /// The earliest epoch wanted; see `Config::valid_from`.
    pub valid_from: u64,
    /// Most accepted bytes per epoch, at most 2^46.
    pub max_bytes_per_epoch: u64,
}

impl Sfu {
    /// A new SFU under `terms`, valid from `valid_from`.
    pub fn register(bump: u8, terms: &SfuTerms, valid_from: u64) -> Result<Self> {
        check_key(&terms.key).map_err(PayoutsError::from)?;
        require_keys_neq!(terms.operator, Pubkey::default(), PayoutsError::OperatorMissing);
        require!((1..=MAX_CAPACITY).contains(&terms.max_bytes_per_epoch), PayoutsError::CapacityOutOfBounds);
        Ok(Self {
            version: ACCOUNT_VERSION,
            bump,
            key: terms.key,
            operator: terms.operator,
            demo: terms.demo,
            valid_from,
            valid_until: u64::MAX,
            max_bytes_per_epoch: terms.max_bytes_per_epoch,
            stop_seq: u64::MAX,
            replaces: None,
            reserved_space: [0; 64],
        })
    }

    /// Ends validity with the running epoch and, if a `stop_seq` is given, stops counting from there at once.
    pub fn stop(&mut self, stop_seq: Option<u64>, next_epoch: u64) -> Result<()> {
        let valid_until = self.valid_until.min(next_epoch.max(self.valid_from));
        if let Some(stop_seq) = stop_seq {
            require!(stop_seq < self.stop_seq, PayoutsError::StopSeqMayOnlyFall);
            self.stop_seq = stop_seq;
        } else {
            require!(valid_until < self.valid_until, PayoutsError::SfuEnded);
        }
        self.valid_until = valid_until;
        Ok(())
    }

    /// Ends this key with the running epoch and returns its successor under the same terms.
    pub fn replace_key(&mut self, bump: u8, key: [u8; 32], next_epoch: u64) -> Result<Self> {
        require!(key != self.key, PayoutsError::SameKey);
        let from = next_epoch.max(self.valid_from);
        require!(from < self.valid_until, PayoutsError::SfuEnded);
        let terms = SfuTerms {
            key,
            operator: self.operator,
            demo: self.demo,
            valid_from: from,
            max_bytes_per_epoch: self.max_bytes_per_epoch,
        };
        let successor = Self { replaces: Some(self.key), ..Self::register(bump, &terms, from)? };
        self.valid_until = from;
        Ok(successor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sfu() -> Sfu {
        let terms = SfuTerms {
            key: [9; 32],
            operator: Pubkey::new_from_array([1; 32]),
            demo: false,
            valid_from: 3,
            max_bytes_per_epoch: 1,
        };
        Sfu::register(0, &terms, 3).unwrap()
    }

    #[test]
    fn stop_seq_acts_at_once_and_only_falls() {
        let mut sfu = sfu();
        sfu.stop(Some(10), 5).unwrap();
        assert_eq!((sfu.valid_until, sfu.stop_seq), (5, 10));
        assert_eq!(sfu.stop(Some(10), 6), Err(PayoutsError::StopSeqMayOnlyFall.into()));
        sfu.stop(Some(9), 6).unwrap();
        assert_eq!((sfu.valid_until, sfu.stop_seq), (5, 9));
        assert_eq!(sfu.stop(None, 6), Err(PayoutsError::SfuEnded.into()));
    }

    #[test]
    fn a_key_that_is_not_yet_valid_never_becomes_so_once_stopped() {
        let mut sfu = sfu();
        sfu.stop(None, 1).unwrap();
        assert_eq!((sfu.valid_from, sfu.valid_until), (3, 3));
    }

    #[test]
    fn a_replacement_takes_over_without_gap_or_overlap() {
        let mut old = sfu();
        let new = old.replace_key(0, [8; 32], 7).unwrap();
        assert_eq!((old.valid_until, new.valid_from, new.valid_until), (7, 7, u64::MAX));
        assert_eq!(new.replaces, Some(old.key));
        assert_eq!(old.replace_key(0, [7; 32], 7).map(|_| ()), Err(PayoutsError::SfuEnded.into()));
    }
}
