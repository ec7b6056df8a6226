//! Versions of the parameters (section 9). They are ordered strictly by number and by the epoch from which they act.
//!
//! Values and bounds are the protocol crate's; this module only gives them an encoding.

use anchor_lang::prelude::*;
use radio_payouts_protocol::params as protocol;

use crate::error::PayoutsError;
use crate::state::ACCOUNT_VERSION;

/// What a version of the parameters allows. An epoch keeps the mode of its version for good.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Posted, proven, disputed, finalised; never ratified or claimed.
    Demo,
    /// Can be ratified and claimed.
    Live,
}

macro_rules! mirror {
    ($($(#[$doc:meta])* $field:ident: $kind:ident,)*) => {
        /// The values of one version; see section 9 for meaning and bounds.
        #[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
        pub struct ParamsValues { $($(#[$doc])* pub $field: $kind,)* }

        /// A change of values: fields that are `None` stay as they are.
        #[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct ParamsDelta { $($(#[$doc])* pub $field: Option<$kind>,)* }

        impl From<protocol::Params> for ParamsValues {
            fn from(params: protocol::Params) -> Self {
                Self { $($field: params.$field,)* }
            }
        }

        impl From<ParamsValues> for protocol::Params {
            fn from(values: ParamsValues) -> Self {
                Self { $($field: values.$field,)* }
            }
        }

        impl From<ParamsDelta> for protocol::ParamsDelta {
            fn from(delta: ParamsDelta) -> Self {
                Self { $($field: delta.$field,)* }
            }
        }

        impl From<protocol::ParamsDelta> for ParamsDelta {
            fn from(delta: protocol::ParamsDelta) -> Self {
                Self { $($field: delta.$field,)* }
            }
        }
    };
}

mirror! {
    /// Femto-BLOOM per byte.
    rate: u64,
    /// Most base units of one epoch's pool.
    epoch_cap: u64,
    /// Most of a pool that one contributor gets, in bps.
    max_share_bps: u32,
    /// Smallest amount that becomes a leaf, in base units.
    min_payout: u64,
    /// Multiplier in bps of a contributor active in enough recent epochs.
    consistency_bps: u32,
    /// Multiplier in bps of bytes delivered in peak hours.
    peak_bps: u32,
    /// Multiplier in bps of a contributor known for long.
    long_term_bps: u32,
    /// Multiplier in bps of tracks of high measured bit rate.
    high_quality_bps: u32,
    /// Multiplier in bps of tracks with rich metadata.
    metadata_rich_bps: u32,
    /// Multiplier in bps of tracks much listened to.
    popular_bps: u32,
    /// Price in bps of bytes of role `uploader`.
    role_uploader_bps: u32,
    /// Price in bps of bytes of role `seeder`.
    role_seeder_bps: u32,
    /// Price in bps of bytes of role `relay`.
    role_relay_bps: u32,
    /// Price in bps of bytes of role `storage`.
    role_storage_bps: u32,
    /// How many recent epochs consistency looks at.
    consistency_window_epochs: u8,
    /// In how many of them a contributor must have been active.
    consistency_min_epochs: u8,
    /// Epochs since the first active one that make a contributor long term.
    long_term_epochs: u32,
    /// Accepted bytes that make an epoch an active one.
    active_min_bytes: u64,
    /// Peak hours (UTC), bit h = hour h.
    peak_hours_utc: u32,
    /// Measured kbit/s from which a track is of high quality.
    high_quality_min_kbps: u32,
    /// Metadata fields from which a track is rich.
    metadata_min_fields: u8,
    /// Listener milliseconds from which a track is popular.
    popular_min_listener_ms: u64,
    /// Most kbit/s per recipient that a receipt may claim.
    max_kbps_per_recipient: u32,
    /// kbit/s per recipient below which listening time is not counted in full.
    min_kbps_per_recipient: u32,
    /// Whether tracks whose rights are `Licensed` are paid.
    pay_licensed: bool,
}

impl ParamsValues {
    /// These values with `delta` applied, all bounds checked.
    pub fn apply(self, delta: ParamsDelta) -> Result<Self> {
        let changed = protocol::Params::from(self).apply(&delta.into()).map_err(PayoutsError::from)?;
        Ok(changed.into())
    }
}

/// PDA `["params", number u32]`. Never changed once made.
#[account]
#[derive(InitSpace, Debug)]
pub struct ParamsVersion {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Number, from 1.
    pub number: u32,
    /// First epoch in which it is in force.
    pub effective_epoch: u64,
    /// What it allows.
    pub mode: Mode,
    /// The values.
    pub values: ParamsValues,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// Zero.
    pub reserved_space: [u8; 64],
}

impl ParamsVersion {
    /// Version 1: the demo values with `delta`, in force from epoch 0, in Demo mode.
    pub fn first(bump: u8, delta: ParamsDelta, now: i64) -> Result<Self> {
        let values = ParamsValues::from(protocol::Params::demo()).apply(delta)?;
        let version = ACCOUNT_VERSION;
        let (number, effective_epoch, mode) = (1, 0, Mode::Demo);
        Ok(Self { version, bump, number, effective_epoch, mode, values, created_at: now, reserved_space: [0; 64] })
    }

    /// The version after this one: `delta` and mode applied, in force from `max(asked, next_epoch, own + 1)`.
    pub fn successor(&self, bump: u8, change: &ParamsChange, next_epoch: u64, now: i64) -> Result<Self> {
        let values = self.values.apply(change.delta)?;
        let mode = change.mode.unwrap_or(self.mode);
        require!((values, mode) != (self.values, self.mode), PayoutsError::NothingChanges);
        require!(!(self.mode == Mode::Live && mode == Mode::Demo), PayoutsError::LiveIsForGood);
        let after_own = self.effective_epoch.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        let effective_epoch = change.effective_epoch.max(next_epoch).max(after_own);
        let number = self.number.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        let version = ACCOUNT_VERSION;
        Ok(Self { version, bump, number, effective_epoch, mode, values, created_at: now, reserved_space: [0; 64] })
    }

    /// Whether this is the version of `epoch`: in force by then, and the one after it (`successor`) not yet.
    ///
    /// `last` is the number of the last version; only the last one has no successor.
    pub fn check_in_force(&self, epoch: u64, last: u32, successor: Option<&Self>) -> Result<()> {
        require!(self.effective_epoch <= epoch, PayoutsError::ParamsNotYetInForce);
        if self.number == last {
            return Ok(());
        }
        let successor = successor.ok_or(PayoutsError::ParamsSuccessorMissing)?;
        require!(self.number.checked_add(1) == Some(successor.number), PayoutsError::WrongParamsSuccessor);
        require!(successor.effective_epoch > epoch, PayoutsError::ParamsSuperseded);
        Ok(())
    }
}

/// A change of the parameters.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ParamsChange {
    /// Values that change.
    pub delta: ParamsDelta,
    /// The mode, if it changes; `Live` has conditions of its own.
    pub mode: Option<Mode>,
    /// The earliest epoch wanted; 0 for "as soon as possible".
    pub effective_epoch: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cap(epoch_cap: u64, effective_epoch: u64) -> ParamsChange {
        ParamsChange {
            delta: ParamsDelta { epoch_cap: Some(epoch_cap), ..Default::default() },
            mode: None,
            effective_epoch,
        }
    }

    #[test]
    fn versions_are_strictly_ordered() {
        let first = ParamsVersion::first(0, ParamsDelta::default(), 0).unwrap();
        let second = first.successor(0, &cap(1, 0), 0, 0).unwrap();
        assert_eq!((second.number, second.effective_epoch), (2, 1));
        assert_eq!(second.successor(0, &cap(2, 0), 9, 0).unwrap().effective_epoch, 9);
        let third = second.successor(0, &cap(2, 20), 9, 0).unwrap();
        assert_eq!((third.number, third.effective_epoch), (3, 20));
        assert_eq!(third.successor(0, &cap(3, 0), 9, 0).unwrap().effective_epoch, 21);
    }

    #[test]
    fn the_version_of_an_epoch_is_proven_by_its_successor() {
        let first = ParamsVersion::first(0, ParamsDelta::default(), 0).unwrap();
        let second = first.successor(0, &cap(1, 5), 0, 0).unwrap();
        let third = second.successor(0, &cap(2, 9), 0, 0).unwrap();
        first.check_in_force(4, 3, Some(&second)).unwrap();
        second.check_in_force(5, 3, Some(&third)).unwrap();
        third.check_in_force(9, 3, None).unwrap();
        let refuse = |found: Result<()>, error: PayoutsError| assert_eq!(found, Err(error.into()));
        refuse(first.check_in_force(5, 3, Some(&second)), PayoutsError::ParamsSuperseded);
        refuse(first.check_in_force(4, 3, None), PayoutsError::ParamsSuccessorMissing);
        refuse(first.check_in_force(4, 3, Some(&third)), PayoutsError::WrongParamsSuccessor);
        refuse(second.check_in_force(4, 3, Some(&third)), PayoutsError::ParamsNotYetInForce);
    }

    #[test]
    fn live_is_for_good_and_a_change_changes_something() {
        let first = ParamsVersion::first(0, ParamsDelta::default(), 0).unwrap();
        let nothing = first.successor(0, &ParamsChange::default(), 0, 0);
        assert_eq!(nothing.map(|_| ()), Err(PayoutsError::NothingChanges.into()));
        let live = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
        let live = first.successor(0, &live, 0, 0).unwrap();
        let back = ParamsChange { mode: Some(Mode::Demo), ..Default::default() };
        assert_eq!(live.successor(0, &back, 0, 0).map(|_| ()), Err(PayoutsError::LiveIsForGood.into()));
    }
}
