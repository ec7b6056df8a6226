//! Times, thresholds, bonds and settings of votes by name.

use radio_payouts_client::state::{ConfigTimesDelta, GovernanceSettingsDelta};

use super::amount::bloom;

/// What changes, e.g. `grace_seconds=0`.
#[must_use]
pub fn words(times: &ConfigTimesDelta, votes: &GovernanceSettingsDelta) -> String {
    let named = changes(times, votes).into_iter().filter_map(|(name, value)| match (name, value?) {
        (BOND, value) => Some(format!("{name}={} BLOOM", bloom(value))),
        (name, value) => Some(format!("{name}={value}")),
    });
    named.collect::<Vec<_>>().join(" ")
}

/// The one among the times that is an amount, in base units.
const BOND: &str = "dispute_bond_min";

/// Every time and setting by name; none where it stays as it is.
#[must_use]
pub fn changes(times: &ConfigTimesDelta, votes: &GovernanceSettingsDelta) -> Vec<(&'static str, Option<u64>)> {
    vec![
        ("grace_seconds", times.grace_seconds.map(u64::from)),
        ("challenge_seconds", times.challenge_seconds.map(u64::from)),
        ("dispute_seconds", times.dispute_seconds.map(u64::from)),
        ("claim_seconds", times.claim_seconds.map(u64::from)),
        ("binding_delay_seconds", times.binding_delay_seconds.map(u64::from)),
        ("attestation_threshold", times.attestation_threshold.map(u64::from)),
        (BOND, times.dispute_bond_min),
        ("dispute_bond_bps", times.dispute_bond_bps.map(u64::from)),
        ("proposal_threshold_bps", votes.proposal_threshold_bps.map(u64::from)),
        ("voting_seconds", votes.voting_seconds.map(u64::from)),
        ("quorum_bps", votes.quorum_bps.map(u64::from)),
        ("live_quorum_bps", votes.live_quorum_bps.map(u64::from)),
        ("timelock_seconds", votes.timelock_seconds.map(u64::from)),
        ("execution_seconds", votes.execution_seconds.map(u64::from)),
    ]
}
