//! The store's part in compaction: a pack that is made anew of held batches takes the place of those that it was made from.
//!
//! A compacted pack is a pack like any other, received one millisecond after the last of its batches: so it comes after all packs that it was
//! made from, and whoever indexes packs takes its batches from it. A pack of which no batch is indexed any more is removed, once each of its
//! batches was found in another one that is there. Until then everything is on disk twice, never not at all.

use std::collections::BTreeMap;
use std::path::Path;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;

use super::cold;
use super::durable::{self, FileError};
use super::pack::{Form, Pack, PackName, Span};
use super::{Store, StoreError, hold, rebuild};
use crate::crash;

/// A batch in a compacted pack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// The batch.
    pub header: BatchHeader,
    /// Number of its receipts.
    pub receipts: u64,
    /// Where its frame stands.
    pub span: Span,
}

/// What held batches are indexed to, before they are compacted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// When the last of them was received, in Unix milliseconds; 0 if none is held.
    pub received_ms: u64,
    /// How many of them are indexed to which pack.
    pub packs: BTreeMap<String, u64>,
}

impl Store {
    /// Where these batches are now.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn standing(&self, placed: &[Placed]) -> Result<Standing, StoreError> {
        let mut standing = Standing::default();
        for Placed { header, .. } in placed {
            if let Some(located) = self.index().find(&header.hash)? {
                standing.received_ms = standing.received_ms.max(located.received_ms);
                *standing.packs.entry(located.pack).or_default() += 1;
            }
        }
        Ok(standing)
    }

    /// The name of the pack of this content that takes the place of the packs that its batches are in.
    #[must_use]
    pub fn compacted_name(standing: &Standing, hash: Hash) -> PackName {
        // A run that was killed may have made it already.
        let made = standing.packs.keys().filter_map(|pack| PackName::parse(Path::new(pack)));
        let made = made.into_iter().find(|name| name.hash == hash && standing.packs.len() == 1);
        made.unwrap_or(PackName { received_ms: standing.received_ms.saturating_add(1), hash, form: Form::Frames })
    }

    /// Moves a file to its place as a pack. It must be durable and below the store's folder.
    ///
    /// # Errors
    /// [`StoreError`]; the file may then be at either place.
    pub fn place_pack(&self, file: &Path, name: &PackName) -> Result<(), StoreError> {
        let path = self.packs_folder().join(name.path());
        durable::create_folder(crate::durable::folder_of(&path))?;
        Ok(durable::rename(file, &path)?)
    }

    /// Takes all these batches from a pack from now on: all or, if it fails, none. One that was not held is held from now on.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn index_to(&mut self, name: &PackName, length: u64, placed: &[Placed]) -> Result<(), StoreError> {
        let text = name.path().to_string_lossy().into_owned();
        let round = self.index_mut()?.begin()?;
        let pack = match round.add_pack(&text, name.received_ms, length)? {
            Some(pack) => pack,
            // Indexed by another process in between.
            None => round.pack(&text)?.ok_or(StoreError::Index(rusqlite::Error::QueryReturnedNoRows))?,
        };
        for Placed { header, receipts, span } in placed {
            let sfu = round.sfu(&header.sfu_key)?;
            if !round.move_batch(sfu.id, header, pack, *span)? {
                let stops = hold::stops(&round, sfu.id, sfu.greatest_seq, header)?;
                round.add_batch(sfu.id, header, *receipts, stops, pack, *span)?;
            }
        }
        crash::point("compact.before_index");
        round.commit()
    }

    /// Removes the packs of which no batch is indexed, and tells how many there were. `heard` is told of each.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a batch of one is in no other pack: then that one stays.
    pub fn remove_superseded(&mut self, mut heard: impl FnMut(&str)) -> Result<u64, StoreError> {
        let counts = self.index().batches_by_pack()?;
        let mut packs = 0;
        for name in counts.into_iter().filter(|(_, batches)| *batches == 0).map(|(name, _)| name) {
            let path = self.packs_folder().join(&name);
            match std::fs::metadata(&path) {
                Ok(_) => {
                    self.require_elsewhere(&name, &path)?;
                    crash::point("compact.before_removal");
                    crate::durable::remove(&path).map_err(|error| FileError::new("remove", &path, error))?;
                    crash::point("compact.after_removal");
                    packs += 1;
                }
                // Removed by a run that was killed, or archived.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(FileError::new("read", &path, error).into()),
            }
            if !cold::stub_path(&path).is_file() {
                let round = self.index_mut()?.begin()?;
                round.remove_pack(&name)?;
                round.commit()?;
                heard(&name);
            }
        }
        Ok(packs)
    }

    /// Every batch of a pack must be in another one.
    fn require_elsewhere(&self, name: &str, path: &Path) -> Result<(), StoreError> {
        let parsed = PackName::parse(path).ok_or_else(|| StoreError::corrupt(path, "it is not named like a pack"))?;
        let pack = Pack::open(&parsed, path)?;
        for span in &pack.spans {
            let envelope = pack.envelope(*span)?;
            let header = rebuild::read(&envelope, path)?.header();
            let elsewhere = self.index().find(&header.hash)?.filter(|located| located.pack != name);
            let is_there = elsewhere.is_some_and(|located| {
                let file = self.packs_folder().join(located.pack);
                file.is_file() || cold::stub_path(&file).is_file()
            });
            if !is_there {
                return Err(StoreError::corrupt(
                    path,
                    format!(
                        "the index says that nothing of it is needed, but seq {} is in no other pack; run `settler store rebuild`",
                        header.seq
                    ),
                ));
            }
        }
        Ok(())
    }
}
