//! Time, rate and memory of stages.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::Serialize;

/// A stage.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// What was done.
    pub stage: String,
    /// Whether it ran within the stage before it, beside others.
    pub within: bool,
    /// Seconds by the wall clock.
    pub seconds: f64,
    /// What it went through, in pieces; 0 if it is not counted.
    pub done: u64,
    /// The most memory that the process had during it, in MiB; 0 where the system does not say.
    pub peak_mib: u64,
}

/// Adds up stages; one that is measured again is added to.
#[derive(Debug, Default)]
pub struct Meter(Vec<Line>);

impl Meter {
    /// Measures work over so many pieces.
    pub fn measure<T>(&mut self, stage: &str, done: u64, work: impl FnOnce() -> T) -> T {
        let (start, _) = (Instant::now(), forget_peak());
        let result = work();
        self.add(stage, start.elapsed(), done);
        result
    }

    /// Measures work that tells how many pieces it went through.
    ///
    /// # Errors
    /// That of the work.
    pub fn measure_found<T, E>(&mut self, stage: &str, work: impl FnOnce() -> Result<(T, u64), E>) -> Result<T, E> {
        let (start, _) = (Instant::now(), forget_peak());
        let (result, done) = work()?;
        self.add(stage, start.elapsed(), done);
        Ok(result)
    }

    fn add(&mut self, stage: &str, time: Duration, done: u64) {
        let peak_mib = peak_mib();
        match self.0.iter_mut().find(|line| line.stage == stage) {
            Some(line) => {
                line.seconds += time.as_secs_f64();
                line.done += done;
                line.peak_mib = line.peak_mib.max(peak_mib);
            }
            None => self.0.push(Line {
                stage: stage.to_owned(),
                within: false,
                seconds: time.as_secs_f64(),
                done,
                peak_mib,
            }),
        }
    }

    /// Adds the parts of the last stage.
    pub fn add_parts(&mut self, parts: Parts) {
        let parts = parts.0.into_inner().unwrap_or_default();
        self.0.extend(parts.into_iter().map(|part| Line {
            stage: part.name.to_owned(),
            within: true,
            seconds: part.last.duration_since(part.first).as_secs_f64(),
            done: part.done,
            peak_mib: part.peak_mib,
        }));
    }

    /// The stages in order.
    #[must_use]
    pub fn into_lines(self) -> Vec<Line> {
        self.0
    }
}

/// Parts of a stage, from the first that was heard of each to the last.
#[derive(Debug, Default)]
pub struct Parts(Mutex<Vec<Part>>);

#[derive(Debug)]
struct Part {
    name: &'static str,
    first: Instant,
    last: Instant,
    done: u64,
    peak_mib: u64,
}

impl Parts {
    /// A part is done so far.
    pub fn heard(&self, name: &'static str, done: u64) {
        let Ok(mut parts) = self.0.lock() else { return };
        let now = Instant::now();
        match parts.iter_mut().find(|part| part.name == name) {
            Some(part) => (part.last, part.done) = (now, done),
            None => {
                forget_peak();
                parts.push(Part { name, first: now, last: now, done, peak_mib: 0 });
            }
        }
        if let Some(part) = parts.iter_mut().find(|part| part.name == name && part.done % 64 == 0) {
            part.peak_mib = peak_mib();
        }
    }
}

/// The most memory since [`forget_peak`], by Linux.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}

/// From now on the peak is measured anew; where that is not possible it is that of the whole run.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_comes_again_is_added_to() {
        let mut meter = Meter::default();
        for _ in 0..2 {
            meter.measure("one", 5, || std::thread::sleep(Duration::from_millis(2)));
        }
        meter.measure_found("two", || Ok::<_, ()>(((), 7))).unwrap();
        let parts = Parts::default();
        parts.heard("part", 1);
        parts.heard("part", 9);
        meter.add_parts(parts);
        let lines = meter.into_lines();
        let done: Vec<_> = lines.iter().map(|line| (line.stage.as_str(), line.done, line.within)).collect();
        assert_eq!(done, [("one", 10, false), ("two", 7, false), ("part", 9, true)]);
        assert!(lines[0].seconds >= 0.004 && lines[0].peak_mib > 0);
    }
}
