//! Rows of held batches, below `DATA/rows`: made while batches are taken in, or later from the packs.
//!
//! A pack is a source of rows. What a record names is there for good; packs that no record names, because a process died or nobody
//! asked for rows when they were written, get theirs from the next [`Store::make_rows`]. One process makes rows at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use radio_payouts_engine::record::Sha256;
use radio_payouts_engine::rows::{Gathered, Gathering, SHARDS};
use radio_payouts_engine::{EngineError, Rows};
use radio_payouts_protocol::batch::{Batch, BatchHeader};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::hash::Hash;
use rayon::prelude::*;
use serde::Serialize;

use super::bucket::staged;
use super::pack::{self, Pack};
use super::stages::{Stage, Stages};
use super::{Lock, Store, StoreError, rebuild};
use crate::crash;

/// How long a maker of rows waits for another one to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Made {
    /// Records.
    pub records: u64,
    /// Packs that they cover.
    pub packs: u64,
    /// Receipts with rows.
    pub receipts: u64,
}

/// Rows of a record, on their way to the disk.
struct Group {
    rows: Gathered,
    sources: Vec<Sha256>,
}

/// Makes rows of packs, record after record: while one is written, the next is gathered. Dropped without [`RowMaker::finish`], what was
/// not committed is made by the next maker.
pub struct RowMaker {
    rows: Rows,
    gathering: Gathering,
    sources: Vec<Sha256>,
    made: Made,
    stages: Arc<Stages>,
    groups: Option<SyncSender<Group>>,
    writer: Option<JoinHandle<Result<(), EngineError>>>,
}

impl Store {
    /// The folder of rows.
    #[must_use]
    pub fn rows_folder(&self) -> PathBuf {
        self.folder.join("rows")
    }

    /// The rows of what is held.
    #[must_use]
    pub fn rows(&self, calendar: Calendar) -> Rows {
        Rows::new(&self.rows_folder(), calendar, SHARDS)
    }

    /// Receipts of these batches.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn receipts_of(&self, batches: &[BatchHeader]) -> Result<u64, StoreError> {
        let mut sum = 0u64;
        for header in batches {
            sum = sum.saturating_add(self.index().receipts(&header.hash)?);
        }
        Ok(sum)
    }

    /// Whoever makes rows, alone; waits for another one to end.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if the other one takes longer than 30 s; [`StoreError::ReadOnly`].
    pub fn row_maker(&self, calendar: Calendar, stages: Arc<Stages>) -> Result<RowMaker, StoreError> {
        if self.writing.is_none() {
            return Err(StoreError::ReadOnly);
        }
        self.row_maker_with(calendar, stages, Arc::new(self.rows_lock()?))
    }

    /// The lock of makers of rows; waits for another one to end.
    ///
    /// # Errors
    /// As [`Store::row_maker`].
    pub fn rows_lock(&self) -> Result<Lock, StoreError> {
        wait_for(&self.folder.join("rows.lock"))
    }

    /// As [`Store::row_maker`], for whoever has the lock.
    ///
    /// # Errors
    /// [`StoreError`] if the folder of rows cannot be written.
    pub fn row_maker_with(
        &self,
        calendar: Calendar,
        stages: Arc<Stages>,
        lock: Arc<Lock>,
    ) -> Result<RowMaker, StoreError> {
        let rows = self.rows(calendar);
        rows.sweep()?;
        staged::finish_all(&self.folder, &rows)?;
        RowMaker::start(rows, lock, stages)
    }

    /// Makes the rows of all packs that no record covers.
    ///
    /// # Errors
    /// As [`Store::row_maker`]; [`StoreError`] if a pack is damaged or rows cannot be written. Records that were committed stay.
    pub fn make_rows(&self, calendar: Calendar) -> Result<Made, StoreError> {
        let mut maker = self.row_maker(calendar, Arc::default())?;
        maker.cover(&self.packs_folder())?;
        maker.finish()
    }
}

/// Takes a lock; waits for another process to end.
///
/// # Errors
/// [`StoreError::Busy`] if it takes longer than 30 s.
pub(super) fn wait_for(path: &Path) -> Result<Lock, StoreError> {
    let start = Instant::now();
    loop {
        match Lock::take(path) {
            Err(StoreError::Busy(_)) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(50)),
            other => return other,
        }
    }
}

impl RowMaker {
    /// Makes rows that are no store's; `lock` is held until the last record is written.
    pub(crate) fn start(rows: Rows, lock: Arc<Lock>, stages: Arc<Stages>) -> Result<Self, StoreError> {
        let (groups, waiting) = sync_channel::<Group>(0);
        let (target, times) = (rows.clone(), stages.clone());
        let write = move || {
            // Held until the last record is written.
            let _lock = lock;
            for Group { rows, sources } in waiting {
                let committed = target.commit(rows, sources, &crash::point)?;
                times.add(Stage::Rows, committed.cpu);
            }
            Ok(())
        };
        let writer = std::thread::Builder::new()
            .name("rows".to_owned())
            .spawn(write)
            .map_err(|error| EngineError::Engine(format!("no thread to write rows: {error}")))?;
        let (gathering, sources) = (rows.gather(), Vec::new());
        Ok(Self { rows, gathering, sources, made: Made::default(), stages, groups: Some(groups), writer: Some(writer) })
    }

    /// Gathers the rows of a batch of the pack that is named next.
    ///
    /// # Errors
    /// [`StoreError`], which no held batch causes.
    pub fn add<S: AsRef<str>>(&mut self, header: &BatchHeader, batch: &Batch<S>) -> Result<(), StoreError> {
        let stages = self.stages.clone();
        Ok(stages.measure(Stage::Rows, || self.gathering.add(header, batch))?)
    }

    /// Names the pack of the batches that were added since the last one. When there is enough for a record, it goes to the disk.
    ///
    /// # Errors
    /// [`StoreError`] if a record could not be written.
    pub fn end_pack(&mut self, pack: Hash) -> Result<(), StoreError> {
        self.sources.push(Sha256(pack));
        self.made.packs += 1;
        if self.gathering.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let stages = self.stages.clone();
        let rows = stages.measure(Stage::Rows, || self.gathering.take());
        self.made.records += 1;
        self.made.receipts += rows.receipts();
        let group = Group { rows, sources: std::mem::take(&mut self.sources) };
        // The writer ends before it is told to on an error only.
        let is_taken = self.groups.as_ref().is_some_and(|groups| groups.send(group).is_ok());
        if is_taken { Ok(()) } else { self.join() }
    }

    fn join(&mut self) -> Result<(), StoreError> {
        self.groups = None;
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let panicked = |_| EngineError::Engine("the thread that writes rows panicked".to_owned());
        Ok(writer.join().map_err(panicked).flatten()?)
    }

    /// Makes the rows of all packs below `packs` that no record covers. Archived packs are left out: their epochs are settled for good.
    ///
    /// # Errors
    /// [`StoreError`] if a pack is damaged or rows cannot be written.
    pub fn cover(&mut self, packs: &Path) -> Result<(), StoreError> {
        let covered = self.rows.sources()?;
        let missing =
            pack::list(packs)?.into_iter().filter(|(name, path)| !covered.contains(&name.hash) && path.is_file());
        for (name, path) in missing {
            let pack = Pack::open(&name, &path)?;
            let envelopes = pack.spans.par_iter().map(|span| pack.envelope(*span)).collect::<Result<Vec<_>, _>>()?;
            let batches =
                envelopes.par_iter().map(|envelope| rebuild::read(envelope, &path)).collect::<Result<Vec<_>, _>>()?;
            for received in &batches {
                self.add(&received.header(), received.batch())?;
            }
            self.end_pack(name.hash)?;
        }
        Ok(())
    }

    /// Commits what is left, and waits until all of it is on the disk.
    ///
    /// # Errors
    /// [`StoreError`] if a record could not be written.
    pub fn finish(mut self) -> Result<Made, StoreError> {
        if !self.sources.is_empty() {
            self.flush()?;
        }
        self.join()?;
        Ok(self.made)
    }
}

impl Drop for RowMaker {
    fn drop(&mut self) {
        // The error that ended this was told; the writer's would be another one.
        let _ = self.join();
    }
}
