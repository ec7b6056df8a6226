//! The only writer of the store: takes what is waiting, holds it as one round with one fsync, and answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::mpsc;

use super::Job;
use crate::service::Service;
use crate::service::chain::Snapshot;
use crate::store::intake::{Answered, Delivered, Intake, Tally};
use crate::store::{Store, StoreError};

/// Most bytes of a round.
const ROUND_BYTES: usize = 16 << 20;
/// Most envelopes of a round.
const ROUND_LINES: usize = 8_192;

/// Holds rounds until the way in is closed and everything in it is answered. What came while the disk was busy is one round:
/// the busier it is, the more batches share an fsync.
pub fn write(mut store: Store, service: &Arc<Service>, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut round = Vec::new();
        let (mut bytes, mut lines) = (0, 0);
        let mut next = Some(first);
        while let Some(job) = next.take() {
            bytes += job.delivered.iter().map(|delivered| delivered.envelope.len()).sum::<usize>();
            lines += job.delivered.len();
            round.push(job);
            if bytes < ROUND_BYTES && lines < ROUND_LINES {
                next = jobs.try_recv().ok();
            }
        }
        hold(&mut store, service, round, bytes);
    }
}

fn hold(store: &mut Store, service: &Service, round: Vec<Job>, bytes: usize) {
    let started = Instant::now();
    let (mut all, mut replies) = (Vec::new(), Vec::new());
    for job in round {
        replies.push((job.reply, job.delivered.len(), job.room));
        all.extend(job.delivered);
    }
    let Some(snapshot) = service.chain.borrow().clone() else {
        for (reply, ..) in replies {
            let _ = reply.send(Err("the chain was not reached yet; send the same again".to_owned()));
        }
        return;
    };
    let mut tally = Tally::default();
    let result = answer(store, &snapshot, all, &mut tally);
    service.metrics.observe("round_seconds", &[], started.elapsed());
    service.store_works.store(result.is_ok(), Ordering::Relaxed);
    match result {
        Ok(answered) => {
            service.metrics.count("receipts_held_total", &[], tally.receipts_held);
            service.metrics.count("ingest_bytes_total", &[], bytes as u64);
            for (answer, count) in &tally.answers {
                service.metrics.count("batches_total", &[("answer", answer)], *count);
            }
            let mut answered = answered.into_iter();
            for (reply, count, _) in replies {
                // Who asked may be gone; what is held is held.
                let _ = reply.send(Ok(answered.by_ref().take(count).collect()));
            }
        }
        Err(error) => {
            service.metrics.count("round_failures_total", &[], 1);
            tracing::error!(%error, "the store did not take a round");
            for (reply, ..) in replies {
                let _ = reply.send(Err(format!("the batches were not stored: {error}; send the same again")));
            }
        }
    }
}

fn answer(
    store: &mut Store,
    snapshot: &Snapshot,
    all: Vec<Delivered>,
    tally: &mut Tally,
) -> Result<Vec<Answered>, StoreError> {
    let clock = || snapshot.receiver_now_ms();
    Intake::new(snapshot.domain(), &snapshot.view.registry(), &clock).answer(store, all, tally)
}
