//! Rows of batches, gathered in memory until they are written as one record.
//!
//! DIDs, tracks and batches are named by their place in a list, so a row has 40 bytes instead of 160, a DID is parsed and hashed once
//! a record, and sorting by the DIDs' hashes is counting.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};
use radio_payouts_protocol::batch::{Batch, BatchHeader, Metadata, Rights};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::cells::{Overflow, own_verdict, receipt_bytes, utc_hour};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::WINDOW_MS;

use crate::EngineError;
use crate::record::Total;
use crate::table::{BatchRow, Contribution, Receipt, TrackRow, track_key};

/// Rows of one record, before they are written.
#[derive(Debug)]
pub struct Gathering {
    calendar: Calendar,
    pub(super) batches: Vec<BatchRow>,
    pub(super) epochs: BTreeSet<u64>,
    pub(super) dids: Dids,
    tracks_by_sfu: HashMap<[u8; 32], HashMap<Box<str>, u32>>,
    pub(super) tracks: Vec<TrackRow>,
    pub(super) hours: BTreeMap<(u64, u8), HourRows>,
    receipts: u64,
    contributions: u64,
}

/// Most receipts of a record.
const RECEIPTS: u64 = 1 << 20;
/// Most memory of a record's rows while they are gathered, in bytes.
const MEMORY: u64 = 256 << 20;

/// Rows of an epoch and a UTC hour.
#[derive(Debug, Default)]
pub(super) struct HourRows {
    pub(super) receipts: Vec<Receipt>,
    pub(super) contributions: Vec<Contribution>,
}

/// Everybody whom a receipt names, by place.
#[derive(Debug, Default)]
pub(super) struct Dids {
    by_name: HashMap<Box<str>, u32>,
    known: Vec<Known>,
}

/// A DID of a receipt: its hash if it is one, and whether a row names it.
#[derive(Clone, Copy, Debug)]
struct Known {
    hash: Option<Hash>,
    used: bool,
}

impl Dids {
    fn place(&mut self, did: &str) -> Result<u32, Overflow> {
        if let Some(place) = self.by_name.get(did) {
            return Ok(*place);
        }
        let place = u32::try_from(self.known.len()).map_err(|_| Overflow)?;
        self.known.push(Known { hash: Did::parse(did).ok().map(|did| did.hash()), used: false });
        self.by_name.insert(did.into(), place);
        Ok(place)
    }

    /// The DIDs that rows name, by hash; and for every place the one in this order.
    pub(super) fn sorted(&self) -> (Vec<(Hash, &str)>, Vec<u32>) {
        let mut named: Vec<(Hash, &str, u32)> = Vec::with_capacity(self.by_name.len());
        for (name, place) in &self.by_name {
            let known = self.known.get(*place as usize).filter(|known| known.used);
            named.extend(known.and_then(|known| known.hash).map(|hash| (hash, &**name, *place)));
        }
        named.sort_unstable();
        let mut ranks = vec![0; self.known.len()];
        for (rank, (_, _, place)) in (0u32..).zip(&named) {
            if let Some(slot) = ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        (named.into_iter().map(|(hash, name, _)| (hash, name)).collect(), ranks)
    }
}

impl Gathering {
    pub(super) fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            batches: Vec::new(),
            epochs: BTreeSet::new(),
            dids: Dids::default(),
            tracks_by_sfu: HashMap::new(),
            tracks: Vec::new(),
            hours: BTreeMap::new(),
            receipts: 0,
            contributions: 0,
        }
    }

    /// Receipts of which there are rows.
    #[must_use]
    pub const fn receipts(&self) -> u64 {
        self.receipts
    }

    /// Whether it is time to write: a record has about a million receipts, or as many as fit in 256 MiB.
    #[must_use]
    pub fn is_full(&self) -> bool {
        // A row has at most 48 bytes, a DID or a track at most 256 of text and about a hundred beside it.
        let names = (self.dids.known.len() + self.tracks.len()) as u64;
        let memory = (self.receipts + self.contributions) * 48 + names * 200;
        self.receipts >= RECEIPTS || memory >= MEMORY
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
        self.epochs.insert(epoch);
        let place_of_batch = u32::try_from(self.batches.len()).map_err(|_| Overflow)?;
        let mut tracks = HashMap::with_capacity(batch.tracks.len());
        for descriptor in &batch.tracks {
            let track_id = descriptor.track_id.as_ref();
            let fields = descriptor.metadata.as_ref().map_or(0, Metadata::field_count);
            let licensed = descriptor.rights == Rights::Licensed;
            let track = self.track(&header.sfu_key, track_id)?;
            tracks.insert(track_id, (track, licensed, header.seq * 16 + u64::from(fields)));
        }
        let mut seen = HashSet::with_capacity(batch.receipts.len());
        let mut batch_total = Total::default();
        let mut named: Vec<u32> = Vec::new();
        let mut hours: Option<(u8, &mut HourRows)> = None;
        for (place, receipt) in (0u32..).zip(&batch.receipts) {
            let (track, licensed, descriptor) = tracks.get(receipt.track_id.as_ref()).copied().ok_or_else(|| {
                EngineError::Engine(format!("seq {}: a receipt's track has no descriptor", header.seq))
            })?;
            // Two tracks of a batch never have one place.
            let is_repeated = !seen.insert((receipt.room_id.as_ref(), track));
            named.clear();
            for entry in &receipt.contributors {
                named.push(self.dids.place(entry.did.as_ref())?);
            }
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
                _ => self.hours.entry((epoch, hour)).or_default(),
            };
            let batch = place_of_batch;
            rows.receipts.push(Receipt { track, batch, place, fault, licensed, bytes, recipient_ms, descriptor });
            if fault.is_none() {
                self.contributions += named.len() as u64;
                for (did, entry) in named.iter().zip(&receipt.contributors) {
                    self.dids.is_used(*did);
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
        self.receipts += batch.receipts.len() as u64;
        self.batches.push(BatchRow {
            batch: header.hash,
            sfu: header.sfu_key,
            seq: header.seq,
            receipts: u32::try_from(batch.receipts.len()).map_err(|_| Overflow)?,
            bytes: batch_total.bytes,
        });
        Ok(())
    }

    fn track(&mut self, sfu: &[u8; 32], track_id: &str) -> Result<u32, Overflow> {
        let tracks = self.tracks_by_sfu.entry(*sfu).or_default();
        if let Some(place) = tracks.get(track_id) {
            return Ok(*place);
        }
        let place = u32::try_from(self.tracks.len()).map_err(|_| Overflow)?;
        tracks.insert(track_id.into(), place);
        self.tracks.push(TrackRow { track: track_key(sfu, track_id), sfu: *sfu, track_id: track_id.to_owned() });
        Ok(place)
    }
}

impl Dids {
    fn is_did(&self, place: u32) -> bool {
        self.known.get(place as usize).is_some_and(|known| known.hash.is_some())
    }

    fn is_used(&mut self, place: u32) {
        if let Some(known) = self.known.get_mut(place as usize) {
            known.used = true;
        }
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
