//! The running estimate: computed again every few seconds if anything has changed, by a thread of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use radio_payouts_protocol::hash::Hash;
use tokio::sync::watch;

use super::chain::Snapshot;
use super::metrics::Metrics;
use super::{Options, Stop};
use crate::artefact::payout::Payout;
use crate::artefact::terms::ParentTerms;
use crate::epoch::estimate::{Summary, estimate_at};
use crate::epoch::settle;
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

/// Where each contributor stands in a summary.
type Places = Arc<HashMap<String, usize>>;

/// An estimate and the snapshot that it rests on.
#[derive(Debug)]
pub struct Estimated {
    /// The estimate, contributors highest first.
    pub summary: Arc<Summary>,
    /// What the chain said.
    pub snapshot: Arc<Snapshot>,
    /// When it was made, or found unchanged.
    pub made_at: Instant,
    by_did: Places,
}

impl Estimated {
    /// A contributor's line.
    #[must_use]
    pub fn of(&self, did: &str) -> Option<&Payout> {
        self.summary.payouts.get(*self.by_did.get(did)?)
    }
}

/// What an estimate depends on; while it stays, so does the estimate.
#[derive(Clone, PartialEq, Eq)]
struct Inputs {
    held: i64,
    head: Option<(u64, Hash)>,
    params: u32,
    registry: u64,
    running: Option<u64>,
}

struct Estimator {
    store: Option<Store>,
    /// The parent's folder is read once, not every five seconds.
    parent: Option<(Hash, ParentTerms)>,
    last: Option<(Inputs, Arc<Summary>, Places)>,
    /// What was tried last, whether an estimate came of it or not.
    tried: Option<Inputs>,
}

/// Time between two looks at what an estimate depends on.
const LOOK: Duration = Duration::from_secs(1);

/// Estimates until the service ends: as soon as something has changed, and at every tick all the same, with the newest
/// snapshot.
pub fn run(
    options: &Options,
    metrics: &Metrics,
    chain: &watch::Receiver<Option<Arc<Snapshot>>>,
    stop: &Stop,
    send: &watch::Sender<Option<Arc<Estimated>>>,
) {
    let mut estimator = Estimator { store: None, parent: None, last: None, tried: None };
    let mut said = String::new();
    let mut sent: Option<Instant> = None;
    loop {
        let started = Instant::now();
        let snapshot = chain.borrow().clone();
        let is_due = sent.is_none_or(|sent| sent.elapsed() >= options.estimate_every);
        if let Some(snapshot) = snapshot.filter(|snapshot| is_due || estimator.has_changed(options, snapshot)) {
            sent = Some(started);
            match estimator.estimate(options, &snapshot) {
                Ok(estimated) => {
                    metrics.estimated(&estimated, started.elapsed());
                    send.send_replace(Some(Arc::new(estimated)));
                    said.clear();
                }
                Err(failure) => {
                    let now = format!("{:#}", failure.error);
                    if now != said {
                        tracing::warn!(error = now, "no estimate");
                    }
                    said = now;
                    send.send_replace(None);
                }
            }
        }
        // At least as long idle as at work: an estimate of a large epoch must not take the machine from ingest.
        if stop.sleep(LOOK.max(started.elapsed())) {
            return;
        }
    }
}

impl Estimator {
    fn store(&mut self, options: &Options) -> Outcome<&Store> {
        let store = match self.store.take() {
            Some(store) => store,
            None => Store::open_read_only(&options.data)?,
        };
        Ok(self.store.insert(store))
    }

    fn inputs(&mut self, options: &Options, snapshot: &Snapshot) -> Outcome<Inputs> {
        let config = &snapshot.view.config;
        Ok(Inputs {
            held: self.store(options)?.index().data_version()?,
            head: config.chain.head.map(|head| (head.epoch, head.commitment)),
            params: config.params_version,
            registry: config.registry_version,
            running: snapshot.running_epoch(),
        })
    }

    /// Whether another estimate would come out. What cannot be read is found out at the next tick.
    fn has_changed(&mut self, options: &Options, snapshot: &Snapshot) -> bool {
        let now = self.inputs(options, snapshot);
        now.is_ok_and(|now| self.tried.as_ref() != Some(&now))
    }

    fn estimate(&mut self, options: &Options, snapshot: &Arc<Snapshot>) -> Outcome<Estimated> {
        let inputs = self.inputs(options, snapshot)?;
        self.tried = Some(inputs.clone());
        let store = match self.store.take() {
            Some(store) => store,
            None => Store::open_read_only(&options.data)?,
        };
        let store = self.store.insert(store);
        let (summary, by_did) = match self.last.take() {
            Some((before, summary, by_did)) if before == inputs => (summary, by_did),
            _ => {
                let parent = &mut self.parent;
                let estimate = estimate_at(store, &snapshot.view, None, |epoch, commitment| {
                    cached(parent, store, epoch, commitment)
                })?;
                let summary = Summary::from(&estimate);
                let by_did = summary.payouts.iter().enumerate().map(|(place, payout)| (payout.did.clone(), place));
                let by_did = Arc::new(by_did.collect());
                (Arc::new(summary), by_did)
            }
        };
        self.last = Some((inputs, summary.clone(), by_did.clone()));
        Ok(Estimated { summary, snapshot: snapshot.clone(), made_at: Instant::now(), by_did })
    }
}

fn cached(
    parent: &mut Option<(Hash, ParentTerms)>,
    store: &Store,
    epoch: u64,
    commitment: &Hash,
) -> Result<ParentTerms, Failure> {
    match parent {
        Some((of, terms)) if of == commitment => Ok(terms.clone()),
        _ => {
            let terms = settle::parent(store, epoch, commitment)?.to_parent()?;
            *parent = Some((*commitment, terms.clone()));
            Ok(terms)
        }
    }
}
