//! Stages Aggregated to Published: the folder is written beside its place and renamed when it is whole.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use radio_payouts_protocol::settlement::Settlement;

use super::Stage;
use super::seal::{Sealed, earlier, rests_on, work_folder};
use crate::artefact::batches::read_verdicts;
use crate::artefact::digest::Digesting;
use crate::artefact::files::{AGGREGATED, ALLOCATED, Contents, FileKind};
use crate::artefact::manifest::{FileJson, Manifest};
use crate::artefact::{Artefact, Terms, ancestors, folder_name, source};
use crate::crash;
use crate::outcome::Outcome;
use crate::store::durable::{self, FileError};
use crate::store::{Store, StoreError};

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

/// Settles the sealed batches and publishes the epoch's folder.
///
/// # Errors
/// If the store fails or the disk is full; the published folder is then unchanged.
pub fn build(store: &Store, terms: &Terms, sealed: &Sealed, mut progress: impl FnMut(Stage)) -> Outcome<Artefact> {
    let work = work_folder(store, terms.epoch);
    let staging = work.join("staging");
    // What an interrupted run left is written again: the same bytes.
    durable::remove_folder(&staging)?;
    durable::create_folder(&staging)?;
    crash::point("epoch.sealed");
    progress(Stage::Sealed);
    let settlement = source::settle(terms, &sealed.batches, store)?;
    let contents = Contents { terms, settlement: &settlement, batches: store };
    let mut files = BTreeMap::new();
    write_all(&contents, &contents.sealed_files(), &staging, &mut files)?;
    crash::point("epoch.batches_copied");
    write_all(&contents, &AGGREGATED, &staging, &mut files)?;
    crash::point("epoch.aggregated");
    progress(Stage::Aggregated);
    write_all(&contents, &ALLOCATED, &staging, &mut files)?;
    crash::point("epoch.allocated");
    progress(Stage::Allocated);
    let manifest = Manifest::of(terms, &settlement, files);
    durable::write(&staging.join("manifest.json"), &manifest.to_bytes()?)?;
    crash::point("epoch.built");
    progress(Stage::Built);
    let artefact = publish(store, &staging, &settlement)?;
    crash::point("epoch.published");
    progress(Stage::Published);
    Ok(artefact)
}

fn write_all(
    contents: &Contents<'_>,
    kinds: &[FileKind],
    folder: &Path,
    files: &mut BTreeMap<String, FileJson>,
) -> Outcome {
    for kind in kinds {
        let path = folder.join(kind.name());
        let digest = durable::write_with(&path, |file| -> anyhow::Result<FileJson> {
            let mut writer = Digesting::new(file);
            contents.write(kind, &mut writer).map_err(|error| told(error, &path))?;
            writer.flush()?;
            Ok(writer.finish().0)
        })?;
        files.insert(kind.name().to_owned(), digest);
        crash::point("epoch.file_written");
    }
    Ok(())
}

/// An I/O error deep inside a writer is told as what it is: a full disk, mostly.
fn told(error: anyhow::Error, path: &Path) -> anyhow::Error {
    match error.downcast::<std::io::Error>() {
        Ok(error) => StoreError::from(FileError::new("write", path, error)).into(),
        Err(error) => error,
    }
}

/// Puts the folder under its name; one of another commitment that stood there is kept as superseded.
fn publish(store: &Store, staging: &Path, settlement: &Settlement) -> Outcome<Artefact> {
    let root = store.epochs_folder();
    let place = root.join(folder_name(settlement.statement.epoch));
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
