//! Times, thresholds and bonds of a deployment (section 9) and the settings of votes (section 11).
//!
//! Both are fields of `Config`; an epoch copies [`ConfigTimes`] when its root is posted, so a later change never
//! moves the deadlines of a root that contributors already rely on.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;

const DAY: u32 = 86_400;
/// Longest value of any time: 366 days.
pub const MAX_TIME_SECONDS: u32 = 366 * DAY;
/// Longest grace period: 7 days.
pub const MAX_GRACE_SECONDS: u32 = 7 * DAY;
/// Most settlers, hence the largest threshold.
pub const MAX_SETTLERS: u8 = 64;
/// By how much disputes outlast voting and timelock in Live.
pub const DISPUTE_MARGIN_SECONDS: u32 = 3 * DAY;

macro_rules! settings {
    ($(#[$doc:meta])* $name:ident, $delta:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ident = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        /// A change: fields that are `None` stay as they are.
        #[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct $delta { $($(#[$field_doc])* pub $field: Option<$kind>,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// These settings with `delta` applied, unchecked.
            pub fn with(&self, delta: &$delta) -> Self {
                Self { $($field: delta.$field.unwrap_or(self.$field),)* }
            }
        }
    };
}

settings! {
    /// Times, thresholds and bonds; the defaults are those of section 9.
    ConfigTimes, ConfigTimesDelta {
        /// Seconds after an epoch's end before anyone may seal and post it.
        grace_seconds: u32 = 600,
        /// Seconds between a post and finality, in which disputes are opened.
        challenge_seconds: u32 = DAY,
        /// Seconds until an open dispute lapses.
        dispute_seconds: u32 = 21 * DAY,
        /// Seconds in which a ratified share may be claimed.
        claim_seconds: u32 = 180 * DAY,
        /// Seconds before an accepted payee binding takes effect.
        binding_delay_seconds: u32 = 7 * DAY,
        /// How many settlers must support one candidate.
        attestation_threshold: u8 = 1,
        /// Least dispute bond in base units (100 BLOOM).
        dispute_bond_min: u64 = 100_000_000_000,
        /// Dispute bond in bps of the pool.
        dispute_bond_bps: u16 = 100,
    }
}

settings! {
    /// How votes are held; the defaults are those of section 11.
    GovernanceSettings, GovernanceSettingsDelta {
        /// Stake needed to propose, in bps of the base.
        proposal_threshold_bps: u16 = 10,
        /// Length of a vote in seconds.
        voting_seconds: u32 = 7 * DAY,
        /// Quorum in bps of the base.
        quorum_bps: u16 = 500,
        /// Quorum in bps of the base for Live mode, mandates and moves of the role of authority.
        live_quorum_bps: u16 = 1_000,
        /// Seconds between the end of a vote and its execution.
        timelock_seconds: u32 = 2 * DAY,
        /// Seconds after the timelock in which anyone may execute.
        execution_seconds: u32 = 14 * DAY,
    }
}

impl ConfigTimes {
    /// Checks every bound, joint ones included.
    pub fn check(&self, governance: &GovernanceSettings, live: bool) -> Result<()> {
        require!(self.grace_seconds <= MAX_GRACE_SECONDS, PayoutsError::GraceTooLong);
        let times = [self.challenge_seconds, self.dispute_seconds, self.claim_seconds, self.binding_delay_seconds];
        let votes = [governance.voting_seconds, governance.timelock_seconds, governance.execution_seconds];
        require!(times.iter().chain(&votes).all(|seconds| *seconds <= MAX_TIME_SECONDS), PayoutsError::TimeOutOfBounds);
        require!((1..=MAX_SETTLERS).contains(&self.attestation_threshold), PayoutsError::ThresholdOutOfBounds);
        let shares = [
            self.dispute_bond_bps,
            governance.proposal_threshold_bps,
            governance.quorum_bps,
            governance.live_quorum_bps,
        ];
        require!(shares.iter().all(|bps| *bps <= 10_000), PayoutsError::BpsOutOfBounds);
        let margin = if live { DISPUTE_MARGIN_SECONDS } else { 0 };
        let vote = governance.voting_seconds.saturating_add(governance.timelock_seconds).saturating_add(margin);
        require!(self.dispute_seconds > vote, PayoutsError::DisputeTooShort);
        if live {
            self.check_live(governance)?;
        }
        Ok(())
    }

    /// The times that a Live deployment needs (section 10).
    pub fn check_live(&self, governance: &GovernanceSettings) -> Result<()> {
        require!(governance.voting_seconds >= 3 * DAY, PayoutsError::LiveNeedsVoting);
        require!(governance.timelock_seconds >= 2 * DAY, PayoutsError::LiveNeedsTimelock);
        require!(self.challenge_seconds >= DAY, PayoutsError::LiveNeedsChallenge);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_satisfy_demo_and_live() {
        ConfigTimes::default().check(&GovernanceSettings::default(), false).unwrap();
        ConfigTimes::default().check(&GovernanceSettings::default(), true).unwrap();
    }

    #[test]
    fn refuses_each_bound_with_its_own_error() {
        let times = ConfigTimes::default();
        let votes = GovernanceSettings::default();
        let refuse = |times: ConfigTimes, votes: GovernanceSettings, live, error: PayoutsError| {
            assert_eq!(times.check(&votes, live), Err(error.into()));
        };
        refuse(ConfigTimes { grace_seconds: MAX_GRACE_SECONDS + 1, ..times }, votes, false, PayoutsError::GraceTooLong);
        refuse(
            ConfigTimes { claim_seconds: MAX_TIME_SECONDS + 1, ..times },
            votes,
            false,
            PayoutsError::TimeOutOfBounds,
        );
        refuse(ConfigTimes { attestation_threshold: 0, ..times }, votes, false, PayoutsError::ThresholdOutOfBounds);
        refuse(ConfigTimes { attestation_threshold: 65, ..times }, votes, false, PayoutsError::ThresholdOutOfBounds);
        refuse(ConfigTimes { dispute_bond_bps: 10_001, ..times }, votes, false, PayoutsError::BpsOutOfBounds);
        refuse(ConfigTimes { dispute_seconds: 9 * DAY, ..times }, votes, false, PayoutsError::DisputeTooShort);
        refuse(ConfigTimes { dispute_seconds: 12 * DAY, ..times }, votes, true, PayoutsError::DisputeTooShort);
        refuse(ConfigTimes { challenge_seconds: DAY - 1, ..times }, votes, true, PayoutsError::LiveNeedsChallenge);
        let short = GovernanceSettings { voting_seconds: 3 * DAY - 1, ..votes };
        refuse(times, short, true, PayoutsError::LiveNeedsVoting);
        let short = GovernanceSettings { timelock_seconds: 2 * DAY - 1, ..votes };
        refuse(times, short, true, PayoutsError::LiveNeedsTimelock);
    }
}
