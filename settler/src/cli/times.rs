//! Options that name times, thresholds, bonds and the settings of votes.

use radio_payouts_client::SetConfigTimesArgs;
use radio_payouts_client::state::{ConfigTimesDelta, GovernanceSettingsDelta};

use crate::words::amount::base_units;

/// What changes; what is not named stays.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
pub struct Times {
    /// Seconds after an epoch's end before it may be posted.
    #[arg(long)]
    pub grace_seconds: Option<u32>,
    /// Seconds between a post and finality.
    #[arg(long)]
    pub challenge_seconds: Option<u32>,
    /// Seconds until an open dispute lapses.
    #[arg(long)]
    pub dispute_seconds: Option<u32>,
    /// Seconds in which a ratified share may be claimed.
    #[arg(long)]
    pub claim_seconds: Option<u32>,
    /// Seconds before an accepted payee binding takes effect.
    #[arg(long)]
    pub binding_delay_seconds: Option<u32>,
    /// How many settlers must support one root.
    #[arg(long)]
    pub attestation_threshold: Option<u8>,
    /// Least dispute bond in BLOOM, e.g. 1000 or 0.5 (or base units: 500000000base).
    #[arg(long, value_name = "BLOOM", value_parser = base_units)]
    pub dispute_bond_min: Option<u64>,
    /// Dispute bond in bps of the pool.
    #[arg(long)]
    pub dispute_bond_bps: Option<u16>,
    /// Stake needed to propose, in bps of the base.
    #[arg(long)]
    pub proposal_threshold_bps: Option<u16>,
    /// Length of a vote in seconds.
    #[arg(long)]
    pub voting_seconds: Option<u32>,
    /// Quorum in bps of the base.
    #[arg(long)]
    pub quorum_bps: Option<u16>,
    /// Quorum in bps for Live mode, mandates, moves of the role of authority and changes of votes.
    #[arg(long)]
    pub live_quorum_bps: Option<u16>,
    /// Seconds between the end of a vote and its execution.
    #[arg(long)]
    pub timelock_seconds: Option<u32>,
    /// Seconds after the timelock in which anyone may execute.
    #[arg(long)]
    pub execution_seconds: Option<u32>,
}

impl Times {
    /// The instruction's arguments.
    #[must_use]
    pub fn arguments(&self) -> SetConfigTimesArgs {
        SetConfigTimesArgs {
            times: ConfigTimesDelta {
                grace_seconds: self.grace_seconds,
                challenge_seconds: self.challenge_seconds,
                dispute_seconds: self.dispute_seconds,
                claim_seconds: self.claim_seconds,
                binding_delay_seconds: self.binding_delay_seconds,
                attestation_threshold: self.attestation_threshold,
                dispute_bond_min: self.dispute_bond_min,
                dispute_bond_bps: self.dispute_bond_bps,
            },
            governance: GovernanceSettingsDelta {
                proposal_threshold_bps: self.proposal_threshold_bps,
                voting_seconds: self.voting_seconds,
                quorum_bps: self.quorum_bps,
                live_quorum_bps: self.live_quorum_bps,
                timelock_seconds: self.timelock_seconds,
                execution_seconds: self.execution_seconds,
            },
        }
    }
}
