//! From held batches to rows: once for every source, committed by a record.
//!
//! A source is what was made durable together: a pack of the store. A batch that cannot be accepted under any parameters and any
//! other batches (its window has a wrong length, or its end lies in no epoch) gets no rows; of the others every receipt gets
//! one, with the verdict that no parameter can change, and every contribution of a receipt without such a fault gets one. What depends
//! on parameters stays a number.
//!
//! The order is: files (each synced, then renamed), folders, record. A process that dies before the record leaves files that nobody names;
//! the next run writes the same ones again. A source that a record names is not looked at again, so nothing comes twice.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use radio_payouts_protocol::batch::{Batch, BatchHeader, Metadata, Rights};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::cells::{own_verdict, receipt_bytes, utc_hour};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::seal::WINDOW_MS;

use crate::record::{DidPart, FileName, Part, Record, Sha256, Total, VERSION};
use crate::table::{self, BatchRow, Contribution, Receipt, TrackRow, shard_of, track_key};
use crate::{EngineError, durable};

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

/// A folder of rows.
#[derive(Clone, Debug)]
pub struct Rows {
    root: PathBuf,
    calendar: Calendar,
    shards: u32,
}

impl Rows {
    /// The rows below `root`, which need not be there yet.
    #[must_use]
    pub fn new(root: &Path, calendar: Calendar, shards: u32) -> Self {
        Self { root: root.to_owned(), calendar, shards: shards.clamp(1, 1 << 16) }
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
        let mut group = Group::new(self.calendar, self.shards);
        for (header, batch) in sources.iter().flat_map(|source| &source.batches) {
            group.add(header, batch)?;
        }
        fault("rows.before_files");
        let record = self.write(group, hashes, fault)?;
        fault("rows.before_record");
        let committed = record.commit(&self.root)?;
        fault("rows.after_record");
        Ok(committed)
    }

    fn write(&self, group: Group, sources: Vec<Sha256>, fault: Fault<'_>) -> Result<Record, EngineError> {
        let put = |folder: &str, bytes: Vec<u8>| -> Result<FileName, EngineError> {
            let file = FileName { sha256: Sha256(sha256(&[&bytes])), length: bytes.len() as u64 };
            durable::put(&file_path(&self.root, folder, &file), &bytes)?;
            fault("rows.file_written");
            Ok(file)
        };
        let put_some = |folder: &str, is_empty: bool, bytes: &dyn Fn() -> Result<Vec<u8>, EngineError>| {
            if is_empty { Ok(None) } else { put(folder, bytes()?).map(Some) }
        };
        let Group { batches, dids, tracks, epochs, .. } = &group;
        let mut named: BTreeMap<u32, Vec<(Hash, &str)>> = BTreeMap::new();
        for (did, known) in dids.iter().filter(|(_, known)| known.used) {
            let Some(hash) = known.hash else { continue };
            named.entry(shard_of(&hash, self.shards)).or_default().push((hash, did));
        }
        let tracks: Vec<TrackRow> = tracks.values().cloned().collect();
        let mut record = Record {
            version: VERSION,
            genesis_unix: self.calendar.genesis_unix(),
            epoch_seconds: self.calendar.epoch_seconds(),
            shards: self.shards,
            sources,
            epochs: epochs.iter().map(u64::to_string).collect(),
            batches: put_some("batches", batches.is_empty(), &|| table::batches(batches))?,
            dids: Vec::new(),
            tracks: put_some("tracks", tracks.is_empty(), &|| table::tracks(&tracks))?,
            receipts: Vec::new(),
            rows: Vec::new(),
        };
        for (shard, mut dids) in named {
            dids.sort_unstable();
            let file = put(&dids_folder(shard), table::dids(&dids)?)?;
            record.dids.push(DidPart { shard, file });
        }
        for ((epoch, hour), rows) in group.receipts {
            let total = total(rows.iter().map(|row| row.bytes))?;
            let file = put(&receipts_folder(epoch, hour), table::receipts(&rows)?)?;
            record.receipts.push(Part { epoch, hour, shard: None, total, file });
        }
        for ((epoch, hour, shard), mut rows) in group.contributions {
            rows.sort_unstable();
            let total = total(rows.iter().map(|row| row.bytes))?;
            let file = put(&rows_folder(epoch, hour, shard), table::contributions(&rows)?)?;
            record.rows.push(Part { epoch, hour, shard: Some(shard), total, file });
        }
        Ok(record)
    }

    /// Path of a part's file.
    #[must_use]
    pub fn part_path(&self, part: &Part) -> PathBuf {
        let folder = match part.shard {
            Some(shard) => rows_folder(part.epoch, part.hour, shard),
            None => receipts_folder(part.epoch, part.hour),
        };
        file_path(&self.root, &folder, &part.file)
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

fn total(bytes: impl Iterator<Item = u64>) -> Result<Total, EngineError> {
    let mut total = Total::default();
    for bytes in bytes {
        total.add(1, u128::from(bytes))?;
    }
    Ok(total)
}

/// A DID of a receipt: its hash if it is one, and whether a row names it.
struct Known {
    hash: Option<Hash>,
    used: bool,
}

/// Rows of one record, before they are written.
struct Group {
    calendar: Calendar,
    shards: u32,
    batches: Vec<BatchRow>,
    epochs: BTreeSet<u64>,
    dids: hashbrown::HashMap<String, Known>,
    tracks: BTreeMap<Hash, TrackRow>,
    receipts: BTreeMap<(u64, u8), Vec<Receipt>>,
    contributions: BTreeMap<(u64, u8, u32), Vec<Contribution>>,
}

impl Group {
    fn new(calendar: Calendar, shards: u32) -> Self {
        Self {
            calendar,
            shards,
            batches: Vec::new(),
            epochs: BTreeSet::new(),
            dids: hashbrown::HashMap::new(),
            tracks: BTreeMap::new(),
            receipts: BTreeMap::new(),
            contributions: BTreeMap::new(),
        }
    }

    fn add(&mut self, header: &BatchHeader, batch: &Batch) -> Result<(), EngineError> {
        let window_ms = header.to_ms.saturating_sub(header.from_ms);
        let Some(epoch) = self.calendar.epoch_at_ms(header.to_ms).filter(|_| WINDOW_MS.contains(&window_ms)) else {
            return Ok(());
        };
        self.epochs.insert(epoch);
        let mut tracks = HashMap::with_capacity(batch.tracks.len());
        for descriptor in &batch.tracks {
            let track = track_key(&header.sfu_key, &descriptor.track_id);
            let fields = descriptor.metadata.as_ref().map_or(0, Metadata::field_count);
            let licensed = descriptor.rights == Rights::Licensed;
            tracks.insert(descriptor.track_id.as_str(), (track, licensed, header.seq * 16 + u64::from(fields)));
            let name = || TrackRow { track, sfu: header.sfu_key, track_id: descriptor.track_id.clone() };
            self.tracks.entry(track).or_insert_with(name);
        }
        let mut seen = HashSet::with_capacity(batch.receipts.len());
        let mut batch_total = Total::default();
        for (place, receipt) in (0u32..).zip(&batch.receipts) {
            let is_repeated = !seen.insert((receipt.room_id.as_str(), receipt.track_id.as_str()));
            let fault = own_verdict(batch, receipt, is_repeated, |did| self.did(did).hash.is_some());
            let bytes = receipt_bytes(receipt)?;
            batch_total.add(1, u128::from(bytes))?;
            let (track, licensed, descriptor) = tracks.get(receipt.track_id.as_str()).copied().ok_or_else(|| {
                EngineError::Engine(format!("seq {}: a receipt's track has no descriptor", header.seq))
            })?;
            let hour = utc_hour(receipt.timestamp);
            // At most 10^6 * 60 000.
            let recipient_ms = u64::from(receipt.recipients).saturating_mul(window_ms);
            let fault = fault.map(|verdict| verdict.code());
            let row =
                Receipt { track, batch: header.hash, place, hour, fault, licensed, bytes, recipient_ms, descriptor };
            self.receipts.entry((epoch, hour)).or_default().push(row);
            if fault.is_some() {
                continue;
            }
            for entry in &receipt.contributors {
                let known = self.did(&entry.did);
                known.used = true;
                let Some(did_hash) = known.hash else { continue };
                let row = Contribution {
                    did_hash,
                    track,
                    batch: header.hash,
                    role: entry.role() as u8,
                    hour,
                    bytes: entry.bytes_out,
                    licensed,
                    receipt_bytes: bytes,
                    recipient_ms,
                };
                let shard = shard_of(&did_hash, self.shards);
                self.contributions.entry((epoch, hour, shard)).or_default().push(row);
            }
        }
        self.batches.push(BatchRow {
            batch: header.hash,
            sfu: header.sfu_key,
            seq: header.seq,
            receipts: u32::try_from(batch.receipts.len()).map_err(|_| radio_payouts_protocol::cells::Overflow)?,
            bytes: batch_total.bytes,
        });
        Ok(())
    }

    fn did(&mut self, did: &str) -> &mut Known {
        let known = || Known { hash: Did::parse(did).ok().map(|did| did.hash()), used: false };
        self.dids.entry_ref(did).or_insert_with(known)
    }
}
