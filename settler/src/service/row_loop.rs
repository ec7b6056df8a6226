//! Rows in the background (the setting `rows`): what was taken in becomes rows a minute later, so that a settlement finds them made.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::outcome::Outcome;
use crate::store::rows::Made;
use crate::store::{Store, StoreError};

/// Time between two runs: a record a minute is large enough, and an epoch has seldom less than five.
const EVERY: Duration = Duration::from_secs(60);

/// Makes rows of what has none until the service ends. A run that fails is logged; the next one goes on where it stopped.
pub fn run(service: &Arc<Service>) {
    let mut said = String::new();
    while !service.stop.sleep(EVERY) {
        let end = match once(service) {
            Ok(made) => {
                service.metrics.count("rows_receipts_total", &[], made.receipts);
                said.clear();
                "done"
            }
            Err(failure) => {
                let now = format!("{:#}", failure.error);
                if now != said {
                    tracing::warn!(error = now, "rows were not made");
                }
                said = now;
                "failed"
            }
        };
        service.metrics.count("rows_runs_total", &[("end", end)], 1);
    }
}

fn once(service: &Service) -> Outcome<Made> {
    let Some(snapshot) = service.chain.borrow().clone() else { return Ok(Made::default()) };
    let calendar = snapshot.view.deployment().calendar()?;
    match Store::open(&service.options.data)?.make_rows(calendar) {
        // Somebody else makes them, which is as well.
        Err(StoreError::Busy(_)) => Ok(Made::default()),
        made => Ok(made?),
    }
}
