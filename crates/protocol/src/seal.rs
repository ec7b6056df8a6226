//! Sealing: which held batches count in an epoch, by rules that know no clock and no order of arrival (sections 4.4, 5.1).
//!
//! [`seal_sfu`] judges, for one SFU, every batch that is known (held, with `to <= end(e)`) and that no ancestor
//! judged. What it must remember of ancestors is an [`SfuState`]: the cursor, the open gaps, the least stop found,
//! and the few judged batches that a batch arriving late can still touch (those beside a gap or at the cursor).
//! Verdicts of ancestors are never given again, so a posted epoch never changes.
//!
//! Guarantees, each a property test below: arrival order and repetition change nothing (`order_of_arrival_is_irrelevant`);
//! a batch counts at most once over any chain of sealings (`a_batch_counts_at_most_once`); every judged batch gets
//! exactly one verdict and every `seq` up to the cursor is judged or a gap (`nothing_disappears`).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::batch::{BatchHeader, BatchVerdict};
use crate::calendar::{Calendar, MAX_CARRY_SECONDS};
use crate::hash::{Hash, ZERO_HASH};
use crate::params::Mode;
use crate::ranges::Ranges;
use crate::registry::{NEVER, Sfu};

/// Shortest and longest window of a batch in milliseconds (section 4.2).
pub const WINDOW_MS: core::ops::RangeInclusive<u64> = 1_000..=60_000;

/// A batch with the verdict it got: `None` is accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "native", derive(serde::Serialize, serde::Deserialize))]
pub struct Judged {
    /// The batch.
    pub header: BatchHeader,
    /// Why it was rejected, if it was.
    pub verdict: Option<BatchVerdict>,
}

/// What sealing remembers of an SFU after the epochs before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SfuState {
    /// The largest `seq` judged; 0 if none.
    pub cursor: u64,
    /// Least stop that the known batches of ancestors show; [`NEVER`] if none. It never rises.
    pub stop: u64,
    /// Every `seq` up to the cursor under which nothing was known.
    pub gaps: Ranges,
    /// Judged batches that a late one can still touch, by (seq, hash).
    pub edges: Vec<Judged>,
}

impl Default for SfuState {
    fn default() -> Self {
        Self { cursor: 0, stop: NEVER, gaps: Ranges::default(), edges: Vec::new() }
    }
}

/// The epoch that is sealed, as far as batch verdicts depend on it.
pub struct Sealing<'a> {
    /// Number of the epoch.
    pub epoch: u64,
    /// Start and length of epochs.
    pub calendar: Calendar,
    /// Number of the parent epoch; `None` for the first epoch posted.
    pub parent_epoch: Option<u64>,
    /// Mode of the parameters of any epoch up to this one.
    pub mode_of: &'a (dyn Fn(u64) -> Mode + Sync),
}

/// The sealing of one SFU: its part of the statement's inputs, its accepted batches, and its next state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SfuSeal {
    /// The SFU's key.
    pub key: [u8; 32],
    /// Largest `seq` judged by ancestors.
    pub cursor_before: u64,
    /// Largest `seq` judged now or before.
    pub cursor_after: u64,
    /// Batches from this `seq` on do not count; [`NEVER`] if there is none.
    pub stop: u64,
    /// New gaps.
    pub gaps: Ranges,
    /// Accepted batches that filled a gap.
    pub carried: Ranges,
    /// Every batch judged now, by (seq, hash).
    pub judged: Vec<Judged>,
    /// What to remember.
    pub next: SfuState,
}

impl SfuSeal {
    /// Accepted batches, by seq.
    pub fn accepted(&self) -> impl Iterator<Item = &BatchHeader> {
        self.judged.iter().filter(|judged| judged.verdict.is_none()).map(|judged| &judged.header)
    }

    /// Rejected batches with their verdicts, by (seq, hash).
    pub fn rejected(&self) -> impl Iterator<Item = (&BatchHeader, BatchVerdict)> {
        self.judged.iter().filter_map(|judged| judged.verdict.map(|verdict| (&judged.header, verdict)))
    }
}

/// Judges the held batches of one SFU for an epoch.
///
/// `held` are batches of this SFU that no ancestor judged, in any order; those with `to` past the epoch's end are
/// not looked at, repeated ones count once.
#[must_use]
pub fn seal_sfu(sealing: &Sealing<'_>, sfu: &Sfu, state: &SfuState, held: &[BatchHeader]) -> SfuSeal {
    let due = due_batches(sealing, sfu, held);
    let known = Known::new(state, &due);
    let stop = known.stop(sealing, sfu, state, &due);
    let judged = judge_in_order(sealing, sfu, state, &due, &known, stop);

    let cursor_after = due.iter().map(|header| header.seq).max().unwrap_or(0).max(state.cursor);
    let new: Vec<u64> = due.iter().map(|header| header.seq).filter(|seq| *seq > state.cursor).collect();
    let fillers: Vec<u64> = due.iter().map(|header| header.seq).filter(|seq| *seq <= state.cursor).collect();
    let gaps = gaps_between(state.cursor, &new);
    let carried = Ranges::from_ascending(
        judged
            .iter()
            .filter(|judged| judged.verdict.is_none() && judged.header.seq <= state.cursor)
            .map(|judged| judged.header.seq),
    );
    let mut open = state.gaps.without(&fillers);
    for (first, last) in gaps.as_slice() {
        open.push(*first, *last);
    }
    let edges = edges_of(&open, cursor_after, state, &judged);
    let found = stop.min(state.stop);
    SfuSeal {
        key: sfu.key,
        cursor_before: state.cursor,
        cursor_after,
        stop,
        gaps,
        carried,
        judged,
        next: SfuState { cursor: cursor_after, stop: found, gaps: open, edges },
    }
}

/// The batches to judge, by (seq, hash), each once.
fn due_batches(sealing: &Sealing<'_>, sfu: &Sfu, held: &[BatchHeader]) -> Vec<BatchHeader> {
    let Some(end_ms) = sealing.calendar.end_ms(sealing.epoch) else { return Vec::new() };
    let mut due: Vec<BatchHeader> =
        held.iter().filter(|header| header.sfu_key == sfu.key && header.to_ms <= end_ms).copied().collect();
    due.sort_unstable_by_key(|header| (header.seq, header.hash));
    due.dedup_by_key(|header| (header.seq, header.hash));
    due
}

/// What is known of an SFU: batches judged by ancestors (as far as they matter) and those due now.
struct Known {
    by_seq: BTreeMap<u64, Vec<(BatchHeader, Option<BatchVerdict>)>>,
}

impl Known {
    fn new(state: &SfuState, due: &[BatchHeader]) -> Self {
        let mut by_seq: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for edge in &state.edges {
            by_seq.entry(edge.header.seq).or_default().push((edge.header, edge.verdict));
        }
        for header in due {
            by_seq.entry(header.seq).or_default().push((*header, None));
        }
        Self { by_seq }
    }

    fn at(&self, seq: u64) -> &[(BatchHeader, Option<BatchVerdict>)] {
        self.by_seq.get(&seq).map_or(&[], Vec::as_slice)
    }

    /// Whether the known successor of a batch says that another batch stands before it.
    fn is_disowned(&self, header: &BatchHeader) -> bool {
        let successors = header.seq.checked_add(1).map_or(&[][..], |next| self.at(next));
        !successors.is_empty() && successors.iter().all(|(next, _)| next.prev != header.hash)
    }

    /// `stop` of section 4.4: the least of the account's, an equivocation, and a broken link.
    fn stop(&self, sealing: &Sealing<'_>, sfu: &Sfu, state: &SfuState, due: &[BatchHeader]) -> u64 {
        let mut stop = sfu.stop_seq.min(state.stop);
        for header in due {
            // Judged before under another hash, or twice now.
            let judged_before = header.seq <= state.cursor && !state.gaps.contains(header.seq);
            if judged_before || self.at(header.seq).len() > 1 {
                stop = stop.min(header.seq);
            }
        }
        for header in due {
            for seq in [Some(header.seq), header.seq.checked_add(1)].into_iter().flatten() {
                if self.link_is_broken(sealing, sfu, state, seq) {
                    stop = stop.min(seq);
                }
            }
        }
        stop
    }

    /// Whether some batch known under `seq` does not follow a batch known under `seq - 1`.
    fn link_is_broken(&self, sealing: &Sealing<'_>, sfu: &Sfu, state: &SfuState, seq: u64) -> bool {
        let counted = |entry: &&(BatchHeader, Option<BatchVerdict>)| {
            let (header, verdict) = **entry;
            let passed_over = verdict == Some(BatchVerdict::ChainBroken)
                || (is_filler(state, &header)
                    && self.is_disowned(&header)
                    && early_verdict(sealing, sfu, &header).is_none());
            !passed_over
        };
        let mut here = self.at(seq).iter().filter(counted).peekable();
        if here.peek().is_none() {
            return false;
        }
        let Some(before) = seq.checked_sub(1) else { return false };
        if before == 0 {
            return here.any(|(header, _)| header.prev != ZERO_HASH);
        }
        let previous: Vec<Hash> = self.at(before).iter().filter(counted).map(|(header, _)| header.hash).collect();
        !previous.is_empty() && here.any(|(header, _)| !previous.contains(&header.prev))
    }
}

/// Whether a batch due now fills a gap below the parent's cursor.
fn is_filler(state: &SfuState, header: &BatchHeader) -> bool {
    header.seq <= state.cursor && state.gaps.contains(header.seq)
}

/// The verdicts between `stopped` and `chain_broken`, which need no other batch: `not_valid`, then `late`.
fn early_verdict(sealing: &Sealing<'_>, sfu: &Sfu, header: &BatchHeader) -> Option<BatchVerdict> {
    let Some(own_epoch) = sealing.calendar.epoch_at_ms(header.to_ms) else { return Some(BatchVerdict::NotValid) };
    let live = |epoch| (sealing.mode_of)(epoch) == Mode::Live;
    if !sfu.is_registered_for(own_epoch) || (sfu.demo && (live(own_epoch) || live(sealing.epoch))) {
        return Some(BatchVerdict::NotValid);
    }
    let parent_end = sealing.calendar.end_unix(sealing.parent_epoch?)?;
    let earliest_ms = parent_end.checked_sub(MAX_CARRY_SECONDS)?.checked_mul(1_000)?;
    let is_late = i64::try_from(header.to_ms).is_ok_and(|to| to < earliest_ms);
    is_late.then_some(BatchVerdict::Late)
}

fn judge_in_order(
    sealing: &Sealing<'_>,
    sfu: &Sfu,
    state: &SfuState,
    due: &[BatchHeader],
    known: &Known,
    stop: u64,
) -> Vec<Judged> {
    // Windows of accepted batches by seq: of ancestors at first, growing as batches are accepted.
    let mut accepted: BTreeMap<u64, (u64, u64)> = state
        .edges
        .iter()
        .filter(|edge| edge.verdict.is_none())
        .map(|edge| (edge.header.seq, (edge.header.from_ms, edge.header.to_ms)))
        .collect();
    let mut judged = Vec::with_capacity(due.len());
    for header in due {
        let verdict = if header.seq >= stop {
            Some(BatchVerdict::Stopped)
        } else if let Some(verdict) = early_verdict(sealing, sfu, header) {
            Some(verdict)
        } else if is_filler(state, header) && known.is_disowned(header) {
            Some(BatchVerdict::ChainBroken)
        } else if !window_is_good(header, &accepted) {
            Some(BatchVerdict::BadWindow)
        } else {
            accepted.insert(header.seq, (header.from_ms, header.to_ms));
            None
        };
        judged.push(Judged { header: *header, verdict });
    }
    judged
}

fn window_is_good(header: &BatchHeader, accepted: &BTreeMap<u64, (u64, u64)>) -> bool {
    let length_is_good = header.to_ms.checked_sub(header.from_ms).is_some_and(|length| WINDOW_MS.contains(&length));
    let follows = accepted.range(..header.seq).next_back().is_none_or(|(_, (_, to))| header.from_ms >= *to);
    let precedes = header
        .seq
        .checked_add(1)
        .is_none_or(|next| accepted.range(next..).next().is_none_or(|(_, (from, _))| header.to_ms <= *from));
    length_is_good && follows && precedes
}

/// Every `seq` above `cursor` and below the last of `known` (ascending) that is not in it.
fn gaps_between(cursor: u64, known: &[u64]) -> Ranges {
    let mut gaps = Ranges::default();
    let mut below = cursor;
    for seq in known {
        if let (Some(first), Some(last)) = (below.checked_add(1), seq.checked_sub(1))
            && first <= last
        {
            gaps.push(first, last);
        }
        below = *seq;
    }
    gaps
}

/// The judged batches that a later one can still touch: at the cursor, beside a gap, and the accepted ones
/// nearest to these places, whose windows it must not overlap.
fn edges_of(gaps: &Ranges, cursor: u64, state: &SfuState, judged: &[Judged]) -> Vec<Judged> {
    let mut all: Vec<Judged> = state.edges.iter().chain(judged).copied().collect();
    all.sort_unstable_by_key(|judged| (judged.header.seq, judged.header.hash));
    let mut keep = alloc::collections::BTreeSet::new();
    let accepted: Vec<u64> =
        all.iter().filter(|judged| judged.verdict.is_none()).map(|judged| judged.header.seq).collect();
    let mut touch = |below: Option<u64>, above: Option<u64>| {
        keep.extend(below);
        keep.extend(above);
        if let Some(below) = below {
            let count = accepted.partition_point(|seq| *seq <= below);
            keep.extend(count.checked_sub(1).and_then(|last| accepted.get(last)));
        }
        if let Some(above) = above {
            keep.extend(accepted.get(accepted.partition_point(|seq| *seq < above)));
        }
    };
    for (first, last) in gaps.as_slice() {
        touch(first.checked_sub(1), last.checked_add(1));
    }
    touch(Some(cursor), None);
    all.retain(|judged| keep.contains(&judged.header.seq));
    all
}

#[cfg(test)]
mod tests;
