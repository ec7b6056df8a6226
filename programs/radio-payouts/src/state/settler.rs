//! Registered settlers and the one candidate that each supports.
//!
//! A registration acts from the next epoch. A stop and a change of key act at once, unlike an SFU's: no statement
//! depends on who its settlers are, a stolen key must not post for another epoch, and the version of the registry moves
//! with it, so support given by the old key is void and no settler can be counted twice.

use anchor_lang::prelude::*;
use radio_payouts_protocol::key::check_key;

use crate::error::PayoutsError;
use crate::state::{ACCOUNT_VERSION, EpochChain};

/// PDA `["settler", key]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Settler {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The address that signs posts and attestations.
    pub key: Pubkey,
    /// Who may replace the key or stop the settler.
    pub operator: Pubkey,
    /// First epoch, by the clock, in which it may post.
    pub valid_from: u64,
    /// Since when it may no longer post, in Unix seconds.
    pub stopped_at: Option<i64>,
    /// The candidate that it supports, if any.
    pub support: Option<Support>,
    /// The key that this one replaced, if any.
    pub replaces: Option<Pubkey>,
    /// Zero.
    pub reserved_space: [u8; 64],
}

/// A candidate that a settler supports.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Support {
    /// Its epoch.
    pub epoch: u64,
    /// The epoch's attempt.
    pub attempt: u32,
    /// Its commitment.
    pub commitment: [u8; 32],
}

impl Settler {
    /// A new settler, allowed to post from epoch `valid_from` on.
    pub fn register(bump: u8, key: Pubkey, operator: Pubkey, valid_from: u64) -> Result<Self> {
        check_key(&key.to_bytes()).map_err(PayoutsError::from)?;
        require_keys_neq!(operator, Pubkey::default(), PayoutsError::OperatorMissing);
        Ok(Self {
            version: ACCOUNT_VERSION,
            bump,
            key,
            operator,
            valid_from,
            stopped_at: None,
            support: None,
            replaces: None,
            reserved_space: [0; 64],
        })
    }

    /// Refuses a settler that may not post in epoch `current` (by the clock; `None` before the calendar begins).
    pub fn check_valid(&self, current: Option<u64>) -> Result<()> {
        require!(self.stopped_at.is_none(), PayoutsError::SettlerStopped);
        require!(current.is_some_and(|current| self.valid_from <= current), PayoutsError::SettlerNotYetValid);
        Ok(())
    }

    /// Stops the settler for good, at once.
    pub fn stop(&mut self, now: i64) -> Result<()> {
        require!(self.stopped_at.is_none(), PayoutsError::SettlerStopped);
        self.stopped_at = Some(now);
        Ok(())
    }

    /// Stops this key and returns its successor, valid at once if this one was.
    pub fn replace_key(&mut self, bump: u8, key: Pubkey, now: i64) -> Result<Self> {
        require_keys_neq!(key, self.key, PayoutsError::SameKey);
        self.stop(now)?;
        Ok(Self { replaces: Some(self.key), ..Self::register(bump, key, self.operator, self.valid_from)? })
    }

    /// The support that still counts somewhere: for an epoch after the head and not passed over.
    pub fn standing_support(&self, chain: &EpochChain) -> Option<Support> {
        self.support.filter(|support| {
            chain.head.is_none_or(|head| support.epoch > head.epoch)
                && chain.skipped_through.is_none_or(|skipped| support.epoch > skipped)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_and_a_change_of_key_act_at_once() {
        let [key, operator, next] = [8, 9, 10].map(|byte| Pubkey::new_from_array([byte; 32]));
        let mut old = Settler::register(0, key, operator, 2).unwrap();
        assert_eq!(old.check_valid(Some(1)), Err(PayoutsError::SettlerNotYetValid.into()));
        assert_eq!(old.check_valid(None), Err(PayoutsError::SettlerNotYetValid.into()));
        old.check_valid(Some(2)).unwrap();
        assert!(old.replace_key(0, key, 5).is_err());
        let new = old.replace_key(0, next, 5).unwrap();
        assert_eq!(old.check_valid(Some(2)), Err(PayoutsError::SettlerStopped.into()));
        new.check_valid(Some(2)).unwrap();
        assert_eq!((new.replaces, new.support), (Some(key), None));
        assert_eq!(old.stop(6), Err(PayoutsError::SettlerStopped.into()));
    }

    #[test]
    fn support_stands_only_after_the_head() {
        let [key, operator] = [8, 9].map(|byte| Pubkey::new_from_array([byte; 32]));
        let mut settler = Settler::register(0, key, operator, 0).unwrap();
        let support = Support { epoch: 4, attempt: 0, commitment: [1; 32] };
        settler.support = Some(support);
        let mut chain = EpochChain::default();
        assert_eq!(settler.standing_support(&chain), Some(support));
        chain.advance(3, [3; 32]);
        assert_eq!(settler.standing_support(&chain), Some(support));
        chain.advance(5, [5; 32]);
        assert_eq!(settler.standing_support(&chain), None);
    }
}
