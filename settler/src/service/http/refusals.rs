//! What the log is told of refused requests: the first of a kind from an address at once, then only how many more there were.
//!
//! Whoever sends a million bad requests fills neither the log nor the memory: kinds and addresses that are remembered are
//! bounded; beyond, refusals are counted for all addresses together.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::rate::network;

/// Kinds and addresses that are remembered.
const REMEMBERED: usize = 1_024;
/// Stands for all addresses that are not remembered one by one.
const OTHERS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Why a request was refused, for the log: set by the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused(pub &'static str);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Count {
    since: Instant,
    more: u64,
}

/// A line of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Why.
    pub reason: &'static str,
    /// Who asked; none for several that are not told apart.
    pub peer: Option<IpAddr>,
    /// How many more since the line before; 0 for the first.
    pub more: u64,
}

/// Refusals that were logged lately.
pub struct Refusals {
    every: Duration,
    counts: Mutex<HashMap<(&'static str, IpAddr), Count>>,
}

impl Refusals {
    /// Names each kind and address at most once in `every`.
    #[must_use]
    pub fn new(every: Duration) -> Self {
        Self { every, counts: Mutex::default() }
    }

    /// Counts a refusal, and logs it if it is the first of its kind.
    pub fn note(&self, reason: &'static str, peer: IpAddr) {
        if let Some(line) = self.count(reason, peer, Instant::now()) {
            write(&line, self.every);
        }
    }

    /// Logs what was counted since; to be called again and again.
    pub fn report(&self) {
        for line in self.due(Instant::now()) {
            write(&line, self.every);
        }
    }

    fn count(&self, reason: &'static str, peer: IpAddr, now: Instant) -> Option<Line> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (reason, network(peer));
        if counts.len() >= REMEMBERED && !counts.contains_key(&key) {
            key = (reason, OTHERS);
        }
        match counts.get_mut(&key) {
            Some(count) => {
                count.more = count.more.saturating_add(1);
                None
            }
            None => {
                counts.insert(key, Count { since: now, more: 0 });
                Some(line(key, 0))
            }
        }
    }

    /// Lines that are due; a kind of which nothing more came is forgotten.
    fn due(&self, now: Instant) -> Vec<Line> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        counts.retain(|key, count| {
            if now.saturating_duration_since(count.since) < self.every {
                return true;
            }
            if count.more == 0 {
                return false;
            }
            lines.push(line(*key, count.more));
            *count = Count { since: now, more: 0 };
            true
        });
        lines
    }
}

fn line((reason, peer): (&'static str, IpAddr), more: u64) -> Line {
    Line { reason, peer: Some(peer).filter(|peer| *peer != OTHERS), more }
}

fn write(line: &Line, every: Duration) {
    let Line { reason, peer, more } = *line;
    let peer = peer.map_or_else(|| "several addresses".to_owned(), |peer| peer.to_string());
    if more == 0 {
        tracing::warn!(reason, peer, "refused");
    } else {
        tracing::warn!(reason, peer, more, seconds = every.as_secs(), "refused again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(60);

    #[test]
    fn the_first_is_named_at_once_and_the_rest_is_counted() {
        let (refusals, start) = (Refusals::new(EVERY), Instant::now());
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let first = refusals.count("host", peer, start).unwrap();
        assert_eq!(first, Line { reason: "host", peer: Some(peer), more: 0 });
        for _ in 0..1_000 {
            assert_eq!(refusals.count("host", peer, start), None);
        }
        assert!(refusals.count("rate", peer, start).is_some(), "another kind");
        assert!(refusals.due(start + EVERY / 2).is_empty());
        let lines = refusals.due(start + EVERY);
        assert_eq!(lines, [Line { reason: "host", peer: Some(peer), more: 1_000 }]);
        assert!(refusals.due(start + EVERY * 2).is_empty());
        assert!(refusals.count("host", peer, start + EVERY * 2).is_some(), "after a quiet time it is new");
    }

    #[test]
    fn many_addresses_are_counted_together() {
        let (refusals, start) = (Refusals::new(EVERY), Instant::now());
        let named =
            (0..100_000u32).filter_map(|number| refusals.count("host", Ipv4Addr::from(number + 1).into(), start));
        assert_eq!(named.count(), REMEMBERED + 1);
        assert!(refusals.counts.lock().unwrap().len() <= REMEMBERED + 1);
        let together: u64 = refusals.due(start + EVERY).iter().map(|line| line.more).sum();
        assert_eq!(together, 100_000 - REMEMBERED as u64 - 1);
    }
}
