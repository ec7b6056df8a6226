//! From counters that grow to bytes per window: what the readers of SFU statistics share.
//!
//! An SFU reports, now and then, how much it has sent on a stream since the stream began. A receipt wants how much was
//! delivered in a window. [`Counter`] turns values into increases; [`Windows`] adds increases up, each in the window of
//! the sample that showed it, and makes receipts with the number of distinct receivers.

use std::collections::{BTreeMap, BTreeSet};

use radio_payouts_protocol::bare::{BARE_WINDOW_MS, window_end};
use radio_payouts_protocol::batch::{Contribution, Receipt, Role};

/// A cumulative counter and the last that was seen of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counter {
    last: Option<Seen>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Seen {
    connection: u64,
    at: u64,
    value: u64,
}

/// What a sample says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Increase {
    /// So many more since the sample before, or since the connection began.
    By(u64),
    /// The value fell within one connection: counted from zero again.
    Reset(u64),
    /// Not newer than the sample before: a repetition or a straggler, whose bytes are in the newer one already.
    Stale,
}

impl Counter {
    /// Takes the value at a time within the so-and-so-many-th connection; each connection counts from 0.
    pub fn sample(&mut self, connection: u64, at: u64, value: u64) -> Increase {
        let increase = match self.last {
            Some(last) if at < last.at || connection < last.connection => return Increase::Stale,
            Some(last) if last.connection == connection && at == last.at && value <= last.value => {
                return Increase::Stale;
            }
            Some(last) if last.connection == connection && value >= last.value => Increase::By(value - last.value),
            Some(last) if last.connection == connection => Increase::Reset(value),
            _ => Increase::By(value),
        };
        self.last = Some(Seen { connection, at, value });
        increase
    }

    /// Takes a value that only says where the counter stands.
    pub fn begin_at(&mut self, connection: u64, at: u64, value: u64) {
        self.last = Some(Seen { connection, at, value });
    }

    /// Whether a sample was taken, in this connection or an earlier one.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.last.is_some()
    }

    /// Whether a sample of this connection was taken.
    #[must_use]
    pub fn is_known_in(&self, connection: u64) -> bool {
        self.last.is_some_and(|last| last.connection == connection)
    }
}

/// What bytes are counted for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Delivered {
    /// The room.
    pub room_id: String,
    /// The track.
    pub track_id: String,
    /// Who published it.
    pub contributor: String,
}

#[derive(Clone, Debug, Default)]
struct Sum {
    bytes: u64,
    last_ms: u64,
    receivers: BTreeSet<String>,
}

/// Sums per window of ten seconds, aligned as those of section 4.5.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    open: BTreeMap<u64, BTreeMap<Delivered, Sum>>,
    closed_to_ms: u64,
}

impl Windows {
    /// Adds bytes that a receiver got. If the window is closed, they go to the next: no byte is dropped.
    pub fn add(&mut self, at_ms: u64, what: Delivered, receiver: &str, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let at_ms = at_ms.max(self.closed_to_ms + 1);
        let Some(end) = window_end(at_ms) else { return };
        let sum = self.open.entry(end).or_default().entry(what).or_default();
        sum.bytes += bytes;
        sum.last_ms = sum.last_ms.max(at_ms);
        if !sum.receivers.contains(receiver) {
            sum.receivers.insert(receiver.to_owned());
        }
    }

    /// Closes the windows that ended at or before a time and gives their receipts, in order.
    pub fn close_to(&mut self, at_ms: u64) -> Vec<Receipt> {
        let later = self.open.split_off(&(at_ms.saturating_add(1)));
        let done = std::mem::replace(&mut self.open, later);
        self.closed_to_ms = self.closed_to_ms.max(at_ms - at_ms % BARE_WINDOW_MS);
        done.into_values().flatten().map(|(what, sum)| receipt(what, sum)).collect()
    }

    /// Closes all windows.
    pub fn finish(&mut self) -> Vec<Receipt> {
        let last = self.open.keys().next_back().copied().unwrap_or(self.closed_to_ms);
        self.close_to(last)
    }
}

fn receipt(what: Delivered, sum: Sum) -> Receipt {
    Receipt {
        acks: None,
        contributors: vec![Contribution { bytes_out: sum.bytes, did: what.contributor, role: Some(Role::Uploader) }],
        recipients: u32::try_from(sum.receivers.len()).unwrap_or(u32::MAX),
        room_id: what.room_id,
        timestamp: sum.last_ms,
        track_id: what.track_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(track: &str) -> Delivered {
        Delivered { room_id: "r".into(), track_id: track.into(), contributor: "did:web:a".into() }
    }

    #[test]
    fn increases_add_up_to_the_last_value_of_every_connection() {
        let mut counter = Counter::default();
        assert_eq!(counter.sample(1, 10, 100), Increase::By(100));
        assert_eq!(counter.sample(1, 20, 150), Increase::By(50));
        assert_eq!(counter.sample(1, 20, 150), Increase::Stale);
        assert_eq!(counter.sample(1, 15, 120), Increase::Stale);
        assert_eq!(counter.sample(1, 15, 999), Increase::Stale);
        assert_eq!(counter.sample(2, 30, 160), Increase::By(160));
        assert_eq!(counter.sample(1, 40, 200), Increase::Stale);
        assert_eq!(counter.sample(2, 40, 60), Increase::Reset(60));
        assert_eq!(counter.sample(2, 50, 60), Increase::By(0));
    }

    #[test]
    fn a_counter_that_began_before_the_log_counts_from_what_is_seen_first() {
        let mut counter = Counter::default();
        assert!(!counter.is_known());
        counter.begin_at(0, 5, 1_000);
        assert!(counter.is_known_in(0) && !counter.is_known_in(1));
        assert_eq!(counter.sample(0, 6, 1_001), Increase::By(1));
    }

    #[test]
    fn receivers_are_counted_once_a_window_and_only_if_they_got_something() {
        let mut windows = Windows::default();
        windows.add(10_000, what("t"), "x", 5);
        windows.add(4, what("t"), "x", 6);
        windows.add(9, what("t"), "y", 7);
        windows.add(9, what("t"), "z", 0);
        windows.add(10_001, what("t"), "y", 8);
        windows.add(11, what("u"), "y", 9);
        let first = windows.close_to(19_999);
        assert_eq!(first.len(), 2);
        assert_eq!((first[0].timestamp, first[0].recipients, first[0].contributors[0].bytes_out), (10_000, 2, 18));
        assert_eq!((first[1].track_id.as_str(), first[1].recipients), ("u", 1));
        // A straggler for the closed window goes to the next one.
        windows.add(9, what("t"), "y", 100);
        let second = windows.finish();
        assert_eq!((second[0].timestamp, second[0].recipients, second[0].contributors[0].bytes_out), (10_001, 1, 108));
        assert!(windows.finish().is_empty());
    }
}
