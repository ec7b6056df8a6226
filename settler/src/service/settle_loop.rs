//! The optional settle loop: what cron would do with `settler settle --due`, inside the service.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use solana_keypair::Keypair;

use super::metrics::Metrics;
use super::{Options, Stop};
use crate::chain::Sender;
use crate::epoch::settle::{self, Report, Request};
use crate::outcome::{Exit, Outcome};
use crate::store::Store;

/// What the loop needs of the command line.
pub struct Settling {
    /// The settler's key.
    pub key: Keypair,
    /// Where transactions go.
    pub sender: Sender,
    /// Time between two runs.
    pub every: Duration,
}

/// Settles what is due until the service ends. A run that fails is logged; the next one goes on where it stopped.
pub fn run(mut settling: Settling, options: &Options, metrics: &Metrics, stop: &Stop) {
    let mut said = String::new();
    loop {
        let result = once(&mut settling, options, metrics);
        let end = match &result {
            Ok(_) => "done",
            Err(failure) if failure.exit == Exit::Temporary => "try_later",
            Err(_) => "failed",
        };
        metrics.count("settle_runs_total", &[("end", end)], 1);
        match result {
            Ok(report) => {
                said.clear();
                for settled in &report.settled {
                    let statement = &settled.artefact.manifest.statement;
                    tracing::info!(epoch = statement.epoch, stage = settled.stage.as_str(), "settled");
                }
            }
            Err(failure) => {
                let now = format!("{:#}", failure.error);
                if now != said {
                    tracing::warn!(error = now, "a settlement did not finish");
                }
                said = now;
            }
        }
        if stop.sleep(settling.every) {
            return;
        }
    }
}

fn once(settling: &mut Settling, options: &Options, metrics: &Metrics) -> Outcome<Report> {
    let mut store = Store::open(&options.data)?.kept_at(options.kept_at.clone());
    let mut reached: HashMap<u64, Instant> = HashMap::new();
    let started = Instant::now();
    let Settling { key, sender, .. } = settling;
    settle::run(&mut store, sender, key, &Request::default(), |epoch, stage| {
        let before = reached.insert(epoch, Instant::now()).unwrap_or(started);
        metrics.set_time("settle_stage_seconds", &[("stage", stage.as_str())], before.elapsed());
    })
}
