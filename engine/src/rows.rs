//! From held batches to rows: once for every source, committed by a record.
//!
//! A source is what was made durable together: a pack of the store. A batch that cannot be accepted under any parameters and any
//! other batches (its window has a wrong length, or its end lies in no epoch) gets no rows; of the others every receipt gets
//! one, with the verdict that no parameter can change, and every contribution of a receipt without such a fault gets one. What depends
//! on parameters stays a number.
//!
//! The order is: files (written and synced in a folder of their own, then renamed), folders, record. A process that dies before the record leaves files that nobody names;
//! the next run writes the same ones again. A source that a record names is not looked at again, so nothing comes twice.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use radio_payouts_protocol::batch::{Batch, BatchHeader};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::hash::Hash;

use crate::EngineError;
use crate::record::{DidPart, FileName, Part, Record, Sha256};

mod gather;
pub mod kept;
mod write;

pub use kept::Keeper;

pub use gather::{Gathered, Gathering};

/// Shards of a folder of rows, if nothing else is asked for.
pub const SHARDS: u32 = 16;

/// Hears the name of every place between two steps that must survive a crash.
pub type Fault<'a> = &'a (dyn Fn(&'static str) + Sync);

/// Batches that were made durable together, in the order in which they stand there.
#[derive(Clone, Debug)]
pub struct Source {
    /// What names them for good: the SHA-256 of their pack.
    pub hash: Hash,
    /// The batches; each was verified before it was held.
    pub batches: Vec<(BatchHeader, Batch)>,
}

/// A record that is on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Committed {
    /// Whether it was not there before.
    pub created: bool,
    /// CPU time that it took, on all cores.
    pub cpu: Duration,
}

/// A folder of rows.
#[derive(Clone, Debug)]
pub struct Rows {
    root: PathBuf,
    calendar: Calendar,
    shards: u32,
    keeper: Option<Arc<dyn Keeper>>,
}

impl Rows {
    /// The rows below `root`, which need not be there yet.
    #[must_use]
    pub fn new(root: &Path, calendar: Calendar, shards: u32) -> Self {
        Self { root: root.to_owned(), calendar, shards: shards.clamp(1, 1 << 16), keeper: None }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Start and length of epochs.
    #[must_use]
    pub const fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// All committed records.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn records(&self) -> Result<Vec<Record>, EngineError> {
        Record::all(&self.root, self.calendar)
    }

    /// The sources that some record covers.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn sources(&self) -> Result<HashSet<Hash>, EngineError> {
        Ok(self.records()?.iter().flat_map(|record| &record.sources).map(|source| source.0).collect())
    }

    /// Makes the rows of sources that no record covers, and commits them in one record; `false` if they were committed before.
    ///
    /// # Errors
    /// [`EngineError`]; then nothing is committed.
    pub fn add(&self, sources: &[Source], fault: Fault<'_>) -> Result<bool, EngineError> {
        let hashes: Vec<Sha256> = sources.iter().map(|source| Sha256(source.hash)).collect();
        if Record::path(&self.root, &hashes).is_file() {
            return Ok(false);
        }
        let mut gathering = self.gather();
        for (header, batch) in sources.iter().flat_map(|source| &source.batches) {
            gathering.add(header, batch)?;
        }
        Ok(self.commit(gathering.take(), hashes, fault)?.created)
    }

    /// The rows of a record to be, of which there are none yet.
    #[must_use]
    pub fn gather(&self) -> Gathering {
        Gathering::new(self.calendar)
    }

    /// Writes what was gathered of these sources, and commits it in one record.
    ///
    /// # Errors
    /// [`EngineError`]; then nothing is committed.
    pub fn commit(&self, gathered: Gathered, sources: Vec<Sha256>, fault: Fault<'_>) -> Result<Committed, EngineError> {
        let own = ThreadTime::now();
        fault("rows.before_files");
        let (record, cpu) = self.write(gathered, sources, fault)?;
        fault("rows.before_record");
        let created = record.commit(&self.root)?;
        fault("rows.after_record");
        Ok(Committed { created, cpu: cpu + own.elapsed() })
    }

    /// Path of a part's file.
    #[must_use]
    pub fn part_path(&self, part: &Part) -> PathBuf {
        file_path(&self.root, &part_folder(part), &part.file)
    }

    /// Path of a file of DIDs.
    #[must_use]
    pub fn dids_path(&self, part: &DidPart) -> PathBuf {
        file_path(&self.root, &dids_folder(part.shard), &part.file)
    }

    /// Path of a file beside them: `batches` or `tracks`.
    #[must_use]
    pub fn side_path(&self, table: &str, file: &FileName) -> PathBuf {
        file_path(&self.root, table, file)
    }
}

fn part_folder(part: &Part) -> String {
    match part.shard {
        Some(shard) => rows_folder(part.epoch, part.hour, shard),
        None => receipts_folder(part.epoch, part.hour),
    }
}

fn rows_folder(epoch: u64, hour: u8, shard: u32) -> String {
    format!("rows/epoch={epoch}/hour={hour}/shard={shard}")
}

fn dids_folder(shard: u32) -> String {
    format!("dids/shard={shard}")
}

fn receipts_folder(epoch: u64, hour: u8) -> String {
    format!("receipts/epoch={epoch}/hour={hour}")
}

fn file_path(root: &Path, folder: &str, file: &FileName) -> PathBuf {
    root.join(folder).join(format!("{}.parquet", hex::encode(file.sha256.0)))
}
