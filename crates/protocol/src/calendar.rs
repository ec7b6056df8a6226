//! Which times belong to which epoch (section 5): `start(e) < t <= end(e)`, `start(e) = genesis_unix + e * epoch_seconds`.

use thiserror::Error;

/// Shortest epoch in seconds.
pub const MIN_EPOCH_SECONDS: u32 = 300;
/// Longest epoch in seconds.
pub const MAX_EPOCH_SECONDS: u32 = 604_800;
/// Seconds past the end of an epoch from which it may be passed over (section 5.3).
pub const SKIP_AFTER_SECONDS: i64 = 86_400;
/// How long before the parent's end a batch may have been measured and still be carried (section 5.1), in seconds.
pub const MAX_CARRY_SECONDS: i64 = 259_200;

/// Start and length of all epochs of a deployment, fixed at initialisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    genesis_unix: i64,
    epoch_seconds: u32,
}

/// Why a calendar was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CalendarError {
    /// `epoch_seconds` is outside 300 … 604 800.
    #[error("epoch_seconds must be {MIN_EPOCH_SECONDS} to {MAX_EPOCH_SECONDS}")]
    EpochSeconds,
    /// `genesis_unix` is negative or beyond the year 9999.
    #[error("genesis_unix must lie between 1970 and 9999")]
    Genesis,
}

impl Calendar {
    /// # Errors
    /// [`CalendarError`] if a value is out of its range.
    pub fn new(genesis_unix: i64, epoch_seconds: u32) -> Result<Self, CalendarError> {
        if !(MIN_EPOCH_SECONDS..=MAX_EPOCH_SECONDS).contains(&epoch_seconds) {
            return Err(CalendarError::EpochSeconds);
        }
        if !(0..=253_402_300_799).contains(&genesis_unix) {
            return Err(CalendarError::Genesis);
        }
        Ok(Self { genesis_unix, epoch_seconds })
    }

    /// Unix seconds at which epoch 0 starts (exclusive).
    #[must_use]
    pub const fn genesis_unix(&self) -> i64 {
        self.genesis_unix
    }

    /// Length of every epoch in seconds.
    #[must_use]
    pub const fn epoch_seconds(&self) -> u32 {
        self.epoch_seconds
    }

    /// Unix seconds at which `epoch` starts (exclusive); `None` past the range of `i64`.
    #[must_use]
    pub fn start_unix(&self, epoch: u64) -> Option<i64> {
        let offset = i64::try_from(epoch).ok()?.checked_mul(i64::from(self.epoch_seconds))?;
        self.genesis_unix.checked_add(offset)
    }

    /// Unix seconds at which `epoch` ends (inclusive); `None` past the range of `i64`.
    #[must_use]
    pub fn end_unix(&self, epoch: u64) -> Option<i64> {
        self.start_unix(epoch.checked_add(1)?)
    }

    /// The epoch of a time in Unix seconds; `None` if it is not after `genesis_unix`.
    #[must_use]
    pub fn epoch_at_unix(&self, unix: i64) -> Option<u64> {
        let since = u64::try_from(unix.checked_sub(self.genesis_unix)?).ok()?;
        since.checked_sub(1)?.checked_div(u64::from(self.epoch_seconds))
    }

    /// The epoch of a time in Unix milliseconds, as receipts have it; `None` if it is not after `genesis_unix`.
    #[must_use]
    pub fn epoch_at_ms(&self, unix_ms: u64) -> Option<u64> {
        let genesis_ms = u64::try_from(self.genesis_unix).ok()?.checked_mul(1_000)?;
        let since = unix_ms.checked_sub(genesis_ms)?;
        since.checked_sub(1)?.checked_div(u64::from(self.epoch_seconds).checked_mul(1_000)?)
    }

    /// End of `epoch` in Unix milliseconds (inclusive).
    #[must_use]
    pub fn end_ms(&self, epoch: u64) -> Option<u64> {
        u64::try_from(self.end_unix(epoch)?).ok()?.checked_mul(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_exclusive_and_the_end_inclusive() {
        let calendar = Calendar::new(1_000, 300).unwrap();
        assert_eq!(calendar.epoch_at_unix(1_000), None);
        assert_eq!(calendar.epoch_at_unix(1_001), Some(0));
        assert_eq!(calendar.epoch_at_unix(1_300), Some(0));
        assert_eq!(calendar.epoch_at_unix(1_301), Some(1));
        assert_eq!(calendar.epoch_at_ms(1_000_000), None);
        assert_eq!(calendar.epoch_at_ms(1_000_001), Some(0));
        assert_eq!(calendar.epoch_at_ms(1_300_000), Some(0));
        assert_eq!(calendar.epoch_at_ms(1_300_001), Some(1));
        assert_eq!(calendar.end_ms(0), Some(1_300_000));
    }

    #[test]
    fn refuses_lengths_and_starts_out_of_range() {
        assert_eq!(Calendar::new(0, 299), Err(CalendarError::EpochSeconds));
        assert_eq!(Calendar::new(0, 604_801), Err(CalendarError::EpochSeconds));
        assert_eq!(Calendar::new(-1, 300), Err(CalendarError::Genesis));
        assert!(Calendar::new(0, 300).unwrap().end_unix(u64::MAX).is_none());
    }
}
