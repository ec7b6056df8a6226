//! What becomes of the signed batches of final epochs: packed small ([`compact`]), moved to cold storage ([`archive`]), brought back ([`fetch`]).
//!
//! A final epoch's batches are needed to verify it and no more to settle. Compaction makes one file of each SFU's batches, which is a pack of the
//! store and the artefact's file at once; archiving replaces that file by a stub. All of it works on epochs that the chain calls final.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use radio_payouts_protocol::hash::Hash;

use crate::artefact::Artefact;
use crate::artefact::batches::{file_name, read_verdicts};
use crate::artefact::digest::Digesting;
use crate::artefact::envelopes::packed_path;
use crate::artefact::manifest::FileJson;
use crate::epoch::settle;
use crate::outcome::Outcome;
use crate::store::cold::{self, Stub};
use crate::store::durable::{self, FileError};
use crate::store::pack::PackName;
use crate::store::{Lock, Store};

pub mod archive;
pub mod chosen;
pub mod compact;
pub mod fetch;

/// A store in which nobody settles, makes rows, or rebuilds the index meanwhile. Batches can be taken in.
pub struct Quiet {
    /// The store.
    pub store: Store,
    rows: Arc<Lock>,
    _settling: Lock,
}

impl Quiet {
    /// Takes the locks.
    ///
    /// # Errors
    /// Exit 75 if another process has one of them.
    pub fn take(data: &Path) -> Outcome<Self> {
        let store = Store::open(data).map_err(settle::busy)?;
        let settling = settle::lock(&store)?;
        let rows = Arc::new(store.rows_lock().map_err(settle::busy)?);
        let work = work_folder(&store);
        durable::remove_folder(&work)?;
        durable::create_folder(&work)?;
        Ok(Self { store, rows, _settling: settling })
    }
}

/// Where files are made before they get their name; emptied at the start of each run.
fn work_folder(store: &Store) -> PathBuf {
    store.folder().join("work/retention")
}

/// The files of one SFU's batches in an epoch.
#[derive(Clone, Debug)]
struct Pair {
    /// The SFU's key.
    key: [u8; 32],
    /// The name in the manifest.
    name: String,
    /// The plain content, by the manifest.
    plain: FileJson,
    /// The artefact's file, if it is packed.
    artefact: PathBuf,
    /// Name of the pack that the first of the batches is in, if it is held.
    pack: Option<String>,
}

impl Pair {
    /// Those of all SFUs with at least one batch in an epoch, by key.
    fn all(store: &Store, artefact: &Artefact) -> anyhow::Result<Vec<Self>> {
        let mut firsts: HashMap<[u8; 32], Hash> = HashMap::new();
        read_verdicts(&artefact.folder, |line| {
            let _ = firsts.entry(line.header.sfu_key).or_insert(line.header.hash);
            Ok(())
        })?;
        let mut pairs = Vec::with_capacity(firsts.len());
        for (key, first) in firsts {
            let name = file_name(&key);
            let listed = artefact.manifest.files.get(&name);
            let plain = listed.with_context(|| format!("manifest.json does not list {name}"))?.clone();
            let packed = packed_path(&artefact.folder.join(&name));
            let pack = store.index().find(&first)?.map(|located| located.pack);
            pairs.push(Self { key, name, plain, artefact: packed, pack });
        }
        pairs.sort_unstable_by_key(|pair| pair.key);
        Ok(pairs)
    }

    /// Where the pack is.
    fn pack_path(&self, store: &Store) -> Option<PathBuf> {
        self.pack.as_ref().map(|pack| store.packs_folder().join(pack))
    }

    /// How the batches are kept.
    fn kept(&self, store: &Store, artefact: &Artefact) -> anyhow::Result<Kept> {
        Ok(match self.stub(store)? {
            Some(stub) => Kept::Archived(stub),
            None if self.is_compacted(store, artefact)? => Kept::Compacted,
            None => Kept::Published,
        })
    }

    /// The stub that stands for both files, if they are archived.
    fn stub(&self, store: &Store) -> anyhow::Result<Option<Stub>> {
        let Some(pack) = self.pack_path(store) else { return Ok(None) };
        let (of_artefact, of_pack) = (Stub::of(&self.artefact)?, Stub::of(&pack)?);
        Ok(of_artefact.filter(|stub| of_pack.as_ref() == Some(stub)))
    }

    /// Whether the pack is the artefact's file, and nothing else of it is there.
    fn is_compacted(&self, store: &Store, artefact: &Artefact) -> anyhow::Result<bool> {
        let Some(pack) = self.pack_path(store) else { return Ok(false) };
        if artefact.folder.join(&self.name).exists() || !pack.is_file() || !self.artefact.is_file() {
            return Ok(false);
        }
        if is_one_file(&pack, &self.artefact)? {
            return Ok(true);
        }
        let hash = PackName::parse(&pack).map(|name| name.hash);
        Ok(hash == Some(digest(&self.artefact)?.sha256))
    }
}

/// How the batches of a pair are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kept {
    /// In cold storage: the stub stands for both files.
    Archived(Stub),
    /// The pack is the artefact's file.
    Compacted,
    /// As they were published, or half way to one of the others.
    Published,
}

/// Whether two paths lead to the same file on disk.
fn is_one_file(one: &Path, other: &Path) -> anyhow::Result<bool> {
    let found = |path: &Path| std::fs::metadata(path).map_err(|error| FileError::new("read", path, error));
    let (one, other) = (found(one)?, found(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

fn digest(path: &Path) -> anyhow::Result<FileJson> {
    let doing = |error| FileError::new("read", path, error);
    let mut writer = Digesting::new(std::io::sink());
    let _ = std::io::copy(&mut File::open(path).map_err(doing)?, &mut writer).map_err(doing)?;
    Ok(writer.finish().0)
}

/// Gives a pack a second name in the artefact, in place of what has that name; a copy where the file system has no second names.
fn link(store: &Store, pack: &Path, name: &Path) -> anyhow::Result<()> {
    if name.is_file() && is_one_file(pack, name)? {
        return Ok(());
    }
    let between = work_folder(store).join("link");
    crate::durable::remove(&between).map_err(|error| FileError::new("remove", &between, error))?;
    let is_linked = std::fs::hard_link(pack, &between).and_then(|()| std::fs::rename(&between, name)).is_ok();
    if is_linked {
        durable::sync_folder(crate::durable::folder_of(name))?;
        return Ok(());
    }
    durable::write_with(name, |file| {
        let mut from = File::open(pack).map_err(|error| FileError::new("read", pack, error))?;
        let _ = std::io::copy(&mut from, file).map_err(|error| FileError::new("write", name, error))?;
        Ok::<_, FileError>(())
    })?;
    Ok(())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    Ok(crate::durable::remove(path).map_err(|error| FileError::new("remove", path, error))?)
}

fn remove_stub(file: &Path) -> anyhow::Result<()> {
    remove(&cold::stub_path(file))
}

/// Bytes on disk of all signed batches of a store: its packs and the artefacts' files, each file once however many names it has.
///
/// # Errors
/// If a folder cannot be read.
pub fn bytes_on_disk(data: &Path) -> anyhow::Result<u64> {
    let mut files = HashMap::new();
    let mut folders = vec![data.join("batches")];
    let epochs = data.join("epochs");
    for epoch in crate::artefact::sealed_epochs(&epochs)? {
        folders.push(epochs.join(crate::artefact::folder_name(epoch)).join("batches"));
    }
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.map_err(|error| FileError::new("read", &folder, error))?,
        };
        for entry in entries {
            let path = entry.map_err(|error| FileError::new("read", &folder, error))?.path();
            match std::fs::metadata(&path) {
                Ok(found) if found.is_dir() => folders.push(path),
                Ok(found) => _ = files.insert((found.dev(), found.ino()), found.len()),
                // A temporary file of another process.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(FileError::new("read", &path, error).into()),
            }
        }
    }
    Ok(files.values().sum())
}
