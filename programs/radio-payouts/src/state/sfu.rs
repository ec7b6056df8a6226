//! Registered SFUs. Terms (capacity, demo flag) never change for a key; validity is in epochs.
//!
//! A change acts from the next epoch, so that the registry of an epoch is known when it begins. Only `stop_seq` acts
//! at once, and it only ever falls.
//!
//! Each change bumps the registry's version and so voids open candidates. Lest somebody with an SFU's keys hold posting
//! up for ever, a key is replaced only once it is valid, and `stop_seq` falls freely once an epoch; a further fall in the
//! same epoch must at least halve it. Authority and pause key are not bound by that.

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
    /// The epoch before which `stop_seq` last fell by its operator or a proof: the one after the fall.
    pub fell_before: Option<u64>,
    /// Zero.
    pub reserved_space: [u8; 55],
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
            fell_before: None,
            reserved_space: [0; 55],
        })
    }

    /// Ends validity with the running epoch and, if a `stop_seq` is given, stops counting from there at once.
    ///
    /// `bound` is whether the steps of `stop_seq` are bound: for everybody but authority and pause key.
    pub fn stop(&mut self, stop_seq: Option<u64>, next_epoch: u64, bound: bool) -> Result<()> {
        let valid_until = self.valid_until.min(next_epoch.max(self.valid_from));
        if let Some(stop_seq) = stop_seq {
            require!(stop_seq < self.stop_seq, PayoutsError::StopSeqMayOnlyFall);
            if bound {
                self.check_step(stop_seq, next_epoch)?;
            }
            self.stop_seq = stop_seq;
        } else {
            require!(valid_until < self.valid_until, PayoutsError::SfuEnded);
        }
        self.valid_until = valid_until;
        Ok(())
    }

    /// Stops counting from `seq` on at once: two different batches were signed under this number.
    ///
    /// Validity is left alone: a batch from `seq` on never counts, and the operator may go on under another key.
    pub fn equivocated(&mut self, seq: u64, next_epoch: u64) -> Result<()> {
        require!(seq < self.stop_seq, PayoutsError::EquivocationKnown);
        self.check_step(seq, next_epoch)?;
        self.stop_seq = seq;
        Ok(())
    }

    /// Refuses small steps: the first fall in an epoch is free, each further one must at least halve `stop_seq`. So an
    /// epoch sees at most 65 of them, and one fall to a much lower number is never in the way of another.
    fn check_step(&mut self, stop_seq: u64, next_epoch: u64) -> Result<()> {
        let fell_in_this_epoch = self.fell_before == Some(next_epoch);
        require!(!fell_in_this_epoch || stop_seq <= self.stop_seq >> 1, PayoutsError::StopSeqFallsTooLittle);
        self.fell_before = Some(next_epoch);
        Ok(())
    }

    /// Ends this key with the running epoch and returns its successor under the same terms.
    ///
    /// A key that is not valid yet is not replaced: else one operator could use up all accounts within an epoch.
    pub fn replace_key(&mut self, bump: u8, key: [u8; 32], next_epoch: u64) -> Result<Self> {
        require!(key != self.key, PayoutsError::SameKey);
        require!(self.valid_from < next_epoch, PayoutsError::SfuNotYetValid);
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
        sfu.stop(Some(10), 5, true).unwrap();
        assert_eq!((sfu.valid_until, sfu.stop_seq), (5, 10));
        assert_eq!(sfu.stop(Some(10), 6, true), Err(PayoutsError::StopSeqMayOnlyFall.into()));
        sfu.stop(Some(9), 6, true).unwrap();
        assert_eq!((sfu.valid_until, sfu.stop_seq), (5, 9));
        assert_eq!(sfu.stop(None, 6, true), Err(PayoutsError::SfuEnded.into()));
    }

    #[test]
    fn within_an_epoch_stop_seq_falls_once_and_then_at_least_halves() {
        let mut sfu = sfu();
        sfu.equivocated(100, 5).unwrap();
        assert_eq!(sfu.equivocated(100, 5), Err(PayoutsError::EquivocationKnown.into()));
        assert_eq!(sfu.equivocated(51, 5), Err(PayoutsError::StopSeqFallsTooLittle.into()));
        assert_eq!(sfu.stop(Some(51), 5, true), Err(PayoutsError::StopSeqFallsTooLittle.into()));
        sfu.equivocated(50, 5).unwrap();
        assert_eq!((sfu.stop_seq, sfu.valid_until), (50, u64::MAX));
        // Authority and pause key may at any time, and do not use up the operator's.
        sfu.stop(Some(49), 5, false).unwrap();
        assert_eq!(sfu.equivocated(48, 5), Err(PayoutsError::StopSeqFallsTooLittle.into()));
        sfu.equivocated(48, 6).unwrap();
        // However it is done, an epoch sees at most 65 falls.
        let mut sfu = self::sfu();
        sfu.equivocated(u64::MAX - 1, 5).unwrap();
        let falls = (0..200).filter(|_| sfu.equivocated(sfu.stop_seq >> 1, 5).is_ok()).count();
        assert_eq!((falls, sfu.stop_seq), (64, 0));
    }

    #[test]
    fn a_key_that_is_not_yet_valid_never_becomes_so_once_stopped() {
        let mut sfu = sfu();
        sfu.stop(None, 1, true).unwrap();
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

    #[test]
    fn a_key_is_replaced_only_once_it_is_valid() {
        let mut old = sfu();
        assert_eq!(old.replace_key(0, [8; 32], 3).map(|_| ()), Err(PayoutsError::SfuNotYetValid.into()));
        let mut new = old.replace_key(0, [8; 32], 4).unwrap();
        assert_eq!(new.replace_key(0, [7; 32], 4).map(|_| ()), Err(PayoutsError::SfuNotYetValid.into()));
        assert_eq!((new.valid_until, new.replace_key(0, [7; 32], 5).unwrap().valid_from), (u64::MAX, 5));
    }
}
