//! Fault injection: named points at which the process can be made to die as if by `kill -9`.
//!
//! Every place between two steps that must survive a crash calls [`point`]. It does nothing unless the environment asks:
//!
//! * `RADIO_PAYOUTS_CRASH_AT=NAME` or `NAME:N` aborts the process the first (or N-th) time that point is reached:
//!   no destructor runs, no buffer is flushed;
//! * `RADIO_PAYOUTS_CRASH_TRACE=FILE` appends the name of every point that is passed to FILE, so that a test finds all
//!   points of a command by running it once, and then kills it at each.
//!
//! It is compiled into every build: what the tests kill is what operators run.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Names the point to die at.
pub const CRASH_AT: &str = "RADIO_PAYOUTS_CRASH_AT";
/// Names the file that lists the points passed.
pub const CRASH_TRACE: &str = "RADIO_PAYOUTS_CRASH_TRACE";

struct Faults {
    at: Option<(String, u64)>,
    trace: Option<PathBuf>,
    passed: Mutex<HashMap<&'static str, u64>>,
}

fn faults() -> &'static Faults {
    static FAULTS: OnceLock<Faults> = OnceLock::new();
    FAULTS.get_or_init(|| Faults {
        at: std::env::var(CRASH_AT).ok().map(|asked| parse(&asked)),
        trace: std::env::var_os(CRASH_TRACE).map(PathBuf::from),
        passed: Mutex::new(HashMap::new()),
    })
}

fn parse(asked: &str) -> (String, u64) {
    match asked.rsplit_once(':').and_then(|(name, count)| Some((name, count.parse().ok()?))) {
        Some((name, count)) => (name.to_owned(), count),
        None => (asked.to_owned(), 1),
    }
}

/// A place where a crash must do no harm, by convention `module.step`, e.g. `journal.before_send`.
pub fn point(name: &'static str) {
    let faults = faults();
    if faults.at.is_none() && faults.trace.is_none() {
        return;
    }
    let count = {
        let mut passed = faults.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = passed.entry(name).or_default();
        *count += 1;
        *count
    };
    if let Some(file) = &faults.trace
        && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(file)
    {
        // In one piece: threads may pass points at the same time.
        let _ = file.write_all(format!("{name}\n").as_bytes());
    }
    if faults.at.as_ref().is_some_and(|(at, nth)| at == name && *nth == count) {
        crate::output::note(format_args!("fault injection: dying at {name} ({count})"));
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_point_may_have_a_count() {
        assert_eq!(parse("journal.before_send"), ("journal.before_send".to_owned(), 1));
        assert_eq!(parse("journal.before_send:3"), ("journal.before_send".to_owned(), 3));
        assert_eq!(parse("a:b"), ("a:b".to_owned(), 1));
    }
}
