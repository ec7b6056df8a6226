//! Progress of long work on stderr: one line a part, with what is done, the rate, and the time left where the end is known.
//!
//! Nothing is shown in the first two seconds, nor where stderr is no terminal.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long work goes on unseen.
const UNSEEN: Duration = Duration::from_secs(2);

/// The lines of one piece of work; they go away when it is dropped.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    lines: MultiProgress,
    bars: Mutex<HashMap<&'static str, ProgressBar>>,
    sums: Mutex<HashMap<&'static str, u64>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let lines = MultiProgress::with_draw_target(target);
        Self { started: Instant::now(), lines, bars: Mutex::default(), sums: Mutex::default() }
    }

    /// Of a part, so many more are done, of `all` if that is known.
    pub fn add(&self, part: &'static str, more: u64, all: Option<u64>) {
        let sum = self.sums.lock().map(|mut sums| {
            let sum = sums.entry(part).or_default();
            *sum = sum.saturating_add(more);
            *sum
        });
        self.heard(part, sum.unwrap_or_default(), all);
    }

    /// Of a part, `done` of `all` (if that is known) are done.
    pub fn heard(&self, part: &'static str, done: u64, all: Option<u64>) {
        if self.started.elapsed() < UNSEEN {
            return;
        }
        let Ok(mut bars) = self.bars.lock() else { return };
        let bar = bars.entry(part).or_insert_with(|| {
            let bar = self.lines.add(all.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
            let known = "{wide_bar} {human_pos}/{human_len} {msg}, {per_sec}, {eta} left";
            let unknown = "{spinner} {human_pos} {msg}, {per_sec}";
            if let Ok(style) = ProgressStyle::with_template(if all.is_some() { known } else { unknown }) {
                bar.set_style(style);
            }
            bar.with_message(part).with_elapsed(self.started.elapsed())
        });
        bar.set_position(done);
        if all == Some(done) {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let _ = self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_less_than_two_seconds_shows_nothing() {
        let progress = Progress::new();
        progress.heard("parts done", 1, Some(2));
        assert!(progress.bars.lock().unwrap().is_empty());
        progress.add("parts done", 4, Some(20));
        let mut long = progress;
        long.started = Instant::now().checked_sub(UNSEEN).unwrap();
        long.add("parts done", 5, Some(20));
        long.heard("others done", 1, None);
        let bars = long.bars.lock().unwrap();
        let bar = &bars["parts done"];
        assert_eq!((bar.length(), bar.position(), bars.len()), (Some(20), 9, 2));
    }
}
