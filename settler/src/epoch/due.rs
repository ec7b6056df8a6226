//! Which epoch comes next, by the chain's head and the chain's clock (section 5.3).

use radio_payouts_protocol::calendar::SKIP_AFTER_SECONDS;

use super::view::View;
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

/// What there is to settle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// This epoch can be settled now.
    Due(u64),
    /// This epoch comes next, from this time (Unix seconds) of the chain's clock on.
    NotYet(u64, i64),
    /// Nothing was posted yet, and nothing is held: there is no first epoch.
    NothingHeld,
}

/// When an epoch may be posted, in Unix seconds of the chain's clock.
///
/// # Errors
/// If it lies beyond the calendar.
pub fn postable_from(view: &View, epoch: u64) -> Outcome<i64> {
    let end = view.deployment().calendar()?.end_unix(epoch);
    let from = end.and_then(|end| end.checked_add(i64::from(view.config.times.grace_seconds)));
    from.ok_or_else(|| anyhow::anyhow!("epoch {epoch} lies beyond the calendar").into())
}

/// The epoch that follows the head; without one, the first in which a held batch ends.
///
/// # Errors
/// If the store fails.
pub fn next(view: &View, store: &Store) -> Outcome<Next> {
    let calendar = view.deployment().calendar()?;
    let epoch = match view.config.chain.head {
        Some(head) => head.epoch.saturating_add(1),
        None => {
            let ends = store.index().window_ends()?;
            match ends.and_then(|(first, _)| calendar.epoch_at_ms(first)) {
                Some(epoch) => epoch,
                None => return Ok(Next::NothingHeld),
            }
        }
    };
    // What was passed over once stays passed over, also when the head has retreated behind it.
    let epoch = view.config.chain.skipped_through.map_or(epoch, |skipped| epoch.max(skipped.saturating_add(1)));
    let from = postable_from(view, epoch)?;
    Ok(if view.now >= from { Next::Due(epoch) } else { Next::NotYet(epoch, from) })
}

/// Refuses an epoch that cannot be posted now, in the words of the rule. `skip` allows passing over epochs.
///
/// # Errors
/// Exit 75 if it can be later, exit 2 if it cannot be at all.
pub fn check(view: &View, epoch: u64, skip: bool) -> Outcome {
    let chain = &view.config.chain;
    if let Some(head) = chain.head
        && epoch <= head.epoch
    {
        return Err(Failure::usage(format!("epoch {epoch} is not after the head, epoch {}", head.epoch)));
    }
    if let Some(skipped) = chain.skipped_through
        && epoch <= skipped
    {
        return Err(Failure::usage(format!("epoch {epoch} was passed over; its batches fall to the next one")));
    }
    let from = postable_from(view, epoch)?;
    if view.now < from {
        let wait = from.saturating_sub(view.now);
        return Err(Failure::temporary(format!("epoch {epoch} can be settled in {wait} s by the chain's clock")));
    }
    let Some(head) = chain.head else { return Ok(()) };
    let Some(last_skipped) = epoch.checked_sub(1).filter(|before| *before > head.epoch) else { return Ok(()) };
    if !skip {
        return Err(Failure::usage(format!(
            "epochs {} to {last_skipped} come first; settle them (--due), or pass over them for good with --skip: their batches then fall to epoch {epoch}",
            head.epoch.saturating_add(1)
        )));
    }
    let end = view.deployment().calendar()?.end_unix(last_skipped).unwrap_or(i64::MAX);
    let allowed = end.saturating_add(SKIP_AFTER_SECONDS);
    if view.now < allowed {
        let wait = allowed.saturating_sub(view.now);
        return Err(Failure::temporary(format!(
            "epoch {last_skipped} can be passed over in {wait} s, a day after its end"
        )));
    }
    Ok(())
}
