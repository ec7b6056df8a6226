//! An estimate: the same computation over an epoch that is not sealed yet (section 12). It has no proof.

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::settlement::Settlement;

use super::settle::parent;
use super::view::View;
use super::{due, seal};
use crate::artefact::Terms;
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
    let view = View::read(chain)?;
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
        Some(head) => Some(parent(store, head.epoch, &head.commitment)?.to_parent()?),
        None => None,
    };
    due::postable_from(&view, epoch)?;
    let terms = view.terms(epoch, parent)?;
    let held: Vec<BatchHeader> = seal::due(store, &terms)?;
    let settlement = terms.settle(&held, store)?;
    Ok(Estimate { terms, settlement })
}
