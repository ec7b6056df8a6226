use super::*;
use alloc::collections::BTreeSet;
use proptest::prelude::*;

const KEY: [u8; 32] = [5; 32];
const GENESIS_MS: u64 = 1_000_000_000;

fn sfu() -> Sfu {
    Sfu { key: KEY, demo: false, valid_from: 0, valid_until: NEVER, max_bytes_per_epoch: 1 << 40, stop_seq: NEVER }
}

fn calendar() -> Calendar {
    Calendar::new(i64::try_from(GENESIS_MS / 1_000).unwrap(), 300).unwrap()
}

fn hash_of(seq: u64, variant: u8) -> Hash {
    let mut hash = [variant; 32];
    hash[..8].copy_from_slice(&seq.to_le_bytes());
    hash
}

/// Batch `seq` of a well-behaved SFU: 10 s windows, one after the other.
fn batch(seq: u64) -> BatchHeader {
    BatchHeader {
        sfu_key: KEY,
        seq,
        hash: hash_of(seq, 1),
        prev: if seq == 1 { ZERO_HASH } else { hash_of(seq - 1, 1) },
        from_ms: GENESIS_MS + (seq - 1) * 10_000,
        to_ms: GENESIS_MS + seq * 10_000,
    }
}

fn seal(epoch: u64, parent: Option<u64>, sfu: &Sfu, state: &SfuState, held: &[BatchHeader]) -> SfuSeal {
    let sealing = Sealing { epoch, calendar: calendar(), parent_epoch: parent, mode_of: &|_| Mode::Demo };
    seal_sfu(&sealing, sfu, state, held)
}

fn seal_first(held: &[BatchHeader]) -> SfuSeal {
    seal(0, None, &sfu(), &SfuState::default(), held)
}

fn verdicts(seal: &SfuSeal) -> Vec<(u64, Option<BatchVerdict>)> {
    seal.judged.iter().map(|judged| (judged.header.seq, judged.verdict)).collect()
}

#[test]
fn an_unbroken_chain_is_accepted_whole() {
    let held: Vec<_> = (1..=30).map(batch).collect();
    let seal = seal_first(&held);
    assert!(verdicts(&seal).iter().all(|(_, verdict)| verdict.is_none()));
    assert_eq!((seal.cursor_before, seal.cursor_after, seal.stop), (0, 30, NEVER));
    assert!(seal.gaps.as_slice().is_empty() && seal.carried.as_slice().is_empty());
}

#[test]
fn batches_of_later_epochs_are_not_looked_at() {
    let held: Vec<_> = (25..=35).map(batch).collect();
    let seal = seal_first(&held);
    assert_eq!(seal.cursor_after, 30);
    assert_eq!(seal.gaps.as_slice(), [(1, 24)]);
}

#[test]
fn an_equivocation_stops_the_sfu_there() {
    let mut held: Vec<_> = (1..=6).map(batch).collect();
    held.push(BatchHeader { hash: hash_of(4, 2), ..batch(4) });
    let seal = seal_first(&held);
    assert_eq!(seal.stop, 4);
    let stopped = Some(BatchVerdict::Stopped);
    assert_eq!(
        verdicts(&seal),
        [(1, None), (2, None), (3, None), (4, stopped), (4, stopped), (5, stopped), (6, stopped)]
    );
}

#[test]
fn a_broken_link_stops_the_sfu_there() {
    let mut held: Vec<_> = (1..=6).map(batch).collect();
    held[4].prev = [9; 32];
    assert_eq!(seal_first(&held).stop, 5);
    held[0].prev = [9; 32];
    assert_eq!(seal_first(&held).stop, 1);
}

#[test]
fn the_account_stop_is_obeyed_and_reported() {
    let held: Vec<_> = (1..=6).map(batch).collect();
    let stopped = Sfu { stop_seq: 3, ..sfu() };
    let seal = seal(0, None, &stopped, &SfuState::default(), &held);
    assert_eq!((seal.stop, seal.accepted().count()), (3, 2));
}

#[test]
fn registration_is_that_of_the_epoch_of_to() {
    let held: Vec<_> = (1..=60).map(batch).collect();
    let until = Sfu { valid_until: 1, ..sfu() };
    let seal_one = seal(1, None, &until, &SfuState::default(), &held);
    assert_eq!(seal_one.accepted().map(|header| header.seq).max(), Some(30));
    assert!(seal_one.rejected().all(|(header, verdict)| header.seq > 30 && verdict == BatchVerdict::NotValid));
}

#[test]
fn a_time_not_after_genesis_is_in_no_epoch() {
    let early = BatchHeader { from_ms: GENESIS_MS - 10_000, to_ms: GENESIS_MS, ..batch(1) };
    assert_eq!(verdicts(&seal_first(&[early])), [(1, Some(BatchVerdict::NotValid))]);
}

#[test]
fn a_demo_sfu_counts_only_in_demo_epochs() {
    let demo = Sfu { demo: true, ..sfu() };
    let live_from_one = |epoch| if epoch >= 1 { Mode::Live } else { Mode::Demo };
    let sealing = Sealing { epoch: 1, calendar: calendar(), parent_epoch: Some(0), mode_of: &live_from_one };
    let held: Vec<_> = (1..=60).map(batch).collect();
    let seal = seal_sfu(&sealing, &demo, &SfuState::default(), &held);
    assert!(seal.rejected().all(|(_, verdict)| verdict == BatchVerdict::NotValid));
    assert_eq!(seal.rejected().count(), 60);
}

#[test]
fn a_gap_filled_later_is_carried_and_counts_once() {
    let held: Vec<_> = (1..=30).filter(|seq| *seq != 10).map(batch).collect();
    let first = seal_first(&held);
    assert_eq!(first.gaps.as_slice(), [(10, 10)]);
    let second = seal(1, Some(0), &sfu(), &first.next, &[batch(10), batch(31)]);
    assert_eq!(verdicts(&second), [(10, None), (31, None)]);
    assert_eq!(second.carried.as_slice(), [(10, 10)]);
    assert!(second.next.gaps.as_slice().is_empty());
}

#[test]
fn a_filler_that_its_successor_disowns_is_rejected_alone() {
    let held: Vec<_> = (1..=30).filter(|seq| *seq != 10).map(batch).collect();
    let first = seal_first(&held);
    let forged = BatchHeader { hash: hash_of(10, 7), ..batch(10) };
    let second = seal(1, Some(0), &sfu(), &first.next, &[forged, batch(31)]);
    assert_eq!(verdicts(&second), [(10, Some(BatchVerdict::ChainBroken)), (31, None)]);
    assert_eq!(second.stop, NEVER);
    // The true one then makes two hashes under one seq: an equivocation.
    let third = seal(2, Some(1), &sfu(), &second.next, &[batch(10)]);
    assert_eq!((third.stop, verdicts(&third)), (10, vec![(10, Some(BatchVerdict::Stopped))]));
}

#[test]
fn a_second_hash_under_a_judged_seq_stops_the_future_and_not_the_past() {
    let held: Vec<_> = (1..=30).map(batch).collect();
    let first = seal_first(&held);
    let twin = BatchHeader { hash: hash_of(5, 2), ..batch(5) };
    let second = seal(1, Some(0), &sfu(), &first.next, &[twin, batch(31)]);
    assert_eq!(second.stop, 5);
    assert!(second.accepted().next().is_none());
    let third = seal(2, Some(1), &sfu(), &second.next, &[batch(32)]);
    assert_eq!(third.stop, 5);
}

#[test]
fn late_needs_a_parent_and_three_days() {
    let held: Vec<_> = (2..=30).map(batch).collect();
    let first = seal_first(&held);
    let days = |count: u64| count * 86_400 / 300;
    let fill = |epoch, parent| verdicts(&seal(epoch, Some(parent), &sfu(), &first.next, &[batch(1)]));
    assert_eq!(fill(days(3), days(3) - 1), [(1, None)]);
    assert_eq!(fill(days(3) + 1, days(3)), [(1, Some(BatchVerdict::Late))]);
}

#[test]
fn windows_have_a_length_and_do_not_overlap() {
    let mut held: Vec<_> = (1..=5).map(batch).collect();
    held[1].from_ms -= 1;
    held[2].to_ms = held[2].from_ms + 999;
    held[4].to_ms = held[4].from_ms;
    let bad = Some(BatchVerdict::BadWindow);
    assert_eq!(verdicts(&seal_first(&held)), [(1, None), (2, bad), (3, bad), (4, None), (5, bad)]);
}

#[test]
fn a_filler_must_fit_between_its_accepted_neighbours() {
    let held: Vec<_> = (1..=30).filter(|seq| *seq != 10).map(batch).collect();
    let first = seal_first(&held);
    for (from, to) in [(batch(9).from_ms, batch(9).to_ms), (batch(11).from_ms, batch(11).to_ms)] {
        let filler = BatchHeader { from_ms: from, to_ms: to, ..batch(10) };
        let second = seal(1, Some(0), &sfu(), &first.next, &[filler]);
        assert_eq!(verdicts(&second), [(10, Some(BatchVerdict::BadWindow))]);
    }
}

/// A batch of an SFU that may misbehave, and the epoch before whose sealing it arrives.
fn arrivals() -> impl Strategy<Value = Vec<(BatchHeader, u64)>> {
    let one = (
        1u64..=90,
        prop_oneof![9 => Just(1u8), 1 => Just(2u8)],
        prop_oneof![9 => Just(0i64), 1 => -9_000i64..9_000],
        any::<bool>(),
        0u64..6,
    );
    prop::collection::vec(one, 0..120).prop_map(|items| {
        items
            .into_iter()
            .map(|(seq, variant, shift, breaks, arrival)| {
                let plain = batch(seq);
                let prev = if breaks && shift != 0 { [8; 32] } else { plain.prev };
                let mut hash = hash_of(seq, variant);
                hash[12..20].copy_from_slice(&shift.to_le_bytes());
                hash[10] = u8::from(breaks && shift != 0);
                let to_ms = plain.to_ms.saturating_add_signed(shift);
                (BatchHeader { hash, prev, to_ms, ..plain }, arrival)
            })
            .collect()
    })
}

/// Seals epochs 0, 1, 2, … in turn; what has arrived by then and was not judged is offered.
fn seal_chain(arrivals: &[(BatchHeader, u64)], epochs: &[u64]) -> Vec<SfuSeal> {
    let mut state = SfuState::default();
    let mut judged = BTreeSet::new();
    let mut parent = None;
    let mut seals = Vec::new();
    for (turn, epoch) in (0u64..).zip(epochs) {
        let held: Vec<_> = arrivals
            .iter()
            .filter(|(header, arrival)| *arrival <= turn && !judged.contains(&(header.seq, header.hash)))
            .map(|(header, _)| *header)
            .collect();
        let seal = seal(*epoch, parent, &sfu(), &state, &held);
        judged.extend(seal.judged.iter().map(|judged| (judged.header.seq, judged.header.hash)));
        state = seal.next.clone();
        parent = Some(*epoch);
        seals.push(seal);
    }
    seals
}

proptest! {
    #[test]
    fn order_of_arrival_is_irrelevant(arrivals in arrivals().prop_shuffle(), swap: prop::sample::Index) {
        let mut other = arrivals.clone();
        other.reverse();
        if !other.is_empty() {
            let again = other[swap.index(other.len())];
            other.push(again);
        }
        prop_assert_eq!(seal_chain(&arrivals, &[0, 1, 2, 3, 4, 5]), seal_chain(&other, &[0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn a_batch_counts_at_most_once(arrivals in arrivals(), skip in 1u64..6) {
        let epochs: Vec<u64> = (0..6).filter(|epoch| *epoch != skip).collect();
        let seals = seal_chain(&arrivals, &epochs);
        let mut accepted = BTreeSet::new();
        let mut windows = Vec::new();
        for seal in &seals {
            for header in seal.accepted() {
                prop_assert!(accepted.insert(header.seq), "seq {} accepted twice", header.seq);
                windows.push((header.from_ms, header.to_ms));
            }
        }
        windows.sort_unstable();
        for pair in windows.windows(2) {
            prop_assert!(pair[0].1 <= pair[1].0, "accepted windows overlap");
        }
    }

    #[test]
    fn nothing_disappears(arrivals in arrivals()) {
        let seals = seal_chain(&arrivals, &[0, 1, 2, 3, 4, 5]);
        let mut judged = BTreeSet::new();
        for seal in &seals {
            for one in &seal.judged {
                prop_assert!(judged.insert((one.header.seq, one.header.hash)), "judged twice");
            }
        }
        for (header, arrival) in &arrivals {
            if *arrival <= 5 {
                prop_assert!(judged.contains(&(header.seq, header.hash)));
            }
        }
        let last = &seals[5].next;
        for seq in 1..=last.cursor {
            let known = judged.iter().any(|(one, _)| *one == seq);
            prop_assert_eq!(known, !last.gaps.contains(seq));
        }
        for pair in seals.windows(2) {
            prop_assert_eq!(pair[0].cursor_after, pair[1].cursor_before);
            prop_assert!(pair[1].stop <= pair[0].stop);
        }
    }

    #[test]
    fn what_arrives_later_changes_no_posted_epoch(arrivals in arrivals()) {
        let known: Vec<_> = arrivals.iter().filter(|(_, arrival)| *arrival == 0).copied().collect();
        let (all, early) = (seal_chain(&arrivals, &[0, 1]), seal_chain(&known, &[0]));
        prop_assert_eq!(&all[0], &early[0]);
    }
}
