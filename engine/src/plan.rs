//! Which files an epoch is computed from, and what must come out of them.
//!
//! Only files that records name are read, each checked against its length and SHA-256 first, and only those of records and epochs that
//! hold a batch to be counted. What else stands in them is read too and comes out as "not counted", so that everything read can
//! be compared with the control totals.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;

use crate::column::{self, Columns};
use crate::record::{FileName, Record, Total};
use crate::{EngineError, Rows, durable, table};

/// Files of every table of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tables {
    /// Rows: one for every contribution.
    pub contributions: Vec<PathBuf>,
    /// One for every receipt.
    pub receipts: Vec<PathBuf>,
    /// DIDs by hash.
    pub dids: Vec<PathBuf>,
    /// Tracks by key.
    pub tracks: Vec<PathBuf>,
    /// The batches that count.
    pub accepted: Vec<PathBuf>,
}

impl Tables {
    /// The tables by the names that the SQL has for them.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &[PathBuf]); 5] {
        [
            ("contributions", &self.contributions),
            ("receipts", &self.receipts),
            ("dids", &self.dids),
            ("tracks", &self.tracks),
            ("accepted", &self.accepted),
        ]
    }
}

/// What a batch came to when its rows were made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBatch {
    record: usize,
    epoch: u64,
    /// Receipts and their bytes, with a fault or without.
    pub total: Total,
}

/// Records and the batches in them.
#[derive(Debug)]
pub struct Catalogue<'a> {
    rows: &'a Rows,
    records: Vec<Record>,
    batches: HashMap<Hash, HeldBatch>,
    /// Batches that came in more than one source.
    repeated: HashSet<Hash>,
}

/// Files to read, and what must come out.
#[derive(Debug)]
pub struct Plan {
    /// All files but those of contributions and DIDs.
    pub tables: Tables,
    /// The files of contributions and DIDs, with the list of batches, by shard: shard after shard ascends by `did_hash`.
    pub by_shard: Vec<Tables>,
    /// Number of shards by which contributions are compared; 1 if records differ in it.
    pub shards: u32,
    /// Contributions by hour and shard.
    pub contributions: BTreeMap<(u8, u32), Total>,
    /// Receipts by hour.
    pub receipts: BTreeMap<u8, Total>,
    /// Receipts by batch, of those that count.
    pub batches: BTreeMap<Hash, Total>,
}

impl<'a> Catalogue<'a> {
    /// Finds the batches in the records of their epochs.
    ///
    /// # Errors
    /// [`EngineError::MissingRows`] for the first that is in none; [`EngineError::Damaged`].
    pub fn find(rows: &'a Rows, wanted: &[BatchHeader]) -> Result<Self, EngineError> {
        let epoch_of = |header: &BatchHeader| rows.calendar().epoch_at_ms(header.to_ms);
        let epochs: BTreeSet<String> = wanted.iter().filter_map(epoch_of).map(|epoch| epoch.to_string()).collect();
        let mut records = rows.records()?;
        records.retain(|record| !record.epochs.is_disjoint(&epochs));
        let wanted_epochs: HashMap<Hash, u64> =
            wanted.iter().filter_map(|header| Some((header.hash, epoch_of(header)?))).collect();
        let mut found = Self { rows, records: Vec::new(), batches: HashMap::new(), repeated: HashSet::new() };
        let tables: Vec<(usize, PathBuf, FileName)> = (0..)
            .zip(&records)
            .filter_map(|(number, record)| record.batches.map(|file| (number, rows.side_path("batches", &file), file)))
            .collect();
        let files: Vec<(PathBuf, FileName)> = tables.iter().map(|(_, path, file)| (path.clone(), *file)).collect();
        rows.require(&files)?;
        for (number, path, _) in tables {
            column::read(&path, |columns| found.take(number, columns, &wanted_epochs))?;
        }
        found.records = records;
        match wanted.iter().find(|header| !found.batches.contains_key(&header.hash)) {
            Some(missing) => Err(EngineError::MissingRows(missing.hash)),
            None => Ok(found),
        }
    }

    fn take(&mut self, record: usize, columns: Columns<'_>, wanted: &HashMap<Hash, u64>) -> Result<(), EngineError> {
        let (batches, receipts, bytes) =
            (columns.hashes("batch")?, columns.integers("receipts")?, columns.sums("bytes")?);
        for row in 0..columns.rows() {
            let batch = batches.at(row);
            let Some(epoch) = wanted.get(&batch) else { continue };
            let total = Total { rows: receipts.at(row)?, bytes: bytes.at(row)? };
            if self.batches.insert(batch, HeldBatch { record, epoch: *epoch, total }).is_some() {
                self.repeated.insert(batch);
            }
        }
        Ok(())
    }

    /// Whether a batch came in more than one source, so that its rows are there more than once. Whoever lost an index and
    /// received a batch again has such ones; they are counted by the pure path.
    #[must_use]
    pub fn is_repeated(&self, batch: &Hash) -> bool {
        self.repeated.contains(batch)
    }

    /// The plan that counts these batches; `folder` takes the table of them.
    ///
    /// # Errors
    /// [`EngineError`] if a file is away or not what its record says.
    pub fn plan(&self, counted: &[BatchHeader], folder: &Path) -> Result<Plan, EngineError> {
        let mut places: BTreeSet<(usize, u64)> = BTreeSet::new();
        let mut batches = BTreeMap::new();
        for header in counted {
            let held = self.batches.get(&header.hash).ok_or(EngineError::MissingRows(header.hash))?;
            places.insert((held.record, held.epoch));
            batches.insert(header.hash, held.total);
        }
        let used: BTreeSet<usize> = places.iter().map(|(record, _)| *record).collect();
        let used: Vec<(usize, &Record)> =
            used.into_iter().filter_map(|number| Some((number, self.records.get(number)?))).collect();
        let counts: BTreeSet<u32> = used.iter().map(|(_, record)| record.shards).collect();
        let shards = counts.first().copied().filter(|_| counts.len() == 1).unwrap_or(1);
        let mut plan = Plan {
            tables: Tables::default(),
            by_shard: vec![Tables::default(); shards as usize],
            shards,
            contributions: BTreeMap::new(),
            receipts: BTreeMap::new(),
            batches,
        };
        let mut files: Vec<(PathBuf, FileName)> = Vec::new();
        let mut parts: HashMap<PathBuf, usize> = HashMap::new();
        // DIDs and tracks may be the same in many records; a file that is named twice is read once.
        let (mut dids, mut tracks) = (vec![BTreeSet::new(); shards as usize], BTreeSet::new());
        let place = |shard: u32| if shards == 1 { 0 } else { shard as usize };
        let no_shard = |path: &Path| EngineError::damaged(path, "its record names a shard that it has not");
        for (number, record) in used {
            if let Some(file) = &record.tracks {
                let path = self.rows.side_path("tracks", file);
                files.push((path.clone(), *file));
                tracks.insert(path);
            }
            for part in &record.dids {
                let path = self.rows.dids_path(part);
                files.push((path.clone(), part.file));
                dids.get_mut(place(part.shard)).ok_or_else(|| no_shard(&path))?.insert(path);
            }
            for part in record.receipts.iter().filter(|part| places.contains(&(number, part.epoch))) {
                let path = self.rows.part_path(part);
                if is_known(&mut parts, &path, number)? {
                    continue;
                }
                plan.receipts.entry(part.hour).or_default().add(part.total.rows, part.total.bytes)?;
                files.push((path.clone(), part.file));
                plan.tables.receipts.push(path);
            }
            for part in record.rows.iter().filter(|part| places.contains(&(number, part.epoch))) {
                let path = self.rows.part_path(part);
                if is_known(&mut parts, &path, number)? {
                    continue;
                }
                let shard = place(part.shard.ok_or_else(|| no_shard(&path))?);
                let key = (part.hour, u32::try_from(shard).map_err(|_| no_shard(&path))?);
                plan.contributions.entry(key).or_default().add(part.total.rows, part.total.bytes)?;
                files.push((path.clone(), part.file));
                plan.by_shard.get_mut(shard).ok_or_else(|| no_shard(&path))?.contributions.push(path);
            }
        }
        plan.tables.tracks.extend(tracks);
        for (tables, dids) in plan.by_shard.iter_mut().zip(dids) {
            tables.dids.extend(dids);
        }
        self.rows.require(&files)?;
        let path = folder.join("accepted.parquet");
        let hashes: Vec<Hash> = plan.batches.keys().copied().collect();
        durable::put(&path, &table::accepted(&hashes)?)?;
        for tables in plan.by_shard.iter_mut().chain([&mut plan.tables]) {
            tables.accepted.push(path.clone());
        }
        Ok(plan)
    }
}

/// Whether a part's file is in the plan already. Two records name the same file if their sources have the same batches for it, as two
/// hosts have that received them both: those batches are repeated, the file is read once. One record does not name a file twice.
fn is_known(parts: &mut HashMap<PathBuf, usize>, path: &Path, record: usize) -> Result<bool, EngineError> {
    match parts.insert(path.to_owned(), record) {
        None => Ok(false),
        Some(other) if other != record => Ok(true),
        Some(_) => Err(EngineError::damaged(path, "it is named twice: its rows would count twice")),
    }
}
