//! Receipts judged one by one and added up into cells and tracks (sections 4.4 and 6).
//!
//! A cell is `(did, sfu, track, role, UTC hour)`; DIDs and tracks are interned, so a cell's key is a few bytes and
//! its order of insertion leaves no trace in any result.

use alloc::string::String;
use alloc::vec::Vec;

use crate::batch::{Batch, Metadata, Receipt, ReceiptVerdict, Rights, Role};
use crate::did::Did;
use crate::hash::{Hash, sha256};
use crate::params::Params;
use hashbrown::{HashMap, HashSet};

/// Someone who delivered bytes in the epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contributor {
    /// The DID as in the receipts.
    pub did: String,
    /// SHA-256 of the DID.
    pub did_hash: Hash,
    /// Accepted bytes, all roles.
    pub bytes: u64,
}

/// A track of one SFU with what was measured of it over its accepted receipts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Track {
    /// Key of the SFU.
    pub sfu_key: [u8; 32],
    /// The SFU's name for it.
    pub track_id: String,
    /// Accepted bytes.
    pub bytes: u64,
    /// Sum of `recipients * (to - from)`.
    pub recipient_ms: u128,
    /// Sum of `min(recipients * (to - from), floor(8 * bytes / min_kbps_per_recipient))`.
    pub listener_ms: u128,
    /// Metadata fields present in its last descriptor, 0 … 8.
    pub metadata_fields: u8,
}

impl Track {
    /// `floor(8 * bytes / recipient_ms)`, 0 if nobody received: kbit/s per recipient as measured.
    #[must_use]
    pub fn kbps(&self) -> u128 {
        u128::from(self.bytes).saturating_mul(8).checked_div(self.recipient_ms).unwrap_or_default()
    }

    /// Adds what was measured in an accepted receipt of `bytes` to `recipients` in a window of `window_ms`.
    ///
    /// # Errors
    /// [`Overflow`], which no receipts within the limits of section 4.2 can cause.
    pub fn add(&mut self, params: &Params, bytes: u64, recipients: u32, window_ms: u64) -> Result<(), Overflow> {
        let recipient_ms = u128::from(recipients).saturating_mul(u128::from(window_ms));
        let least_kbps = u128::from(params.min_kbps_per_recipient);
        let heard_ms = u128::from(bytes).saturating_mul(8).checked_div(least_kbps).ok_or(Overflow)?;
        self.bytes = self.bytes.checked_add(bytes).ok_or(Overflow)?;
        self.recipient_ms = self.recipient_ms.checked_add(recipient_ms).ok_or(Overflow)?;
        self.listener_ms = self.listener_ms.checked_add(recipient_ms.min(heard_ms)).ok_or(Overflow)?;
        Ok(())
    }
}

/// What a contributor delivered of a track in a role and an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Index into [`Cells::contributors`].
    pub contributor: u32,
    /// Index into [`Cells::tracks`].
    pub track: u32,
    /// Role of the bytes.
    pub role: Role,
    /// UTC hour 0 … 23 of the receipt's timestamp minus 1 ms.
    pub hour: u8,
    /// Accepted bytes.
    pub bytes: u64,
}

/// All accepted bytes of an epoch.
///
/// Contributors are sorted by `did_hash`, tracks by (SFU key, track id), cells by (contributor, track, role, hour).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cells {
    /// Everybody with an accepted receipt.
    pub contributors: Vec<Contributor>,
    /// Every track with an accepted receipt.
    pub tracks: Vec<Track>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// A sum left the range that the bounds of section 9 give it; no valid input does that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a sum of bytes overflows")]
pub struct Overflow;

/// Judges receipts and adds up what is accepted.
pub struct CellBuilder<'a> {
    params: &'a Params,
    dids: HashMap<String, u32>,
    contributors: Vec<Contributor>,
    tracks_by_name: HashMap<String, u32>,
    tracks: Vec<Track>,
    cells: HashMap<(u32, u32, u8, u8), u64>,
    sfu_key: [u8; 32],
    sfu_limit: u64,
    sfu_bytes: u64,
    sfu_is_full: bool,
    metadata: HashMap<String, u8>,
    first_track: usize,
}

/// The verdicts of one accepted batch: one per receipt in order, `None` is accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchReceipts {
    /// Verdict of every receipt.
    pub verdicts: Vec<Option<ReceiptVerdict>>,
    /// Sum of the accepted ones' bytes.
    pub accepted_bytes: u64,
}

impl<'a> CellBuilder<'a> {
    /// A builder for one epoch under its parameters.
    #[must_use]
    pub fn new(params: &'a Params) -> Self {
        Self {
            params,
            dids: HashMap::new(),
            contributors: Vec::new(),
            tracks_by_name: HashMap::new(),
            tracks: Vec::new(),
            cells: HashMap::new(),
            sfu_key: [0; 32],
            sfu_limit: 0,
            sfu_bytes: 0,
            sfu_is_full: false,
            metadata: HashMap::new(),
            first_track: 0,
        }
    }

    /// Begins the next SFU, whose accepted batches follow in order of `seq`.
    pub fn begin_sfu(&mut self, key: [u8; 32], max_bytes_per_epoch: u64) {
        self.end_sfu();
        self.sfu_key = key;
        self.sfu_limit = max_bytes_per_epoch;
        self.sfu_bytes = 0;
        self.sfu_is_full = false;
    }

    /// A track's metadata is that of the last descriptor in its SFU's accepted batches.
    fn end_sfu(&mut self) {
        for track in self.tracks.iter_mut().skip(self.first_track) {
            track.metadata_fields = self.metadata.get(&track.track_id).copied().unwrap_or_default();
        }
        self.first_track = self.tracks.len();
        self.tracks_by_name.clear();
        self.metadata.clear();
    }

    /// Judges every receipt of an accepted batch and adds up the accepted ones.
    ///
    /// # Errors
    /// [`Overflow`], which no batch within the limits of section 4.2 can cause.
    pub fn add_batch(&mut self, batch: &Batch) -> Result<BatchReceipts, Overflow> {
        let mut licensed = HashSet::new();
        for descriptor in &batch.tracks {
            if descriptor.rights == Rights::Licensed {
                licensed.insert(descriptor.track_id.as_str());
            }
            let fields = descriptor.metadata.as_ref().map_or(0, Metadata::field_count);
            match self.metadata.get_mut(descriptor.track_id.as_str()) {
                Some(known) => *known = fields,
                None => {
                    self.metadata.insert(descriptor.track_id.clone(), fields);
                }
            }
        }
        let window_ms = batch.to.saturating_sub(batch.from);
        let mut seen = HashSet::with_capacity(batch.receipts.len());
        let mut verdicts = Vec::with_capacity(batch.receipts.len());
        let mut accepted_bytes = 0u64;
        for receipt in &batch.receipts {
            let is_repeated = !seen.insert((receipt.room_id.as_str(), receipt.track_id.as_str()));
            let bytes = receipt_bytes(receipt)?;
            let verdict = self
                .judge(batch, receipt, is_repeated, licensed.contains(receipt.track_id.as_str()), bytes, window_ms)
                .or_else(|| self.over_capacity(bytes));
            if verdict.is_none() {
                self.sfu_bytes = self.sfu_bytes.checked_add(bytes).ok_or(Overflow)?;
                accepted_bytes = accepted_bytes.checked_add(bytes).ok_or(Overflow)?;
                self.add_receipt(receipt, bytes, window_ms)?;
            }
            verdicts.push(verdict);
        }
        Ok(BatchReceipts { verdicts, accepted_bytes })
    }

    /// The rules of section 4.4 in their order, all but capacity.
    fn judge(
        &self,
        batch: &Batch,
        receipt: &Receipt,
        is_repeated: bool,
        is_licensed: bool,
        bytes: u64,
        window_ms: u64,
    ) -> Option<ReceiptVerdict> {
        let own = own_verdict(batch, receipt, is_repeated, |did| self.is_did(did));
        if own.is_some() {
            return own;
        }
        parameter_verdict(self.params, is_licensed, bytes, receipt.recipients, window_ms)
    }

    /// A DID that was accepted once needs no second look.
    fn is_did(&self, did: &str) -> bool {
        self.dids.contains_key(did) || Did::parse(did).is_ok()
    }

    /// Once the capacity would be exceeded, everything after is rejected too.
    fn over_capacity(&mut self, bytes: u64) -> Option<ReceiptVerdict> {
        let fits = self.sfu_bytes.checked_add(bytes).is_some_and(|sum| sum <= self.sfu_limit);
        self.sfu_is_full |= !fits;
        self.sfu_is_full.then_some(ReceiptVerdict::SfuOverCapacity)
    }

    fn add_receipt(&mut self, receipt: &Receipt, bytes: u64, window_ms: u64) -> Result<(), Overflow> {
        let track = self.track(&receipt.track_id)?;
        if let Some(measured) = self.tracks.get_mut(track as usize) {
            measured.add(self.params, bytes, receipt.recipients, window_ms)?;
        }
        let hour = utc_hour(receipt.timestamp);
        for entry in &receipt.contributors {
            let contributor = self.contributor(&entry.did)?;
            if let Some(someone) = self.contributors.get_mut(contributor as usize) {
                someone.bytes = someone.bytes.checked_add(entry.bytes_out).ok_or(Overflow)?;
            }
            let role = entry.role();
            let sum = self.cells.entry((contributor, track, role as u8, hour)).or_insert(0);
            *sum = sum.checked_add(entry.bytes_out).ok_or(Overflow)?;
        }
        Ok(())
    }

    fn contributor(&mut self, did: &str) -> Result<u32, Overflow> {
        if let Some(index) = self.dids.get(did) {
            return Ok(*index);
        }
        let index = u32::try_from(self.contributors.len()).map_err(|_| Overflow)?;
        self.dids.insert(String::from(did), index);
        self.contributors.push(Contributor { did: String::from(did), did_hash: sha256(&[did.as_bytes()]), bytes: 0 });
        Ok(index)
    }

    fn track(&mut self, track_id: &str) -> Result<u32, Overflow> {
        if let Some(index) = self.tracks_by_name.get(track_id) {
            return Ok(*index);
        }
        let index = u32::try_from(self.tracks.len()).map_err(|_| Overflow)?;
        self.tracks_by_name.insert(String::from(track_id), index);
        self.tracks.push(Track {
            sfu_key: self.sfu_key,
            track_id: String::from(track_id),
            bytes: 0,
            recipient_ms: 0,
            listener_ms: 0,
            metadata_fields: 0,
        });
        Ok(index)
    }

    /// Sorts everything, so that the order in which it came is forgotten.
    #[must_use]
    pub fn finish(mut self) -> Cells {
        self.end_sfu();
        let (contributors, contributor_at) = sort_with_places(self.contributors, |a, b| a.did_hash.cmp(&b.did_hash));
        let (tracks, track_at) =
            sort_with_places(self.tracks, |a, b| (&a.sfu_key, &a.track_id).cmp(&(&b.sfu_key, &b.track_id)));
        let place = |places: &[u32], index: u32| places.get(index as usize).copied().unwrap_or_default();
        let mut cells: Vec<Cell> = self
            .cells
            .into_iter()
            .filter_map(|((contributor, track, role, hour), bytes)| {
                let role = Role::ALL.get(usize::from(role)).copied()?;
                let (contributor, track) = (place(&contributor_at, contributor), place(&track_at, track));
                Some(Cell { contributor, track, role, hour, bytes })
            })
            .collect();
        cells.sort_unstable_by_key(|cell| (cell.contributor, cell.track, cell.role as u8, cell.hour));
        Cells { contributors, tracks, cells }
    }
}

/// The verdicts that no parameter can change, in their order: `bad_did`, `bad_time`, `duplicate`, `no_contributors`.
///
/// `is_repeated` says that an earlier receipt of the batch has its room and track; `is_did` judges one DID.
pub fn own_verdict<S: AsRef<str>>(
    batch: &Batch<S>,
    receipt: &Receipt<S>,
    is_repeated: bool,
    mut is_did: impl FnMut(&str) -> bool,
) -> Option<ReceiptVerdict> {
    if receipt.contributors.iter().any(|contributor| !is_did(contributor.did.as_ref())) {
        Some(ReceiptVerdict::BadDid)
    } else if receipt.timestamp <= batch.from || receipt.timestamp > batch.to {
        Some(ReceiptVerdict::BadTime)
    } else if is_repeated {
        Some(ReceiptVerdict::Duplicate)
    } else if receipt.contributors.is_empty() {
        Some(ReceiptVerdict::NoContributors)
    } else {
        None
    }
}

/// The verdicts that follow from parameters alone, in their order: `unlicensed`, `bytes_over_bound`. They come after those of
/// [`own_verdict`]; `is_licensed` says that the receipt's descriptor names the right `Licensed`.
#[must_use]
pub fn parameter_verdict(
    params: &Params,
    is_licensed: bool,
    bytes: u64,
    recipients: u32,
    window_ms: u64,
) -> Option<ReceiptVerdict> {
    if is_licensed && !params.pay_licensed {
        return Some(ReceiptVerdict::Unlicensed);
    }
    let bits = u128::from(bytes).saturating_mul(8);
    let bound = u128::from(params.max_kbps_per_recipient)
        .saturating_mul(u128::from(recipients))
        .saturating_mul(u128::from(window_ms));
    (bits > bound).then_some(ReceiptVerdict::BytesOverBound)
}

/// Sum over a receipt's contributors; 64 values below 2^53 cannot overflow.
///
/// # Errors
/// [`Overflow`], which no batch within the limits of section 4.2 can cause.
pub fn receipt_bytes<S>(receipt: &Receipt<S>) -> Result<u64, Overflow> {
    receipt.contributors.iter().try_fold(0u64, |sum, entry| sum.checked_add(entry.bytes_out)).ok_or(Overflow)
}

/// UTC hour of `timestamp - 1 ms`, so that the hour's end belongs to it, as an epoch's does.
#[must_use]
#[expect(clippy::integer_division, reason = "a floor to hours; the remainder is below 24")]
pub fn utc_hour(timestamp_ms: u64) -> u8 {
    (timestamp_ms.saturating_sub(1) / 3_600_000 % 24) as u8
}

/// The items sorted, and for every old index the new one.
fn sort_with_places<T>(items: Vec<T>, order: impl Fn(&T, &T) -> core::cmp::Ordering) -> (Vec<T>, Vec<u32>) {
    let mut numbered: Vec<(usize, T)> = items.into_iter().enumerate().collect();
    numbered.sort_unstable_by(|(_, a), (_, b)| order(a, b));
    let mut places = alloc::vec![0; numbered.len()];
    for (new, (old, _)) in (0u32..).zip(&numbered) {
        if let Some(place) = places.get_mut(*old) {
            *place = new;
        }
    }
    (numbered.into_iter().map(|(_, item)| item).collect(), places)
}
