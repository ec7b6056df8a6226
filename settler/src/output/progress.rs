//! How far a long command is, on stderr, for people who watch.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes no longer than this is not worth a bar.
const SILENCE: Duration = Duration::from_secs(2);

/// Bytes done, with the rate and the time left. Nothing is shown in the first two seconds, or if stderr is no terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    is_hidden: AtomicBool,
}

impl Progress {
    /// Progress of `what` through `total` bytes, if it is known how many there are.
    #[must_use]
    pub fn new(what: &'static str, total: Option<u64>) -> Self {
        let template = match total {
            Some(_) => "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{msg} {spinner} {bytes}, {bytes_per_sec}",
        };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), is_hidden: AtomicBool::new(true) }
    }

    /// So many bytes more are done.
    pub fn advance(&self, bytes: u64) {
        self.show_in_time();
        self.bar.inc(bytes);
    }

    /// What is being done now.
    pub fn say(&self, what: &'static str) {
        self.show_in_time();
        self.bar.set_message(what);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show_in_time(&self) {
        if self.started.elapsed() >= SILENCE
            && std::io::stderr().is_terminal()
            && self.is_hidden.swap(false, Ordering::Relaxed)
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}
