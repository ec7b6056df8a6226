//! `settler serve`: takes in batches over HTTP, and tells everybody what was counted.
//!
//! ```text
//! SFU ──POST /v1/batches──▶ [ingest] body within limits ─▶ writer thread: one round, one fsync ─▶ signed acknowledgement
//! chain ──every few seconds──▶ [chain] snapshot ─┐
//! store ──every 5 s──▶ [estimator] estimate ─────┼─▶ [api] /api/v1: JSON, server-sent events, files
//! epochs/ ──once each──▶ [catalogue] SQLite ─────┘
//! operator ─▶ [metrics], /livez, /readyz on a port of their own
//! ```
//!
//! What blocks (disk, chain, SQLite) has threads of its own; connections are tasks. Nothing here decides anything about
//! money: batches go through [`crate::store::intake`], epochs are settled by [`crate::epoch`], and the API only reads.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, watch};

pub mod acknowledgement;
pub mod api;
pub mod catalogue;
pub mod chain;
pub mod dashboard;
pub mod estimator;
pub mod history;
pub mod http;
pub mod indexer;
pub mod ingest;
pub mod internal;
pub mod metrics;
pub mod openapi;
pub mod options;
pub mod row_loop;
pub mod run;
pub mod settle_loop;

use acknowledgement::Acknowledger;
use catalogue::Catalogue;
use chain::Snapshot;
use dashboard::Dashboard;
use estimator::Estimated;
use history::Histories;
use http::problem::Problem;
use http::rate::RateLimiter;
use http::refusals::Refusals;
use ingest::Ingest;
use metrics::Metrics;
pub use options::Options;

/// Look-ups in the catalogue that run at the same time.
const READERS: usize = 8;

/// Told to everybody who has to end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop, and the sender that pulls it.
    #[must_use]
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Whether it was pulled.
    #[must_use]
    pub fn is_pulled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is pulled.
    pub async fn pulled(&mut self) {
        // A sender that is gone has ended too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Sleeps, for threads; true if it was pulled.
    #[must_use]
    pub fn sleep(&self, time: std::time::Duration) -> bool {
        const STEP: std::time::Duration = std::time::Duration::from_millis(100);
        let end = std::time::Instant::now() + time;
        while !self.is_pulled() {
            let rest = end.saturating_duration_since(std::time::Instant::now());
            if rest.is_zero() {
                return false;
            }
            std::thread::sleep(rest.min(STEP));
        }
        true
    }
}

/// What handlers share.
pub struct Service {
    /// How it was started.
    pub options: Options,
    /// Counters.
    pub metrics: Metrics,
    /// What happened to each epoch on chain.
    pub histories: Histories,
    /// What the chain said last; none before the first answer.
    pub chain: watch::Receiver<Option<Arc<Snapshot>>>,
    /// The last estimate.
    pub estimate: watch::Receiver<Option<Arc<Estimated>>>,
    /// Sealed epochs.
    pub catalogue: Catalogue,
    /// The way in for batches.
    pub ingest: Ingest,
    /// Signs acknowledgements.
    pub acknowledger: Acknowledger,
    /// Who asks too often.
    pub rate: RateLimiter,
    /// What the log was told of refusals.
    pub refusals: Refusals,
    /// The page.
    pub dashboard: Dashboard,
    /// Whether the store took the last round.
    pub store_works: AtomicBool,
    /// Pulled when the service ends.
    pub stop: Stop,
    /// When it was started.
    pub started: jiff::Timestamp,
    /// Event streams that are open.
    pub streams: Arc<Semaphore>,
    readers: Semaphore,
}

/// The state of all routes.
pub type App = Arc<Service>;

impl Service {
    /// What the chain said last.
    ///
    /// # Errors
    /// 503 until it was reached once.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Problem> {
        self.chain.borrow().clone().ok_or_else(|| Problem::away("the chain was not reached yet"))
    }

    /// Runs a look-up in the catalogue on a thread that may block.
    ///
    /// # Errors
    /// That of `read`; 500 if the catalogue is damaged.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Service, &catalogue::Reader) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.readers.acquire().await.map_err(|_| Problem::away("the service is ending"))?;
        let service = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let reader = service.catalogue.reader()?;
            let result = read(&service, &reader);
            service.catalogue.give_back(reader);
            result
        });
        done.await.unwrap_or_else(|error| Err(Problem::internal(&anyhow::anyhow!(error))))
    }

    /// Counts a request or connection that is refused, and has the log name it once.
    pub fn refuse(&self, reason: &'static str, peer: IpAddr) {
        self.metrics.count("http_refused_total", &[("reason", reason)], 1);
        self.refusals.note(reason, peer);
    }

    /// Whether batches can be taken in and questions be answered.
    #[must_use]
    pub fn not_ready(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        match self.chain.borrow().as_ref() {
            None => reasons.push("the chain was not reached yet"),
            Some(snapshot) if snapshot.age() > self.options.stale_after() => {
                reasons.push("the chain was not reached lately");
            }
            Some(_) => {}
        }
        if !self.store_works.load(Ordering::Relaxed) {
            reasons.push("the store did not take the last round");
        }
        if self.stop.is_pulled() {
            reasons.push("the service is ending");
        }
        reasons
    }
}
