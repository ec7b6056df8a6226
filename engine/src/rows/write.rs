//! Gathered rows become files, built on all cores, and a record that names them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;
use radio_payouts_protocol::hash::{Hash, sha256};
use rayon::prelude::*;

use super::gather::Gathering;
use super::{Fault, Rows, dids_folder, file_path, receipts_folder, rows_folder};
use crate::EngineError;
use crate::durable::{self, Pending};
use crate::record::{DidPart, FileName, Part, Record, Sha256, Total, VERSION};
use crate::table::{self, Contribution, Keys, Receipt, shard_of};

/// A file to be built.
enum Job<'a> {
    Batches,
    Tracks,
    Dids { shard: u32, dids: &'a [(Hash, &'a str)] },
    Receipts { epoch: u64, hour: u8, rows: &'a [Receipt] },
    Rows { epoch: u64, hour: u8, shard: u32, rows: &'a [Contribution] },
}

impl Job<'_> {
    fn folder(&self) -> String {
        match *self {
            Job::Batches => "batches".to_owned(),
            Job::Tracks => "tracks".to_owned(),
            Job::Dids { shard, .. } => dids_folder(shard),
            Job::Receipts { epoch, hour, .. } => receipts_folder(epoch, hour),
            Job::Rows { epoch, hour, shard, .. } => rows_folder(epoch, hour, shard),
        }
    }
}

impl Rows {
    /// Writes every file of a record, which is not committed yet.
    pub(super) fn write(
        &self,
        mut gathering: Gathering,
        sources: Vec<Sha256>,
        fault: Fault<'_>,
    ) -> Result<(Record, Duration), EngineError> {
        let cpu = Cpu::default();
        let mut hours = std::mem::take(&mut gathering.hours);
        let (dids, ranks) = gathering.dids.sorted();
        let did_hashes: Vec<Hash> = dids.iter().map(|(hash, _)| *hash).collect();
        let tracks: Vec<Hash> = gathering.tracks.iter().map(|track| track.track).collect();
        let batches: Vec<Hash> = gathering.batches.iter().map(|batch| batch.batch).collect();
        let keys = Keys { dids: &did_hashes, tracks: &tracks, batches: &batches };
        let mut tracks = gathering.tracks;
        tracks.sort_unstable();

        let contributions: BTreeMap<(u64, u8), Vec<Contribution>> = hours
            .par_iter_mut()
            .map(|(place, rows)| (*place, cpu.measure(|| rows.sorted_contributions(&ranks, dids.len()))))
            .collect();
        let shard = |hash: &Hash| shard_of(hash, self.shards);
        let shard_of_row = |row: &Contribution| did_hashes.get(row.did as usize).map_or(0, shard);
        let mut jobs: Vec<Job<'_>> = Vec::new();
        if !batches.is_empty() {
            jobs.push(Job::Batches);
        }
        if !tracks.is_empty() {
            jobs.push(Job::Tracks);
        }
        for dids in dids.chunk_by(|(one, _), (next, _)| shard(one) == shard(next)) {
            let Some((first, _)) = dids.first() else { continue };
            jobs.push(Job::Dids { shard: shard(first), dids });
        }
        for ((epoch, hour), rows) in &hours {
            jobs.push(Job::Receipts { epoch: *epoch, hour: *hour, rows: &rows.receipts });
        }
        for ((epoch, hour), rows) in &contributions {
            for rows in rows.chunk_by(|one, next| shard_of_row(one) == shard_of_row(next)) {
                let Some(first) = rows.first() else { continue };
                jobs.push(Job::Rows { epoch: *epoch, hour: *hour, shard: shard_of_row(first), rows });
            }
        }
        let files: Vec<(FileName, Total, Pending)> = jobs
            .par_iter()
            .map(|job| {
                cpu.measure(|| {
                    let (bytes, total) = match job {
                        Job::Batches => (table::batches(&gathering.batches)?, Total::default()),
                        Job::Tracks => (table::tracks(&tracks)?, Total::default()),
                        Job::Dids { dids, .. } => (table::dids(dids)?, Total::default()),
                        Job::Receipts { hour, rows, .. } => {
                            (table::receipts(rows, *hour, keys)?, total(rows.iter().map(|row| row.bytes))?)
                        }
                        Job::Rows { hour, rows, .. } => {
                            (table::contributions(rows, *hour, keys)?, total(rows.iter().map(|row| row.bytes))?)
                        }
                    };
                    let file = FileName { sha256: Sha256(sha256(&[&bytes])), length: bytes.len() as u64 };
                    let path = file_path(&self.root, &job.folder(), &file);
                    let pending = Pending::write(&self.writing_folder(), path, &bytes)?;
                    fault("rows.file_written");
                    Ok((file, total, pending))
                })
            })
            .collect::<Result<_, EngineError>>()?;
        let mut record = Record {
            version: VERSION,
            genesis_unix: self.calendar.genesis_unix(),
            epoch_seconds: self.calendar.epoch_seconds(),
            shards: self.shards,
            sources,
            epochs: gathering.epochs.iter().map(u64::to_string).collect(),
            batches: None,
            dids: Vec::new(),
            tracks: None,
            receipts: Vec::new(),
            rows: Vec::new(),
        };
        let mut pending = Vec::with_capacity(files.len());
        for (job, (file, total, one)) in jobs.iter().zip(files) {
            pending.push(one);
            match *job {
                Job::Batches => record.batches = Some(file),
                Job::Tracks => record.tracks = Some(file),
                Job::Dids { shard, .. } => record.dids.push(DidPart { shard, file }),
                Job::Receipts { epoch, hour, .. } => {
                    record.receipts.push(Part { epoch, hour, shard: None, total, file });
                }
                Job::Rows { epoch, hour, shard, .. } => {
                    record.rows.push(Part { epoch, hour, shard: Some(shard), total, file });
                }
            }
        }
        durable::put_all(pending, fault)?;
        Ok((record, cpu.total()))
    }

    /// Where files are before they have their names.
    pub(super) fn writing_folder(&self) -> PathBuf {
        self.root.join("writing")
    }

    /// Removes what killed processes were writing. Nobody else may be writing rows here.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn sweep(&self) -> Result<(), EngineError> {
        durable::remove_files(&self.writing_folder())
    }
}

/// CPU time of pieces of work on any threads.
#[derive(Default)]
struct Cpu(AtomicU64);

impl Cpu {
    fn measure<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = ThreadTime::now();
        let done = work();
        self.0.fetch_add(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        done
    }

    fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

fn total(bytes: impl Iterator<Item = u64>) -> Result<Total, EngineError> {
    let mut total = Total::default();
    for bytes in bytes {
        total.add(1, u128::from(bytes))?;
    }
    Ok(total)
}
