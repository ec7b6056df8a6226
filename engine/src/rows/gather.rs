//! Rows of batches, gathered in memory until they are written as one record.
//!
//! DIDs, tracks and batches are named by their place in a list, so a row has 40 bytes instead of 160, a DID is parsed and hashed once
//! a record, and sorting by the DIDs' hashes is counting.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet, HashTable};
use radio_payouts_protocol::batch::{Batch, BatchHeader, Metadata, Rights};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::cells::{Overflow, own_verdict, receipt_bytes, utc_hour};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::WINDOW_MS;
use rayon::slice::ParallelSliceMut as _;

use crate::EngineError;
use crate::record::Total;
use crate::table::{BatchRow, Contribution, Receipt, TrackRow, track_key};

/// Rows of a record to be, and after it of the next one.
#[derive(Debug)]
pub struct Gathering {
    calendar: Calendar,
    dids: Dids,
    tracks_by_sfu: HashMap<[u8; 32], HashMap<Box<str>, u32>>,
    rows: Gathered,
    contributions: u64,
    /// Memory of the DIDs that were known before these rows.
    known_memory: usize,
}

/// Rows of one record, before they are written.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) batches: Vec<BatchRow>,
    pub(super) epochs: BTreeSet<u64>,
    pub(super) tracks: Vec<TrackRow>,
    pub(super) hours: BTreeMap<(u64, u8), HourRows>,
    /// The DIDs that rows name.
    pub(super) dids: SortedDids,
    receipts: u64,
}

impl Gathered {
    /// Receipts of which there are rows.
    #[must_use]
    pub const fn receipts(&self) -> u64 {
        self.receipts
    }
}

/// DIDs by hash.
#[derive(Debug, Default)]
pub(super) struct SortedDids {
    /// Their hashes, ascending.
    pub(super) hashes: Vec<Hash>,
    /// For every place that a row names a DID by, the place of its hash.
    pub(super) ranks: Vec<u32>,
    names: String,
    ends: Vec<usize>,
}

impl SortedDids {
    /// Every DID with its hash.
    pub(super) fn named(&self) -> Vec<(Hash, &str)> {
        let name = |(place, hash): (u32, &Hash)| (*hash, name(&self.names, &self.ends, place));
        (0u32..).zip(&self.hashes).map(name).collect()
    }
}

/// Most DIDs that are still known when the next record begins: people come back.
const KNOWN_DIDS: usize = 2_000_000;

/// DIDs that are looked up together.
const TOGETHER: usize = 32;

/// Most receipts of a record.
const RECEIPTS: u64 = 2 << 20;
/// Most memory of a record's rows while they are gathered, in bytes.
const MEMORY: u64 = 512 << 20;

/// Rows of an epoch and a UTC hour.
#[derive(Debug, Default)]
pub(super) struct HourRows {
    pub(super) receipts: Vec<Receipt>,
    pub(super) contributions: Vec<Contribution>,
}

/// Everybody whom a receipt names, by place.
///
/// A record has about a million of them, and looking one up is waiting for memory: what is looked at is kept close together.
#[derive(Default)]
pub(super) struct Dids {
    hasher: DefaultHashBuilder,
    places: HashTable<Entry>,
    names: String,
    ends: Vec<usize>,
    hashes: Vec<Option<Hash>>,
    states: Vec<State>,
}

/// A DID in the table: enough of it to look at nothing else but its name.
#[derive(Clone, Copy)]
struct Entry {
    short: u32,
    place: u32,
    start: usize,
    length: usize,
}

impl Entry {
    fn name<'a>(&self, names: &'a [u8]) -> &'a [u8] {
        names.get(self.start..self.start + self.length).unwrap_or_default()
    }
}

/// What is known of a DID.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is none.
    NoDid,
    /// No row names it.
    Unused,
    /// A row names it.
    Used,
}

impl std::fmt::Debug for Dids {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Dids").field("count", &self.ends.len()).finish_non_exhaustive()
    }
}

impl Dids {
    /// The places of many DIDs in turn, new ones at the end.
    fn places<'s>(&mut self, dids: impl Iterator<Item = &'s str>, places: &mut Vec<u32>) -> Result<(), Overflow> {
        let hashed: Vec<(u64, &str)> = dids.map(|did| (self.hasher.hash_one(did), did)).collect();
        for some in hashed.chunks(TOGETHER) {
            // One that seems to be it, and a look at its name: the processor waits for many names at a time.
            let mut likely = [None; TOGETHER];
            let mut seen = 0;
            for (slot, (hash, _)) in likely.iter_mut().zip(some) {
                let short = short(*hash);
                *slot = self.places.find(*hash, |entry| entry.short == short).copied();
                if let Some(entry) = slot {
                    seen ^= self.names.as_bytes().get(entry.start).copied().unwrap_or_default();
                }
            }
            std::hint::black_box(seen);
            for (likely, (hash, did)) in likely.iter().zip(some) {
                let (names, short) = (self.names.as_bytes(), short(*hash));
                let is_same = |entry: &Entry| entry.short == short && entry.name(names) == did.as_bytes();
                let found = likely.filter(is_same).or_else(|| self.places.find(*hash, is_same).copied());
                places.push(match found {
                    Some(entry) => entry.place,
                    None => self.insert(*hash, did)?,
                });
            }
        }
        Ok(())
    }

    #[cold]
    fn insert(&mut self, hash: u64, did: &str) -> Result<u32, Overflow> {
        let place = u32::try_from(self.ends.len()).map_err(|_| Overflow)?;
        let start = self.names.len();
        self.names.push_str(did);
        self.ends.push(self.names.len());
        let did_hash = Did::parse(did).ok().map(|did| did.hash());
        self.states.push(if did_hash.is_some() { State::Unused } else { State::NoDid });
        self.hashes.push(did_hash);
        let (names, hasher) = (&self.names, &self.hasher);
        let entry = Entry { short: short(hash), place, start, length: did.len() };
        let hash_again =
            |entry: &Entry| hasher.hash_one(names.get(entry.start..entry.start + entry.length).unwrap_or_default());
        self.places.insert_unique(hash, entry, hash_again);
        Ok(place)
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of memory.
    fn memory(&self) -> usize {
        self.names.len() + self.len() * 100
    }

    fn is_did(&self, place: u32) -> bool {
        self.states.get(place as usize).is_some_and(|state| *state != State::NoDid)
    }

    fn set_used(&mut self, place: u32) {
        if let Some(state) = self.states.get_mut(place as usize) {
            *state = State::Used;
        }
    }

    /// The DIDs that rows name. Those of the next record's rows are still to come, most of them the same.
    fn take_used(&mut self) -> SortedDids {
        let mut order: Vec<(u64, Hash, u32)> = Vec::with_capacity(self.len());
        for ((place, hash), state) in (0u32..).zip(&self.hashes).zip(&self.states) {
            if let (Some(hash), State::Used) = (hash, state) {
                let [a, b, c, d, e, f, g, h, ..] = *hash;
                order.push((u64::from_be_bytes([a, b, c, d, e, f, g, h]), *hash, place));
            }
        }
        order.par_sort_unstable();
        let mut ranks = vec![0; self.len()];
        for (rank, (_, _, place)) in (0u32..).zip(&order) {
            if let Some(slot) = ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        let mut sorted = SortedDids { ranks, ..SortedDids::default() };
        for (_, hash, place) in order {
            sorted.hashes.push(hash);
            sorted.names.push_str(name(&self.names, &self.ends, place));
            sorted.ends.push(sorted.names.len());
        }
        if self.len() > KNOWN_DIDS {
            *self = Self::default();
        }
        for state in self.states.iter_mut().filter(|state| **state == State::Used) {
            *state = State::Unused;
        }
        sorted
    }
}

/// The bits of a hash that the table does not choose its bucket by.
fn short(hash: u64) -> u32 {
    (hash >> 25) as u32
}

fn name<'a>(names: &'a str, ends: &[usize], place: u32) -> &'a str {
    let place = place as usize;
    let start = place.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
    ends.get(place).and_then(|end| names.get(start..*end)).unwrap_or_default()
}

impl Gathering {
    pub(super) fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            dids: Dids::default(),
            tracks_by_sfu: HashMap::new(),
            rows: Gathered::default(),
            contributions: 0,
            known_memory: 0,
        }
    }

    /// What was gathered since the last time.
    #[must_use]
    pub fn take(&mut self) -> Gathered {
        self.tracks_by_sfu.clear();
        self.contributions = 0;
        let dids = self.dids.take_used();
        self.known_memory = self.dids.memory();
        Gathered { dids, ..std::mem::take(&mut self.rows) }
    }

    /// Whether it is time to write: a record has about two million receipts, or as many as fit in 512 MiB.
    #[must_use]
    pub fn is_full(&self) -> bool {
        // A row has at most 48 bytes, a track about 200.
        let rows = (self.rows.receipts + self.contributions) * 48;
        let names = self.dids.memory().saturating_sub(self.known_memory) + self.rows.tracks.len() * 200;
        let memory = rows + names as u64;
        self.rows.receipts >= RECEIPTS || memory >= MEMORY
    }

    /// Adds the rows of a batch, if it can be accepted under any parameters.
    ///
    /// # Errors
    /// [`EngineError`], which no batch within the limits of section 4.2 can cause.
    pub fn add<S: AsRef<str>>(&mut self, header: &BatchHeader, batch: &Batch<S>) -> Result<(), EngineError> {
        let window_ms = header.to_ms.saturating_sub(header.from_ms);
        let Some(epoch) = self.calendar.epoch_at_ms(header.to_ms).filter(|_| WINDOW_MS.contains(&window_ms)) else {
            return Ok(());
        };
        self.rows.epochs.insert(epoch);
        let place_of_batch = u32::try_from(self.rows.batches.len()).map_err(|_| Overflow)?;
        let mut tracks = HashMap::with_capacity(batch.tracks.len());
        let known = self.tracks_by_sfu.entry(header.sfu_key).or_default();
        for descriptor in &batch.tracks {
            let track_id = descriptor.track_id.as_ref();
            let fields = descriptor.metadata.as_ref().map_or(0, Metadata::field_count);
            let licensed = descriptor.rights == Rights::Licensed;
            let track = match known.get(track_id) {
                Some(place) => *place,
                None => {
                    let place = u32::try_from(self.rows.tracks.len()).map_err(|_| Overflow)?;
                    known.insert(track_id.into(), place);
                    let track = track_key(&header.sfu_key, track_id);
                    self.rows.tracks.push(TrackRow { track, sfu: header.sfu_key, track_id: track_id.to_owned() });
                    place
                }
            };
            tracks.insert(track_id, (track, licensed, header.seq * 16 + u64::from(fields)));
        }
        let mut seen = HashSet::with_capacity(batch.receipts.len());
        let mut batch_total = Total::default();
        let mut named: Vec<u32> = Vec::with_capacity(batch.receipts.len() * 2);
        let everybody = batch.receipts.iter().flat_map(|receipt| &receipt.contributors);
        self.dids.places(everybody.map(|entry| entry.did.as_ref()), &mut named)?;
        let mut rest = named.as_slice();
        let mut hours: Option<(u8, &mut HourRows)> = None;
        for (place, receipt) in (0u32..).zip(&batch.receipts) {
            let (track, licensed, descriptor) = tracks.get(receipt.track_id.as_ref()).copied().ok_or_else(|| {
                EngineError::Engine(format!("seq {}: a receipt's track has no descriptor", header.seq))
            })?;
            // Two tracks of a batch never have one place.
            let is_repeated = !seen.insert((receipt.room_id.as_ref(), track));
            let (named, others) = rest.split_at_checked(receipt.contributors.len()).unwrap_or_default();
            rest = others;
            let mut places = named.iter();
            let is_did = |_: &str| places.next().is_some_and(|place| self.dids.is_did(*place));
            let fault = own_verdict(batch, receipt, is_repeated, is_did).map(|verdict| verdict.code());
            let bytes = receipt_bytes(receipt)?;
            batch_total.add(1, u128::from(bytes))?;
            let hour = utc_hour(receipt.timestamp);
            // At most 10^6 * 60 000.
            let recipient_ms = u64::from(receipt.recipients).saturating_mul(window_ms);
            // Most batches lie within one hour.
            let rows = match hours {
                Some((same, rows)) if same == hour => rows,
                _ => self.rows.hours.entry((epoch, hour)).or_default(),
            };
            let batch = place_of_batch;
            rows.receipts.push(Receipt { track, batch, place, fault, licensed, bytes, recipient_ms, descriptor });
            if fault.is_none() {
                self.contributions += named.len() as u64;
                for (did, entry) in named.iter().zip(&receipt.contributors) {
                    self.dids.set_used(*did);
                    rows.contributions.push(Contribution {
                        did: *did,
                        track,
                        batch,
                        role: entry.role() as u8,
                        licensed,
                        bytes: entry.bytes_out,
                        receipt_bytes: bytes,
                        recipient_ms,
                    });
                }
            }
            hours = Some((hour, rows));
        }
        self.rows.receipts += batch.receipts.len() as u64;
        self.rows.batches.push(BatchRow {
            batch: header.hash,
            sfu: header.sfu_key,
            seq: header.seq,
            receipts: u32::try_from(batch.receipts.len()).map_err(|_| Overflow)?,
            bytes: batch_total.bytes,
        });
        Ok(())
    }
}

impl HourRows {
    /// The contributions in the order of their DIDs' hashes, those of one DID as they came; `ranks` says where each DID stands among
    /// `count`, and becomes what a row names it by.
    pub(super) fn sorted_contributions(&mut self, ranks: &[u32], count: usize) -> Vec<Contribution> {
        let mut rows = std::mem::take(&mut self.contributions);
        for row in &mut rows {
            row.did = ranks.get(row.did as usize).copied().unwrap_or_default();
        }
        if rows.len() < count / 8 {
            rows.sort_by_key(|row| row.did);
            return rows;
        }
        // Counting sort: where the rows of each DID begin, then every row to its place.
        let mut next = vec![0usize; count];
        for row in &rows {
            if let Some(number) = next.get_mut(row.did as usize) {
                *number += 1;
            }
        }
        let mut start = 0;
        for number in &mut next {
            start += std::mem::replace(number, start);
        }
        let mut sorted = vec![Contribution::default(); rows.len()];
        for row in rows {
            let Some(place) = next.get_mut(row.did as usize) else { continue };
            if let Some(slot) = sorted.get_mut(*place) {
                *slot = row;
            }
            *place += 1;
        }
        sorted
    }
}
