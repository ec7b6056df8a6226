//! An estimate: the same computation over an epoch that is not sealed yet (section 12). It has no proof.

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::settlement::Settlement;
use schemars::JsonSchema;
use serde::Serialize;

use super::settle::parent;
use super::view::View;
use super::{due, seal};
use crate::artefact::payout::{self, Payout};
use crate::artefact::terms::ParentTerms;
use crate::artefact::{Terms, source};
use crate::chain::Chain;
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

/// What an epoch would come to if it ended with what is held.
#[derive(Debug)]
pub struct Estimate {
    /// The terms, as of now.
    pub terms: Terms,
    /// The outcome.
    pub settlement: Settlement,
}

/// Estimates the running epoch, or the one asked for.
///
/// Epochs that ended and are not settled yet are not counted as its ancestors: what they hold falls into the estimate.
///
/// # Errors
/// If there is nothing to estimate, or the parent's folder is away.
pub fn estimate(store: &Store, chain: &dyn Chain, epoch: Option<u64>) -> Outcome<Estimate> {
    estimate_at(store, &View::read(chain)?, epoch, |epoch, commitment| {
        Ok(parent(store, epoch, commitment)?.to_parent()?)
    })
}

/// [`estimate()`] for what the chain said before; `parent_terms` yields the parent that the chain names, so that a caller
/// who estimates again and again need not read its folder each time.
///
/// # Errors
/// As [`estimate()`], and that of `parent_terms`.
pub fn estimate_at(
    store: &Store,
    view: &View,
    epoch: Option<u64>,
    parent_terms: impl FnOnce(u64, &Hash) -> Outcome<ParentTerms>,
) -> Outcome<Estimate> {
    let calendar = view.deployment().calendar()?;
    let running = calendar.epoch_at_unix(view.now).ok_or_else(|| Failure::usage("the calendar has not begun yet"))?;
    let latest_held = store.index().window_ends()?.and_then(|(_, last)| calendar.epoch_at_ms(last));
    let next = view.config.chain.head.map_or(0, |head| head.epoch.saturating_add(1));
    // Recorded data may be older than the chain's clock: then the last epoch that has any is the one of interest.
    let epoch = epoch.unwrap_or(latest_held.map_or(running, |held| held.min(running)).max(next));
    let head = view.config.chain.head.filter(|head| head.epoch < epoch);
    if let (Some(posted), None) = (view.config.chain.head, head) {
        return Err(Failure::usage(format!(
            "epoch {epoch} is not after epoch {}, the last one posted: it is no estimate any more",
            posted.epoch
        )));
    }
    let parent = match head {
        Some(head) => Some(parent_terms(head.epoch, &head.commitment)?),
        None => None,
    };
    due::postable_from(view, epoch)?;
    let terms = view.terms(epoch, parent)?;
    let held: Vec<BatchHeader> = seal::due(store, &terms)?;
    let settlement = source::settle(&terms, &held, store)?;
    Ok(Estimate { terms, settlement })
}

/// An estimate as commands and the API show it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// `estimate`: no proof, and another word than `provisional`.
    pub standing: &'static str,
    /// The epoch.
    pub epoch: u64,
    /// Batches that count so far.
    pub batches: usize,
    /// Bytes that count so far.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub bytes: u64,
    /// Base units that would be split.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub pool_base_units: u64,
    /// Contributors so far.
    pub contributors: usize,
    /// Contributors, highest first.
    pub payouts: Vec<Payout>,
}

impl From<&Estimate> for Summary {
    fn from(estimate: &Estimate) -> Self {
        let settlement = &estimate.settlement;
        let mut payouts: Vec<Payout> = payout::all(settlement).collect();
        payouts.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.did.cmp(&b.did)));
        // Whatever an estimate says, there is no leaf to prove.
        payouts.iter_mut().for_each(|payout| payout.index = None);
        Self {
            standing: "estimate",
            epoch: estimate.terms.epoch,
            batches: settlement.batches.len(),
            bytes: settlement.statement.batches.sum,
            pool_base_units: settlement.allocation.pool,
            contributors: payouts.len(),
            payouts,
        }
    }
}
