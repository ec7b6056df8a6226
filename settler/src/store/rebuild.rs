//! The index made anew from the packs, and the packs that a killed process left unindexed.

use std::borrow::Cow;
use std::path::Path;

use radio_payouts_protocol::batch::{BatchHeader, Envelope, Received};
use rayon::prelude::*;

use super::index::{Index, Round};
use super::pack::{self, Pack, PackName, Span};
use super::{Lock, Store, StoreError, durable, hold};

/// Reads an envelope of our own; that it was verified is what its being held says.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is not one.
pub fn read<'a>(envelope: &'a [u8], path: &Path) -> Result<Received<Cow<'a, str>>, StoreError> {
    Envelope::read(envelope).map_err(|answer| {
        StoreError::corrupt(path, format!("an envelope is {}: {}", answer.as_str(), answer.explanation()))
    })
}

/// What a rebuild found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Rebuilt {
    /// Pack files.
    pub packs: u64,
    /// Envelopes in them.
    pub batches: u64,
}

impl Store {
    /// Indexes packs that are there and not indexed: a process died between the two.
    pub(super) fn recover(&mut self) -> Result<(), StoreError> {
        let root = self.packs_folder();
        let indexed = self.index().pack_names()?;
        let missing: Vec<_> = pack::list(&root)?
            .into_iter()
            .filter(|(name, _)| !indexed.contains(name.path().to_string_lossy().as_ref()))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        tracing::info!(packs = missing.len(), "indexing packs that an interrupted run left");
        index_packs(self.index_mut()?, &missing)?;
        for (_, path) in &missing {
            path.parent().map_or(Ok(()), durable::sweep)?;
        }
        Ok(())
    }

    /// Makes the index of the store below `folder` anew.
    ///
    /// # Errors
    /// [`StoreError`]; the old index is then still there. [`StoreError::Busy`] while something is being written.
    pub fn rebuild(folder: &Path) -> Result<Rebuilt, StoreError> {
        let _alone = Lock::take(&folder.join("store.lock"))?;
        let packs = pack::list(&folder.join("batches"))?;
        let new = folder.join("index.sqlite.new");
        for name in ["index.sqlite.new", "index.sqlite.new-wal", "index.sqlite.new-shm"] {
            remove_if_there(&folder.join(name))?;
        }
        let mut index = Index::open(&new)?;
        let batches = index_packs(&mut index, &packs)?;
        index.close()?;
        for name in ["index.sqlite-wal", "index.sqlite-shm"] {
            remove_if_there(&folder.join(name))?;
        }
        durable::rename(&new, &folder.join("index.sqlite"))?;
        Ok(Rebuilt { packs: packs.len() as u64, batches })
    }
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(durable::FileError::new("remove", path, error).into()),
    }
}

/// Indexes packs in the order in which they were received, so that the same batches count as the first ones. A batch in several packs is
/// taken from the last: where it was compacted to.
pub(super) fn index_packs(index: &mut Index, packs: &[(PackName, std::path::PathBuf)]) -> Result<u64, StoreError> {
    let mut batches = 0;
    for (name, path) in packs {
        let pack = Pack::open(name, path)?;
        let found = pack
            .spans
            .par_iter()
            .map(|span| {
                let envelope = pack.envelope(*span)?;
                read(&envelope, path).map(|received| (*span, received.header(), received.batch().receipts.len() as u64))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        let round = index.begin()?;
        // Another process may have indexed it in the meantime.
        if let Some(pack_id) = round.add_pack(&name.path().to_string_lossy(), name.received_ms, pack.length())? {
            batches += found.len() as u64;
            add_all(&round, pack_id, &found)?;
        }
        round.commit()?;
    }
    Ok(batches)
}

fn add_all(round: &Round<'_>, pack: i64, found: &[(Span, BatchHeader, u64)]) -> Result<(), StoreError> {
    for (span, header, receipts) in found {
        let sfu = round.sfu(&header.sfu_key)?;
        let stops = hold::stops(round, sfu.id, sfu.greatest_seq, header)?;
        round.add_batch(sfu.id, header, *receipts, stops, pack, *span)?;
    }
    Ok(())
}
