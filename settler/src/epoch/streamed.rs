//! Stages Aggregated to Built by an engine, over the rows of the sealed batches.

use std::time::Instant;

use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::settle::judge;
use radio_payouts_protocol::settlement::Summary;

use super::Stage;
use super::seal::{Sealed, work_folder};
use crate::artefact::Terms;
use crate::artefact::streamed::{Digests, Streams, write};
use crate::crash;
use crate::outcome::Outcome;
use crate::store::{Store, durable};

/// Settles the sealed batches and writes every file but the manifest into `staging`.
///
/// # Errors
/// If the store or the engine fails, the engine's result is refused, or the disk is full.
pub fn settle(
    store: &Store,
    terms: &Terms,
    sealed: &Sealed,
    engine: &(dyn Engine + Sync),
    files: &mut Digests,
    progress: &mut impl FnMut(Stage),
) -> Outcome<Summary> {
    let folder = work_folder(store, terms.epoch);
    let (staging, work) = (folder.join("staging"), folder.join("engine"));
    durable::create_folder(&work)?;
    let rows = store.rows(terms.deployment.calendar()?);
    let start = Instant::now();
    store.make_rows(&rows)?;
    tracing::debug!(seconds = start.elapsed().as_secs_f64(), "rows made");
    crash::point("epoch.rows_made");
    let start = Instant::now();
    let load = |header: &_| store.batch(header);
    let judged = terms.with_setting(|setting| judge(setting, &sealed.batches, &rows, engine, &work, load))??;
    tracing::debug!(seconds = start.elapsed().as_secs_f64(), "batches judged");
    crash::point("epoch.judged");
    let bar = crate::output::Progress::new();
    let heard = |part: &'static str, done: u64, all: Option<u64>| bar.heard(part, done, all);
    let streams = Streams { terms, judged: &judged, engine, staging: &staging, work: &work, heard: &heard };
    let summary = write(&streams, store, files)?;
    crash::point("epoch.allocated");
    progress(Stage::Aggregated);
    progress(Stage::Allocated);
    Ok(summary)
}
