//! Stages Aggregated and Allocated from streams: an engine over the rows of the sealed batches, a checkpoint, and what follows from it.

use std::path::Path;

use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::settle::judge;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::settlement::Summary;

use super::checkpoint;
use super::seal::{Sealed, work_folder};
use crate::artefact::Terms;
use crate::artefact::streamed::{Aggregated, Digests, Heard, Streams, Writing, aggregate, finish};
use crate::crash;
use crate::outcome::Outcome;
use crate::store::{Store, durable};

/// First pass: judges the sealed batches, adds up, and writes every file that rests on receipts into the epoch's staging folder. What it came
/// to is durable then, with a checkpoint.
///
/// # Errors
/// If the store or the engine fails, the engine's result is refused, or the disk is full.
pub fn first_pass(
    store: &Store,
    terms: &Terms,
    sealed: &Sealed,
    engine: &(dyn Engine + Sync),
    heard: Heard<'_>,
) -> Outcome<Aggregated> {
    let folder = work_folder(store, terms.epoch);
    let work = folder.join("engine");
    durable::create_folder(&work)?;
    let calendar = terms.deployment.calendar()?;
    store.make_rows(calendar)?;
    crash::point("epoch.rows_made");
    let batches = sealed.batches.len() as u64;
    heard("batches judged", 0, Some(batches));
    let domain = Domain::from_bytes(terms.deployment.domain);
    let (rows, load) = (store.rows_for_engine(calendar, &domain), |header: &_| store.batch(header));
    let judged = terms.with_setting(|setting| judge(setting, &sealed.batches, &rows, engine, &work, load))??;
    heard("batches judged", batches, Some(batches));
    crash::point("epoch.judged");
    let (staging, spill) = (checkpoint::staging(&folder), checkpoint::spill(&folder));
    let writing = Writing { staging: &staging, spill: &spill, heard };
    let streams = Streams { terms, judged: &judged, engine, with_envelopes: true, writing };
    let aggregated = aggregate(&streams, store)?;
    crash::point("epoch.aggregated");
    checkpoint::write(&folder, terms, sealed, &aggregated)?;
    crash::point("epoch.checkpointed");
    Ok(aggregated)
}

/// Second pass: shares, trees, and the files of payouts. It needs nothing but what the first left in the work folder. What the epoch came to, and
/// the digests of all its files but the manifest.
///
/// # Errors
/// If a file cannot be read or the disk is full.
pub fn second_pass(
    work: &Path,
    terms: &Terms,
    sealed: &Sealed,
    aggregated: &Aggregated,
    heard: Heard<'_>,
) -> Outcome<(Summary, Digests)> {
    let (staging, spill) = (checkpoint::staging(work), checkpoint::spill(work));
    let writing = Writing { staging: &staging, spill: &spill, heard };
    // Sealing follows from terms and headers alone.
    let seals = terms.seal(&sealed.batches)?;
    let done = terms.with_setting(|setting| finish(setting, &writing, seals, aggregated))??;
    crash::point("epoch.allocated");
    Ok(done)
}
