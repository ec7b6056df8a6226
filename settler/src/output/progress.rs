//! How far something is, with rate and time left: on stderr, for people, and only if it takes longer than two seconds.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is shown before.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bar that goes away when it is dropped. Where stderr is no terminal it is never seen.
pub struct Progress {
    bar: ProgressBar,
    hidden_since: Cell<Option<Instant>>,
}

impl Progress {
    /// Begins `total` pieces of what is named, e.g. `proofs`.
    #[must_use]
    pub fn new(named: &'static str, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let template = "{bar:30} {human_pos} of {human_len} {msg}, {per_sec:.0}, {eta} left";
        // The template is ours; if it were wrong, indicatif's own would do.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.set_message(named);
        Self { bar, hidden_since: Cell::new(Some(Instant::now())) }
    }

    /// Says that so many more are done.
    pub fn add(&self, done: u64) {
        self.bar.inc(done);
        if self.hidden_since.get().is_some_and(|since| since.elapsed() >= PATIENCE) {
            self.hidden_since.set(None);
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hidden_at_first_and_shown_when_it_takes_long() {
        let progress = Progress::new("proofs", 10);
        progress.add(3);
        assert_eq!((progress.bar.position(), progress.hidden_since.get().is_some()), (3, true));
        progress.hidden_since.set(Instant::now().checked_sub(PATIENCE));
        progress.add(4);
        assert_eq!((progress.bar.position(), progress.hidden_since.get()), (7, None));
    }
}
