//! Pauses and the deadlines that they extend.
//!
//! A pause stops posting, registering and finalising; it never stops verification, resuming, or (governance) disputes,
//! fraud proofs, votes and withdrawals. It lapses by itself after 14 days. Every deadline is measured in unpaused seconds.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;

/// Longest effect of one pause, in seconds.
pub const MAX_PAUSE_SECONDS: i64 = 14 * 86_400;

/// Whether the program is paused, and for how long it was before.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pause {
    /// When the last pause began, in Unix seconds, unless it was resumed.
    pub since: Option<i64>,
    /// Seconds of all pauses before that.
    pub total_seconds: i64,
}

impl Pause {
    /// Whether a pause is in force.
    pub fn is_paused(&self, now: i64) -> bool {
        self.since.is_some_and(|since| now < since.saturating_add(MAX_PAUSE_SECONDS))
    }

    /// Refuses while a pause is in force.
    pub fn require_running(&self, now: i64) -> Result<()> {
        require!(!self.is_paused(now), PayoutsError::Paused);
        Ok(())
    }

    /// Seconds of all pauses until `now`, each counted for at most 14 days.
    pub fn total_at(&self, now: i64) -> i64 {
        let running = self.since.map_or(0, |since| now.saturating_sub(since).clamp(0, MAX_PAUSE_SECONDS));
        self.total_seconds.saturating_add(running)
    }

    /// Begins a pause.
    pub fn pause(&mut self, now: i64) -> Result<()> {
        require!(!self.is_paused(now), PayoutsError::AlreadyPaused);
        *self = Self { since: Some(now), total_seconds: self.total_at(now) };
        Ok(())
    }

    /// Ends the pause in force.
    pub fn resume(&mut self, now: i64) -> Result<()> {
        require!(self.is_paused(now), PayoutsError::NotPaused);
        *self = Self { since: None, total_seconds: self.total_at(now) };
        Ok(())
    }
}

/// A moment from which unpaused seconds are counted.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Start {
    /// Unix seconds.
    pub at: i64,
    /// Seconds of all pauses until then.
    pub paused_before: i64,
}

impl Start {
    /// Begins to count.
    pub fn now(now: i64, pause: &Pause) -> Self {
        Self { at: now, paused_before: pause.total_at(now) }
    }

    /// Whether `seconds` have passed since, pauses not counted.
    pub fn has_passed(&self, seconds: u32, pause: &Pause, now: i64) -> bool {
        let paused = pause.total_at(now).saturating_sub(self.paused_before);
        now.saturating_sub(self.at).saturating_sub(paused) >= i64::from(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lapses_after_fourteen_days_and_counts_no_longer() {
        let mut pause = Pause::default();
        pause.pause(100).unwrap();
        assert!(pause.is_paused(100 + MAX_PAUSE_SECONDS - 1));
        assert!(!pause.is_paused(100 + MAX_PAUSE_SECONDS));
        assert_eq!(pause.pause(101), Err(PayoutsError::AlreadyPaused.into()));
        assert_eq!(pause.resume(100 + MAX_PAUSE_SECONDS), Err(PayoutsError::NotPaused.into()));
        assert_eq!(pause.total_at(i64::MAX), MAX_PAUSE_SECONDS);
        pause.pause(200 + MAX_PAUSE_SECONDS).unwrap();
        pause.resume(250 + MAX_PAUSE_SECONDS).unwrap();
        assert_eq!(pause, Pause { since: None, total_seconds: MAX_PAUSE_SECONDS + 50 });
    }

    #[test]
    fn a_deadline_is_extended_by_the_pauses_within_it_only() {
        let mut pause = Pause::default();
        pause.pause(0).unwrap();
        pause.resume(40).unwrap();
        let start = Start::now(100, &pause);
        assert!(start.has_passed(10, &pause, 110));
        pause.pause(105).unwrap();
        assert!(!start.has_passed(10, &pause, 500));
        pause.resume(205).unwrap();
        assert!(!start.has_passed(10, &pause, 209));
        assert!(start.has_passed(10, &pause, 210));
    }
}
