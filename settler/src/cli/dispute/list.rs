//! `settler dispute list`.

use std::collections::HashMap;

use radio_payouts_client::state::{Config, Dispute, DisputeOutcome, Epoch};
use serde::Serialize;

use super::super::Context;
use crate::chain::deployment;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::words::amount::bloom;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    epoch: String,
    attempt: u32,
    outcome: &'static str,
    disputer: String,
    bond_base_units: String,
    bond_released: bool,
    commitment: String,
    evidence_hash: String,
    opened_unix: i64,
    lapses_unix: Option<i64>,
}

/// Prints all disputes.
pub fn run(context: &Context) -> Outcome {
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let now = chain.clock()?.unix_timestamp;
    let epochs: HashMap<u64, Epoch> =
        deployment::epochs(chain.as_ref())?.into_iter().map(|epoch| (epoch.epoch, epoch)).collect();
    let disputes = deployment::disputes(chain.as_ref())?;
    let views: Vec<View> = disputes.into_iter().map(|dispute| view(dispute, &epochs, &config, now)).collect();
    context.output.emit(&views, |views| {
        if views.is_empty() {
            return "nothing is or was disputed".to_owned();
        }
        let mut table =
            Table::new(&[">epoch", ">attempt", "outcome", ">bond", "bond is", ">lapses at", "disputer", "evidence"]);
        for view in views {
            let bond = view.bond_base_units.parse().map_or_else(|_| view.bond_base_units.clone(), bloom);
            let place = if view.bond_released { "released" } else { "held" };
            let lapses = view.lapses_unix.map_or("-".to_owned(), |unix| unix.to_string());
            table.row([
                view.epoch.clone(),
                view.attempt.to_string(),
                view.outcome.to_owned(),
                bond,
                place.to_owned(),
                lapses,
                view.disputer.clone(),
                view.evidence_hash.clone(),
            ]);
        }
        table.to_string()
    })
}

/// An open dispute whose root has left the chain is shown as moot: that is what `release` finds.
fn view(mut dispute: Dispute, epochs: &HashMap<u64, Epoch>, config: &Config, now: i64) -> View {
    let epoch = epochs.get(&dispute.epoch);
    if let Some(epoch) = epoch {
        dispute.end_if_moot(epoch, &config.chain);
    }
    let open = dispute.outcome == DisputeOutcome::Open;
    // Unpaused seconds: what was paused since it was opened comes on top.
    let paused = config.pause.total_at(now).saturating_sub(dispute.opened.paused_before);
    let lapses_unix = epoch
        .filter(|_| open)
        .map(|epoch| dispute.opened.at.saturating_add(i64::from(epoch.times.dispute_seconds)).saturating_add(paused));
    View {
        epoch: dispute.epoch.to_string(),
        attempt: dispute.attempt,
        outcome: word(dispute.outcome),
        disputer: dispute.disputer.to_string(),
        bond_base_units: dispute.bond.to_string(),
        bond_released: dispute.bond_released,
        commitment: hex::encode(dispute.commitment),
        evidence_hash: hex::encode(dispute.evidence_hash),
        opened_unix: dispute.opened.at,
        lapses_unix,
    }
}

fn word(outcome: DisputeOutcome) -> &'static str {
    match outcome {
        DisputeOutcome::Open => "open",
        DisputeOutcome::Upheld => "upheld",
        DisputeOutcome::Rejected => "rejected",
        DisputeOutcome::Lapsed => "lapsed",
        DisputeOutcome::Moot => "moot",
    }
}
