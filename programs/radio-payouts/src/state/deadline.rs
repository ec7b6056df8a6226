//! Deadlines of votes, timelocks and locked stake.
//!
//! A pause extends every deadline by its length. Votes themselves are never paused, and whoever pauses again and again
//! must not be able to hold one up for ever: all pauses together extend a deadline of a vote by 14 days at most.

use anchor_lang::prelude::*;

use crate::state::{MAX_PAUSE_SECONDS, Pause, Start};

/// A moment that pauses put off.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Deadline {
    /// When it passes in Unix seconds if there is no pause.
    pub at: i64,
    /// The same on a clock that stands still while the program is paused.
    pub unpaused: i64,
}

impl Deadline {
    /// `seconds` after `start`.
    pub fn after(start: &Start, seconds: i64) -> Self {
        let at = start.at.saturating_add(seconds);
        Self { at, unpaused: at.saturating_sub(start.paused_before) }
    }

    /// Whether it has passed.
    pub fn has_passed(&self, pause: &Pause, now: i64) -> bool {
        now >= self.expected(pause, now)
    }

    /// When it passes in Unix seconds, as far as is known at `now`; a pause that begins or runs on puts it off further.
    pub fn expected(&self, pause: &Pause, now: i64) -> i64 {
        let extended = self.unpaused.saturating_add(pause.total_at(now));
        extended.min(self.at.saturating_add(MAX_PAUSE_SECONDS))
    }

    /// A deadline that has not passed before both of these.
    pub fn latest(self, other: Self) -> Self {
        Self { at: self.at.max(other.at), unpaused: self.unpaused.max(other.unpaused) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn a_pause_extends_it_by_its_length() {
        let mut pause = Pause::default();
        let deadline = Deadline::after(&Start::now(1_000, &pause), 100);
        assert!(!deadline.has_passed(&pause, 1_099) && deadline.has_passed(&pause, 1_100));
        pause.pause(1_050).unwrap();
        assert!(!deadline.has_passed(&pause, 5_000));
        pause.resume(5_000).unwrap();
        assert_eq!(deadline.expected(&pause, 5_000), 1_100 + 3_950);
        assert!(!deadline.has_passed(&pause, 5_049) && deadline.has_passed(&pause, 5_050));
    }

    #[test]
    fn pauses_before_it_was_set_do_not_count() {
        let mut pause = Pause::default();
        pause.pause(0).unwrap();
        pause.resume(500).unwrap();
        assert!(Deadline::after(&Start::now(1_000, &pause), 100).has_passed(&pause, 1_100));
    }

    #[test]
    fn a_chain_of_pauses_counts_for_fourteen_days() {
        let mut pause = Pause::default();
        let deadline = Deadline::after(&Start::now(0, &pause), DAY);
        for day in [0, 14, 28] {
            pause.pause(day * DAY).unwrap();
        }
        assert!(!deadline.has_passed(&pause, 15 * DAY - 1));
        assert!(deadline.has_passed(&pause, 15 * DAY));
    }

    proptest! {
        /// Locks are merged: the result holds as long as each of them.
        #[test]
        fn the_latest_passes_after_both(
            first in (0..40 * DAY, 0..20 * DAY), second in (0..40 * DAY, 0..20 * DAY),
            pauses in proptest::collection::vec((1..10 * DAY, 1..20 * DAY), 0..6), later in 0..60 * DAY,
        ) {
            let mut pause = Pause::default();
            let mut now = 0;
            let mut starts = Vec::new();
            for (gap, length) in pauses {
                starts.push(Start::now(now, &pause));
                now += gap;
                if pause.pause(now).is_ok() {
                    now += length;
                    let _ = pause.resume(now);
                }
            }
            starts.push(Start::now(now, &pause));
            let pick = |(at, seconds): (i64, i64)| {
                let start = starts[usize::try_from(at).unwrap() % starts.len()];
                Deadline::after(&start, seconds)
            };
            let (first, second) = (pick(first), pick(second));
            let now = now + later;
            let merged = first.latest(second);
            if merged.has_passed(&pause, now) {
                prop_assert!(first.has_passed(&pause, now) && second.has_passed(&pause, now));
            }
            prop_assert!(merged.has_passed(&pause, merged.at + MAX_PAUSE_SECONDS));
        }
    }
}
