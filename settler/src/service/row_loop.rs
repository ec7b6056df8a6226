//! Rows in the background (the settings `rows` and `store`): what was taken in becomes rows a minute later, so that a settlement finds them
//! made, and goes to the store where it is kept for good.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::outcome::Outcome;
use crate::store::bucket::push::Pushed;
use crate::store::rows::Made;
use crate::store::{Store, StoreError};

/// Time between two runs: a record a minute is large enough, and an epoch has seldom less than five.
const EVERY: Duration = Duration::from_secs(60);

/// Makes rows of what has none, and sends what the store has not, until the service ends. A run that fails is logged; the next one goes on
/// where it stopped.
pub fn run(service: &Arc<Service>) {
    let (mut made, mut pushed) =
        (Work::new("rows", "rows were not made"), Work::new("push", "not all is in the store"));
    while !service.stop.sleep(EVERY) {
        if let Some(Made { receipts, .. }) = made.told(service, "rows_runs_total", make(service)) {
            service.metrics.count("rows_receipts_total", &[], receipts);
        }
        if service.options.kept_at.is_some()
            && let Some(Pushed { bytes, .. }) = pushed.told(service, "push_runs_total", push(service))
        {
            service.metrics.count("pushed_bytes_total", &[], bytes);
        }
    }
}

/// Something that is done again and again.
struct Work {
    name: &'static str,
    failed: &'static str,
    said: String,
}

impl Work {
    const fn new(name: &'static str, failed: &'static str) -> Self {
        Self { name, failed, said: String::new() }
    }

    /// Counts how a run ended, and logs a failure once.
    fn told<T>(&mut self, service: &Service, runs: &'static str, result: Outcome<T>) -> Option<T> {
        let end = if result.is_ok() { "done" } else { "failed" };
        service.metrics.count(runs, &[("end", end)], 1);
        match result {
            Ok(value) => {
                self.said.clear();
                Some(value)
            }
            Err(failure) => {
                let now = format!("{:#}", failure.error);
                if now != self.said {
                    tracing::warn!(work = self.name, error = now, "{}", self.failed);
                }
                self.said = now;
                None
            }
        }
    }
}

fn make(service: &Service) -> Outcome<Made> {
    let Some(snapshot) = service.chain.borrow().clone() else { return Ok(Made::default()) };
    let calendar = snapshot.view.deployment().calendar()?;
    match Store::open(&service.options.data)?.make_rows(calendar) {
        // Somebody else makes them, which is as well.
        Err(StoreError::Busy(_)) => Ok(Made::default()),
        made => Ok(made?),
    }
}

fn push(service: &Service) -> Outcome<Pushed> {
    let Some(snapshot) = service.chain.borrow().clone() else { return Ok(Pushed::default()) };
    let store = Store::open(&service.options.data)?.kept_at(service.options.kept_at.clone());
    let Some(bucket) = store.bucket(&snapshot.view.domain()) else { return Ok(Pushed::default()) };
    let rows = store.rows(snapshot.view.deployment().calendar()?);
    match store.push(&bucket, &rows, &|_, _| ()) {
        Err(StoreError::Busy(_)) => Ok(Pushed::default()),
        pushed => Ok(pushed?),
    }
}
