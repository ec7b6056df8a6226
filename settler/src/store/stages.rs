//! Where the processors' time goes, stage by stage, so that what limits a run is named.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;
use serde::Serialize;

/// A stage of ingest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Lines out of files.
    Reading,
    /// From bytes to batches within all limits, and their hashes.
    Decoding,
    /// Strict Ed25519.
    Signatures,
    /// Compressing, packs, the index.
    Packs,
    /// From batches to committed rows.
    Rows,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Reading, Self::Decoding, Self::Signatures, Self::Packs, Self::Rows];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Decoding => "decoding",
            Self::Signatures => "signatures",
            Self::Packs => "packs",
            Self::Rows => "rows",
        }
    }
}

/// CPU time by stage, added up over all threads.
#[derive(Debug, Default)]
pub struct Stages([AtomicU64; Stage::ALL.len()]);

/// What a stage took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// Its CPU time on all cores, in milliseconds.
    pub cpu_ms: u64,
    /// Its share of all stages' CPU time, in percent, rounded down.
    pub share_percent: u64,
}

impl Stages {
    /// Does a piece of a stage's work on this thread, and adds the CPU time that it took.
    pub fn measure<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = ThreadTime::now();
        let done = work();
        self.add(stage, start.elapsed());
        done
    }

    /// Adds CPU time to a stage.
    pub fn add(&self, stage: Stage, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if let Some(total) = self.0.get(stage as usize) {
            total.fetch_add(nanoseconds, Ordering::Relaxed);
        }
    }

    /// Every stage with its time.
    #[must_use]
    pub fn times(&self) -> Vec<StageTime> {
        let all: u64 = self.0.iter().map(|total| total.load(Ordering::Relaxed)).sum();
        let time = |(stage, total): (Stage, &AtomicU64)| {
            let total = total.load(Ordering::Relaxed);
            let share_percent = total.saturating_mul(100).checked_div(all).unwrap_or_default();
            StageTime { stage, cpu_ms: total / 1_000_000, share_percent }
        };
        Stage::ALL.into_iter().zip(&self.0).map(time).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_all_stages_took() {
        let stages = Stages::default();
        assert!(stages.times().iter().all(|time| time.share_percent == 0));
        stages.add(Stage::Decoding, Duration::from_millis(30));
        stages.add(Stage::Rows, Duration::from_millis(10));
        let shares: Vec<_> = stages.times().iter().map(|time| (time.cpu_ms, time.share_percent)).collect();
        assert_eq!(shares, [(0, 0), (30, 75), (0, 0), (0, 0), (10, 25)]);
        let before = stages.times();
        let sum = stages.measure(Stage::Rows, || (0..3_000_000u64).fold(0, |sum, number| sum ^ (number * number)));
        assert!(std::hint::black_box(sum) > 0 && stages.times() != before);
    }
}
