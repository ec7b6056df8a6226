//! Stages Aggregated to Built by an engine, over the rows of the sealed batches.

use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::settle::judge;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::settlement::Summary;

use super::Stage;
use super::seal::{Sealed, work_folder};
use crate::artefact::Terms;
use crate::artefact::streamed::{Digests, Heard, Streams, write};
use crate::crash;
use crate::outcome::Outcome;
use crate::store::{Store, durable};

/// Settles the sealed batches and writes every file but the manifest into the epoch's staging folder.
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
    heard: Heard<'_>,
) -> Outcome<Summary> {
    let folder = work_folder(store, terms.epoch);
    let (staging, work) = (folder.join("staging"), folder.join("engine"));
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
    let (staging, work, with_envelopes) = (staging.as_path(), work.as_path(), true);
    let streams = Streams { terms, judged: &judged, engine, staging, work, with_envelopes, heard };
    let summary = write(&streams, store, files, &mut || progress(Stage::Aggregated))?;
    crash::point("epoch.allocated");
    progress(Stage::Allocated);
    Ok(summary)
}
