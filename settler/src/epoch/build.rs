//! Stages Aggregated to Published: the folder is written beside its place and renamed when it is whole.

use std::io::Write as _;
use std::path::Path;

use radio_payouts_protocol::settlement::Summary;

use super::seal::{Sealed, earlier, rests_on, work_folder};
use super::{Stage, checkpoint, streamed};
use crate::artefact::batches::read_verdicts;
use crate::artefact::digest::Digesting;
use crate::artefact::files::{AGGREGATED, ALLOCATED, Contents, FileKind};
use crate::artefact::manifest::{FileJson, Manifest};
use crate::artefact::streamed::{Aggregated, Digests, Heard};
use crate::artefact::{self, Artefact, Terms, ancestors, folder_name, source};
use crate::crash;
use crate::engine::Choice;
use crate::outcome::Outcome;
use crate::output::Progress;
use crate::store::{Store, durable};

/// The published folder of an epoch that rests on these terms, if it is there and whole. After a revocation
/// (`attempt` above 0) only one that was sealed since.
///
/// # Errors
/// If a folder of that name is damaged.
pub fn published(store: &Store, terms: &Terms, attempt: u32) -> Outcome<Option<Artefact>> {
    let folder = store.epochs_folder().join(folder_name(terms.epoch));
    if !folder.join("manifest.json").is_file() {
        return Ok(None);
    }
    let artefact = Artefact::open(&folder)?;
    if !rests_on(&artefact.manifest, terms)? {
        return Ok(None);
    }
    let is_it = match earlier(store, terms, attempt)? {
        Some(sealed) => judges(&artefact, &sealed)?,
        None => attempt == 0,
    };
    Ok(is_it.then_some(artefact))
}

/// Whether a folder judges just the sealed batches.
fn judges(artefact: &Artefact, sealed: &Sealed) -> anyhow::Result<bool> {
    let mut sealed = sealed.batches.iter();
    let mut same = true;
    read_verdicts(&artefact.folder, |line| {
        same &= sealed.next() == Some(&line.header);
        Ok(())
    })?;
    Ok(same && sealed.next().is_none())
}

/// Settles the sealed batches and publishes the epoch's folder; its bytes are the same with every engine.
///
/// # Errors
/// If the store or the engine fails or the disk is full; the published folder is then unchanged.
pub fn build(
    store: &Store,
    terms: &Terms,
    sealed: &Sealed,
    engine: &Choice,
    progress: impl FnMut(Stage),
) -> Outcome<Artefact> {
    let bars = Progress::new();
    build_heard(store, terms, sealed, engine, progress, &|part, done, all| bars.heard(part, done, all))
}

/// As [`build`]; `heard` is told how far every part is.
///
/// # Errors
/// As [`build`].
pub fn build_heard(
    store: &Store,
    terms: &Terms,
    sealed: &Sealed,
    engine: &Choice,
    mut progress: impl FnMut(Stage),
    heard: Heard<'_>,
) -> Outcome<Artefact> {
    let work = work_folder(store, terms.epoch);
    let staging = checkpoint::staging(&work);
    let (summary, files) = match checkpoint::find(&work, terms, sealed, heard)? {
        Some(aggregated) => {
            crash::point("epoch.resumed");
            allocate(&work, terms, sealed, &aggregated, &mut progress, heard)?
        }
        None => {
            // What an interrupted run left is written again: the same bytes.
            checkpoint::begin_anew(&work)?;
            crash::point("epoch.sealed");
            progress(Stage::Sealed);
            match engine.open(&sealed.batches, store, &work.join("engine"))? {
                None => write_from_memory(store, terms, sealed, &staging, &mut progress)?,
                Some(engine) => {
                    let aggregated = streamed::first_pass(store, terms, sealed, engine.as_ref(), heard)?;
                    progress(Stage::Aggregated);
                    allocate(&work, terms, sealed, &aggregated, &mut progress, heard)?
                }
            }
        }
    };
    let manifest = Manifest::of(terms, &summary, files);
    durable::write(&staging.join("manifest.json"), &manifest.to_bytes()?)?;
    crash::point("epoch.built");
    progress(Stage::Built);
    let artefact = publish(store, &staging, terms.epoch)?;
    checkpoint::forget(&work)?;
    durable::remove_folder(&work.join("engine"))?;
    crash::point("epoch.published");
    progress(Stage::Published);
    Ok(artefact)
}

fn allocate(
    work: &Path,
    terms: &Terms,
    sealed: &Sealed,
    aggregated: &Aggregated,
    progress: &mut impl FnMut(Stage),
    heard: Heard<'_>,
) -> Outcome<(Summary, Digests)> {
    let done = streamed::second_pass(work, terms, sealed, aggregated, heard)?;
    progress(Stage::Allocated);
    Ok(done)
}

/// The pure path: everything in memory.
fn write_from_memory(
    store: &Store,
    terms: &Terms,
    sealed: &Sealed,
    staging: &Path,
    progress: &mut impl FnMut(Stage),
) -> Outcome<(Summary, Digests)> {
    let mut files = Digests::new();
    let settlement = source::settle(terms, &sealed.batches, store)?;
    let contents = Contents { terms, settlement: &settlement, batches: store };
    write_all(&contents, &contents.sealed_files(), staging, &mut files)?;
    crash::point("epoch.batches_copied");
    write_all(&contents, &AGGREGATED, staging, &mut files)?;
    crash::point("epoch.aggregated");
    progress(Stage::Aggregated);
    write_all(&contents, &ALLOCATED, staging, &mut files)?;
    crash::point("epoch.allocated");
    progress(Stage::Allocated);
    Ok((settlement.to_summary(), files))
}

fn write_all(contents: &Contents<'_>, kinds: &[FileKind], folder: &Path, files: &mut Digests) -> Outcome {
    for kind in kinds {
        let path = folder.join(kind.name());
        let digest = match kind {
            FileKind::Envelopes(place, name) => contents.write_envelopes(*place, name, folder)?,
            _ => durable::write_with(&path, |file| -> anyhow::Result<FileJson> {
                let mut writer = Digesting::new(file);
                contents.write(kind, &mut writer).map_err(|error| artefact::streamed::told(error, &path))?;
                writer.flush()?;
                Ok(writer.finish().0)
            })?,
        };
        files.insert(kind.name().to_owned(), digest);
        crash::point("epoch.file_written");
    }
    Ok(())
}

/// Puts the folder under its name; one of another commitment that stood there is kept as superseded.
fn publish(store: &Store, staging: &Path, epoch: u64) -> Outcome<Artefact> {
    let root = store.epochs_folder();
    let place = root.join(folder_name(epoch));
    if place.exists() {
        let old = Artefact::open(&place)?;
        let superseded = ancestors::superseded_folder(&root, &old.manifest.commitment);
        if let Some(parent) = superseded.parent() {
            durable::create_folder(parent)?;
        }
        durable::remove_folder(&superseded)?;
        durable::rename(&place, &superseded)?;
        crash::point("epoch.superseded");
    }
    durable::rename(staging, &place)?;
    Ok(Artefact::open(&place)?)
}
