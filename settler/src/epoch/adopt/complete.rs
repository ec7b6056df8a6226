//! What a candidate may not leave out (section 5.4).
//!
//! A batch that this settler received before `end + grace` must be in it. One that came later may be in or out, unless
//! it makes an equivocation known: two batches under one number stop their SFU there, and a candidate that shows
//! only one of them pays for what nobody may be paid for.

use std::collections::BTreeSet;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;

use super::LowerStop;
use crate::artefact::verify::Recomputed;
use crate::artefact::{Terms, sfu_name};
use crate::epoch::view::View;
use crate::epoch::{due, seal};
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

/// Every batch due here and received in time is in the folder, and no known equivocation is ignored. `due` are the
/// batches that this settler itself would judge.
///
/// # Errors
/// Exit 3 with the first batch that is left out, and what it proves of its SFU's stop.
pub fn require_complete(
    store: &Store,
    view: &View,
    terms: &Terms,
    theirs: &Recomputed,
    due: &[BatchHeader],
    lower_stops: &[LowerStop],
) -> Outcome {
    let judged: BTreeSet<_> = theirs.headers.iter().map(identity).collect();
    let deadline = due::postable_from(view, terms.epoch)?;
    let deadline_ms = u64::try_from(deadline).unwrap_or_default().saturating_mul(1_000);
    let end_ms = seal::end_ms(terms)?;
    for header in due.iter().filter(|header| !judged.contains(&identity(header))) {
        let refused = |why: &str| {
            let stop = lower_stops.iter().find(|stop| stop.sfu == header.sfu_key);
            let stop = stop.map_or_else(String::new, |stop| format!("; {stop}"));
            let which = format!("SFU {}, seq {}", sfu_name(&header.sfu_key), header.seq);
            Err(Failure::difference(format!("{which}: {why}{stop}")))
        };
        let received_ms = store.index().find(&header.hash)?.map_or(0, |located| located.received_ms);
        if received_ms < deadline_ms {
            return refused("the batch was received here before the grace ended and is left out");
        }
        if has_twin(store, theirs, header, end_ms)? {
            return refused("two batches were signed under this number, and one is ignored");
        }
    }
    Ok(())
}

/// Whether another batch is known under the number of `header`: held here, whatever epoch judged it, or in the folder.
fn has_twin(store: &Store, theirs: &Recomputed, header: &BatchHeader, end_ms: u64) -> Outcome<bool> {
    let is_twin = |other: &BatchHeader| {
        (other.sfu_key, other.seq) == (header.sfu_key, header.seq) && other.hash != header.hash && other.to_ms <= end_ms
    };
    let held = store.index().between(&header.sfu_key, header.seq, header.seq)?;
    Ok(held.iter().any(|located| is_twin(&located.header)) || theirs.headers.iter().any(is_twin))
}

fn identity(header: &BatchHeader) -> ([u8; 32], u64, Hash) {
    (header.sfu_key, header.seq, header.hash)
}
