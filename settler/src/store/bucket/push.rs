//! `store push`: records that the bucket has not, with everything that they name.
//!
//! For each record its packs, then its files, then the names of its packs, then the record. A run that was killed anywhere is continued by the
//! next one: objects have the same names and bytes, and what no record there names does not exist.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use radio_payouts_engine::Rows;
use radio_payouts_engine::record::{FileName, Record, Sha256};
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use serde::Serialize;

use super::noted::Noted;
use super::pull::names_of;
use super::transfer::{all, put, read};
use super::{Bucket, named};
use crate::crash;
use crate::store::durable::{self, FileError};
use crate::store::pack::{self, Pack, PackName};
use crate::store::{PlaceError, Store, StoreError, rebuild};

/// What went to the bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pushed {
    /// Records that are there now and were not.
    #[serde(with = "json")]
    pub records: u64,
    /// Packs that were sent.
    #[serde(with = "json")]
    pub packs: u64,
    /// Files of rows that were sent.
    #[serde(with = "json")]
    pub files: u64,
    /// Bytes of both.
    #[serde(with = "json")]
    pub bytes: u64,
    /// Records that were found there, the same.
    #[serde(with = "json")]
    pub found: u64,
    /// Records that stay here because compaction removed packs that they name.
    #[serde(with = "json")]
    pub left: u64,
}

/// Hears of bytes that were sent, and of how many there are in all.
pub type Sent<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Packs that are here, by hash.
type Packs = HashMap<Hash, (PackName, PathBuf)>;

/// A record on its way.
struct Parcel {
    id: Hash,
    bytes: Vec<u8>,
    record: Record,
}

/// What was sent of a record.
#[derive(Default)]
struct Sums {
    packs: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    /// Objects that were there.
    found: AtomicU64,
}

impl Sums {
    /// Counts an object of which so many bytes were sent.
    fn add(&self, kind: &AtomicU64, bytes: u64) {
        let _ = if bytes > 0 { kind } else { &self.found }.fetch_add(1, Relaxed);
        let _ = self.bytes.fetch_add(bytes, Relaxed);
    }
}

impl Store {
    /// Sends what the bucket has not.
    ///
    /// # Errors
    /// [`StoreError::Place`] if the bucket is away, or has another record of the same packs; [`StoreError::Busy`] while another process
    /// pushes or pulls; [`StoreError::Corrupt`] if a file here is not what it must be. What was sent stays there; a record that differs keeps
    /// no other one here.
    pub fn push(&self, bucket: &Bucket, rows: &Rows, sent: Sent<'_>) -> Result<Pushed, StoreError> {
        let _alone = self.bucket_lock()?;
        let mut noted = Noted::open(self, bucket)?;
        let mut ids = Record::ids(rows.root())?;
        ids.retain(|id| !noted.has(id));
        let mut pushed = Pushed::default();
        if ids.is_empty() {
            return Ok(pushed);
        }
        bucket.require()?;
        let packs = pack::list(&self.packs_folder())?.into_iter().filter(|(_, path)| path.is_file());
        let packs: Packs = packs.map(|(name, path)| (name.hash, (name, path))).collect();
        let mut bytes = 0u64;
        for id in &ids {
            bytes = bytes.saturating_add(Parcel::open(rows, *id)?.length(&packs));
        }
        let mut different = None;
        for id in ids {
            let parcel = Parcel::open(rows, id)?;
            match self.send(bucket, rows, &parcel, &packs, &|more| sent(more, bytes), &mut pushed) {
                Ok(false) => {}
                Ok(true) => {
                    noted.add(id)?;
                    crash::point("push.after_note");
                }
                // One that differs keeps no other one here.
                Err(StoreError::Place(error @ PlaceError::Changed { .. })) => {
                    let _ = different.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        different.map_or(Ok(pushed), |error| Err(error.into()))
    }

    /// Sends a record, with everything that it names; whether the bucket need not be asked for it again.
    fn send(
        &self,
        bucket: &Bucket,
        rows: &Rows,
        parcel: &Parcel,
        packs: &Packs,
        sent: &(dyn Fn(u64) + Sync),
        pushed: &mut Pushed,
    ) -> Result<bool, StoreError> {
        let object = bucket.record(&parcel.id);
        if parcel.is_there(&object)? {
            sent(parcel.length(packs));
            pushed.found += 1;
            return Ok(true);
        }
        let sources: Option<Vec<_>> = parcel.record.sources.iter().map(|source| packs.get(&source.0)).collect();
        let Some(sources) = sources else {
            pushed.left += 1;
            return Ok(false);
        };
        if parcel.record.is_empty() && self.are_compacted(rows, &sources)? {
            // The packs that its batches came in are there, with the records of their rows.
            return Ok(true);
        }
        let sums = Sums::default();
        let send_pack = |(name, path): &(PackName, PathBuf), look| {
            let length = std::fs::metadata(path).map_err(|error| FileError::new("read", path, error))?.len();
            crash::point("push.before_pack");
            let more = put(path, &FileName { sha256: Sha256(name.hash), length }, &bucket.pack(name), look)?;
            sums.add(&sums.packs, more);
            sent(length);
            crash::point("push.after_pack");
            Ok::<_, StoreError>(())
        };
        // The first alone: if it was not there, nothing is, and nothing else needs to be asked for.
        if let Some(first) = sources.first() {
            send_pack(first, true)?;
        }
        let look = sums.found.load(Relaxed) > 0;
        all(sources.get(1..).unwrap_or_default(), |source| send_pack(source, look))?;
        all(&Rows::files(&parcel.record), |(path, file)| {
            let more = put(&rows.root().join(path), file, &bucket.file(path), look)?;
            sums.add(&sums.files, more);
            sent(file.length);
            crash::point("push.after_file");
            Ok::<_, StoreError>(())
        })?;
        crash::point("push.before_sources");
        let names: Vec<_> = sources.iter().map(|(name, _)| name.path().to_string_lossy().into_owned()).collect();
        let names = serde_json::to_vec(&names).map_err(|error| StoreError::corrupt(rows.root(), error.to_string()))?;
        if !bucket.sources(&parcel.id).create_once(&names)? {
            // Of a run that was killed, or of another host with the same packs.
            let _ = names_of(bucket, &parcel.id, &parcel.record)?;
        }
        crash::point("push.before_record");
        if !object.create_once(&parcel.bytes)? && !parcel.is_there(&object)? {
            return Err(PlaceError::Missing { url: object.url().to_owned() }.into());
        }
        crash::point("push.after_record");
        pushed.records += 1;
        pushed.packs += sums.packs.into_inner();
        pushed.files += sums.files.into_inner();
        pushed.bytes += sums.bytes.into_inner();
        Ok(true)
    }

    /// Whether these packs, of which a record has no rows, are compacted ones: there are batches in them of which rows are made.
    fn are_compacted(&self, rows: &Rows, packs: &[&(PackName, PathBuf)]) -> Result<bool, StoreError> {
        for (name, path) in packs {
            let pack = Pack::open(name, path)?;
            for span in &pack.spans {
                let envelope = pack.envelope(*span)?;
                let received = rebuild::read(&envelope, path)?;
                let mut gathering = rows.gather();
                gathering.add(&received.header(), received.batch())?;
                if gathering.take().receipts() > 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl Parcel {
    fn open(rows: &Rows, id: Hash) -> Result<Self, StoreError> {
        let path = rows.root().join("records").join(named(&id));
        let bytes = durable::read(&path)?;
        let record = Record::parse(&bytes, rows.calendar()).map_err(|why| StoreError::corrupt(&path, why))?;
        if Record::id(&record.sources) != id {
            return Err(StoreError::corrupt(&path, "it is not the record of its sources"));
        }
        Ok(Self { id, bytes, record })
    }

    /// Bytes that it stands for.
    fn length(&self, packs: &Packs) -> u64 {
        let files = Rows::files(&self.record).into_iter().map(|(_, file)| file.length);
        let packs = self.record.sources.iter().filter_map(|source| packs.get(&source.0));
        files.chain(packs.filter_map(|(_, path)| Some(path.metadata().ok()?.len()))).sum()
    }

    /// Whether the bucket has it.
    ///
    /// # Errors
    /// [`PlaceError::Changed`] if it has another one of that name.
    fn is_there(&self, object: &crate::store::Place) -> Result<bool, PlaceError> {
        let found = read(object, self.bytes.len() as u64)?;
        match found {
            None => Ok(false),
            Some(found) if found == self.bytes => Ok(true),
            Some(found) => {
                let text = |bytes: &[u8]| hex::encode(sha256(&[bytes]));
                Err(object.changed(format!(
                    "another record of the same packs is there, with SHA-256 {} instead of {}; nothing was replaced",
                    text(&found),
                    text(&self.bytes)
                )))
            }
        }
    }
}
