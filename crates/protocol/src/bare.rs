//! Unsigned receipts become batches (section 4.5).
//!
//! The seed's demo makes bare receipts: those of section 4.1 without `recipients`. A [`Wrapper`] puts them into one
//! batch per window of ten seconds, which a local demo key then signs; from there on there is one code path.
//!
//! * A window is `(floor((t - 1) / 10000) * 10000, + 10000]`. It is closed when a receipt of a later one comes;
//!   what comes for a closed one is refused.
//! * Receipts of one room and track are merged: the first one's timestamp and place, equal DID and role added up
//!   (an absent role is `uploader`; also within one receipt).
//! * `recipients` is what was given, summed, plus the least number under which the bytes of the receipts that gave
//!   none meet the bound: `ceil(8 * bytes / (max_kbps_per_recipient * 10000))`.
//! * A track is described by its first contributor with a valid DID, rights `Original`, unless a descriptor was
//!   given before its first receipt of the window. A track that nobody can be named for is left out.
//! * The limits of section 4.2 apply to what a window has collected, tracks that may be left out included: a receipt
//!   that would break one is refused whole and changes nothing. A window of which nothing is left makes no batch.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::num::NonZeroU32;

use hashbrown::HashMap;
use thiserror::Error;

use crate::batch::decode::{self, List, items, object};
use crate::batch::limit::{MAX_BATCH_BYTES, MAX_INTEGER, MAX_RECEIPTS, check_descriptor, check_receipt};
use crate::batch::{Batch, Contribution, Descriptor, Receipt, Rights};
use crate::did::Did;
use crate::hash::{Hash, ZERO_HASH};

#[cfg(test)]
mod tests;

/// Length of a wrapped window in milliseconds.
pub const BARE_WINDOW_MS: u64 = 10_000;

/// A receipt as the seed's demo makes it: `recipients` need not be given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BareReceipt {
    /// The room.
    pub room_id: String,
    /// The track.
    pub track_id: String,
    /// When, in Unix milliseconds.
    pub timestamp: u64,
    /// Who delivered how much since the receipt before.
    pub contributors: Vec<Contribution>,
    /// Distinct receivers, if known.
    pub recipients: Option<u32>,
    /// Receivers' counter-signatures: carried and ignored.
    pub acks: Option<Vec<String>>,
}

object! {
    BareReceipt, "a receipt",
    required {
        contributors: List<Contribution> = "contributors",
        room_id: String = "roomId",
        timestamp: u64 = "timestamp",
        track_id: String = "trackId",
    }
    optional { acks: List<String> = "acks", recipients: u32 = "recipients", }
    Ok(BareReceipt { room_id, track_id, timestamp, contributors: contributors.0, recipients, acks: items(acks) })
}

impl BareReceipt {
    /// Reads one receipt from JSON in any spelling.
    ///
    /// # Errors
    /// [`BareRefusal::Malformed`].
    pub fn parse(json: &str) -> Result<Self, BareRefusal> {
        decode::parse(json).map_err(BareRefusal::Malformed)
    }

    /// Reads an array of receipts from JSON in any spelling.
    ///
    /// # Errors
    /// [`BareRefusal::Malformed`].
    pub fn parse_list(json: &str) -> Result<Vec<Self>, BareRefusal> {
        decode::parse(json).map(|List(receipts)| receipts).map_err(BareRefusal::Malformed)
    }
}

impl From<Receipt> for BareReceipt {
    fn from(receipt: Receipt) -> Self {
        let Receipt { acks, contributors, recipients, room_id, timestamp, track_id } = receipt;
        Self { room_id, track_id, timestamp, contributors, recipients: Some(recipients), acks }
    }
}

/// Why a bare receipt or a descriptor was not taken.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BareRefusal {
    /// Not a receipt of section 4.1.
    #[error("not a receipt: {0}")]
    Malformed(String),
    /// Its window is closed.
    #[error("the timestamp {timestamp} lies in a window that is closed: receipts up to {closed_to_ms} are done")]
    WindowClosed {
        /// The receipt's time.
        timestamp: u64,
        /// End of the last closed window.
        closed_to_ms: u64,
    },
    /// Taking it would break a limit of section 4.2.
    #[error("the receipt would break a limit of a batch: {0}")]
    OverLimit(String),
}

/// A track that a batch does not carry because nobody with a valid DID can be named as its uploader.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error(
    "track {track_id:?} was left out of the window up to {to_ms}: none of its contributors has a valid DID ({receipts} receipts, {bytes} bytes)"
)]
pub struct LeftOut {
    /// The track.
    pub track_id: String,
    /// End of the window.
    pub to_ms: u64,
    /// Receipts (after merging) that went with it.
    pub receipts: usize,
    /// Bytes that went with it.
    pub bytes: u64,
}

/// Where an SFU stands: what it persists so that it never signs two batches under one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Number of the next batch.
    pub next_seq: u64,
    /// Hash of the last batch, zeros before the first.
    pub prev: Hash,
    /// End of the last closed window in Unix milliseconds, 0 before the first.
    pub closed_to_ms: u64,
}

impl Position {
    /// Before the first batch.
    pub const START: Self = Self { next_seq: 1, prev: ZERO_HASH, closed_to_ms: 0 };
}

/// A window that is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closed {
    /// The unsigned batch; `None` if every track was left out.
    pub batch: Option<Batch>,
    /// What it does not carry.
    pub left_out: Vec<LeftOut>,
    /// Where the SFU stands after it: to be persisted before the batch is sent.
    pub position: Position,
}

/// Puts bare receipts into batches.
#[derive(Clone, Debug)]
pub struct Wrapper {
    sfu: String,
    max_kbps_per_recipient: NonZeroU32,
    position: Position,
    described: HashMap<String, Descriptor>,
    window: Option<Window>,
}

/// The window being collected.
#[derive(Clone, Debug)]
struct Window {
    to_ms: u64,
    entries: Vec<Entry>,
    /// Position of the entry of a room and track.
    by_name: HashMap<(String, String), usize>,
    tracks: HashMap<String, Option<Descriptor>>,
    /// Canonical bytes of all entries and descriptors, each with a comma.
    bytes: usize,
}

/// A receipt that may still grow.
#[derive(Clone, Debug)]
struct Entry {
    receipt: Receipt,
    given_recipients: u64,
    bytes_without_recipients: u64,
    canonical_bytes: usize,
}

impl Wrapper {
    /// A wrapper for the SFU with this did:key, under the bound of the parameters in force.
    #[must_use]
    pub fn new(sfu: String, position: Position, max_kbps_per_recipient: NonZeroU32) -> Self {
        Self { sfu, max_kbps_per_recipient, position, described: HashMap::new(), window: None }
    }

    /// Where the SFU stands: the open window is not part of it.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Takes a descriptor for all windows in which it comes before the track's first receipt.
    ///
    /// # Errors
    /// [`BareRefusal::OverLimit`].
    pub fn describe(&mut self, descriptor: Descriptor) -> Result<(), BareRefusal> {
        check_descriptor(&descriptor).map_err(BareRefusal::OverLimit)?;
        self.described.insert(descriptor.track_id.clone(), descriptor);
        Ok(())
    }

    /// Takes a receipt; gives the window before if this receipt begins a later one.
    ///
    /// # Errors
    /// [`BareRefusal`]; nothing has changed then.
    pub fn push(&mut self, receipt: BareReceipt) -> Result<Option<Closed>, BareRefusal> {
        let timestamp = receipt.timestamp;
        let to_ms = window_end(timestamp)
            .ok_or_else(|| BareRefusal::OverLimit(alloc::format!("timestamp: {timestamp} is in no window")))?;
        let open_to_ms = self.window.as_ref().map_or(0, |window| window.to_ms);
        if to_ms <= self.position.closed_to_ms || to_ms < open_to_ms {
            let closed_to_ms = self.position.closed_to_ms.max(open_to_ms.saturating_sub(BARE_WINDOW_MS));
            return Err(BareRefusal::WindowClosed { timestamp, closed_to_ms });
        }
        let frame_bytes = self.frame_bytes(to_ms);
        if let Some(window) = self.window.as_mut().filter(|window| window.to_ms == to_ms) {
            window.take(receipt, self.max_kbps_per_recipient, &self.described, frame_bytes)?;
            return Ok(None);
        }
        let mut window = Window::new(to_ms);
        window.take(receipt, self.max_kbps_per_recipient, &self.described, frame_bytes)?;
        let closed = self.finish();
        self.window = Some(window);
        Ok(closed)
    }

    /// Closes the open window, at the end of the input.
    pub fn finish(&mut self) -> Option<Closed> {
        let window = self.window.take()?;
        let to_ms = window.to_ms;
        let (tracks, receipts, left_out) = window.close();
        self.position.closed_to_ms = to_ms;
        if receipts.is_empty() {
            return Some(Closed { batch: None, left_out, position: self.position });
        }
        let batch = Batch { tracks, receipts, ..self.frame(to_ms) };
        self.position.next_seq = self.position.next_seq.saturating_add(1);
        self.position.prev = batch.hash();
        Some(Closed { batch: Some(batch), left_out, position: self.position })
    }

    /// The batch of a window without its content.
    fn frame(&self, to_ms: u64) -> Batch {
        Batch {
            from: to_ms.saturating_sub(BARE_WINDOW_MS),
            prev: self.position.prev,
            receipts: Vec::new(),
            seq: self.position.next_seq,
            sfu: self.sfu.clone(),
            to: to_ms,
            tracks: Vec::new(),
            v: 1,
        }
    }

    /// Canonical bytes of the frame. The next window's `seq` may have a digit more than this one's.
    fn frame_bytes(&self, to_ms: u64) -> usize {
        self.frame(to_ms).canonical_bytes().len().saturating_add(1)
    }
}

impl Window {
    fn new(to_ms: u64) -> Self {
        Self { to_ms, entries: Vec::new(), by_name: HashMap::new(), tracks: HashMap::new(), bytes: 0 }
    }

    fn take(
        &mut self,
        bare: BareReceipt,
        max_kbps_per_recipient: NonZeroU32,
        described: &HashMap<String, Descriptor>,
        frame_bytes: usize,
    ) -> Result<(), BareRefusal> {
        let name = (bare.room_id.clone(), bare.track_id.clone());
        let found = self.by_name.get(&name).copied();
        let before = found.and_then(|position| self.entries.get(position)).cloned();
        if before.is_none() && self.entries.len() >= MAX_RECEIPTS {
            return Err(BareRefusal::OverLimit(alloc::format!("receipts: at most {MAX_RECEIPTS}")));
        }
        let old_bytes = before.as_ref().map_or(0, |entry| entry.canonical_bytes);
        let track = match self.tracks.get(&name.1) {
            Some(Some(_)) => None,
            _ => described.get(&name.1).cloned().or_else(|| describe_by_first_did(&name.1, &bare.contributors)),
        };
        let entry = Entry::merge(before, bare, max_kbps_per_recipient).map_err(BareRefusal::OverLimit)?;
        let bytes = self
            .bytes
            .saturating_sub(old_bytes)
            .saturating_add(entry.canonical_bytes)
            .saturating_add(track.as_ref().map_or(0, canonical_bytes));
        let total = bytes.saturating_add(frame_bytes);
        if total > MAX_BATCH_BYTES {
            return Err(BareRefusal::OverLimit(alloc::format!("{total} canonical bytes, at most {MAX_BATCH_BYTES}")));
        }
        self.bytes = bytes;
        match self.tracks.get_mut(&name.1) {
            Some(slot) if slot.is_none() => *slot = track,
            Some(_) => {}
            None => {
                self.tracks.insert(name.1.clone(), track);
            }
        }
        match found.and_then(|position| self.entries.get_mut(position)) {
            Some(slot) => *slot = entry,
            None => {
                self.by_name.insert(name, self.entries.len());
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    /// Descriptors in the order of first mention, receipts in the order of arrival, and what is left out.
    fn close(mut self) -> (Vec<Descriptor>, Vec<Receipt>, Vec<LeftOut>) {
        let (mut tracks, mut receipts, mut left_out) = (Vec::new(), Vec::new(), Vec::<LeftOut>::new());
        let mut left: HashMap<String, usize> = HashMap::new();
        let described: hashbrown::HashSet<String> =
            self.tracks.iter().filter(|(_, track)| track.is_some()).map(|(name, _)| name.clone()).collect();
        for Entry { receipt, .. } in self.entries {
            if described.contains(&receipt.track_id) {
                tracks.extend(self.tracks.remove(&receipt.track_id).flatten());
                receipts.push(receipt);
                continue;
            }
            let position = *left.entry(receipt.track_id.clone()).or_insert_with(|| {
                left_out.push(LeftOut { track_id: receipt.track_id.clone(), to_ms: self.to_ms, receipts: 0, bytes: 0 });
                left_out.len().saturating_sub(1)
            });
            if let Some(track) = left_out.get_mut(position) {
                track.receipts = track.receipts.saturating_add(1);
                let bytes = receipt.contributors.iter().map(|entry| entry.bytes_out);
                track.bytes = bytes.fold(track.bytes, u64::saturating_add);
            }
        }
        (tracks, receipts, left_out)
    }
}

impl Entry {
    /// The entry with one more receipt in it; the reason if that breaks a limit.
    fn merge(before: Option<Self>, bare: BareReceipt, max_kbps_per_recipient: NonZeroU32) -> Result<Self, String> {
        let BareReceipt { room_id, track_id, timestamp, contributors, recipients, acks } = bare;
        let mut entry = before.unwrap_or_else(|| Self {
            receipt: Receipt { acks: None, contributors: Vec::new(), recipients: 0, room_id, timestamp, track_id },
            given_recipients: 0,
            bytes_without_recipients: 0,
            canonical_bytes: 0,
        });
        let overflow = || String::from("the sum of bytesOut overflows");
        for contribution in contributors {
            if recipients.is_none() {
                entry.bytes_without_recipients =
                    entry.bytes_without_recipients.checked_add(contribution.bytes_out).ok_or_else(overflow)?;
            }
            let same = |known: &&mut Contribution| known.did == contribution.did && known.role() == contribution.role();
            match entry.receipt.contributors.iter_mut().find(same) {
                Some(known) => {
                    known.bytes_out = known.bytes_out.checked_add(contribution.bytes_out).ok_or_else(overflow)?;
                }
                None => entry.receipt.contributors.push(contribution),
            }
        }
        if let Some(acks) = acks {
            entry.receipt.acks.get_or_insert_default().extend(acks);
        }
        entry.given_recipients = entry.given_recipients.saturating_add(u64::from(recipients.unwrap_or_default()));
        let least = least_recipients(entry.bytes_without_recipients, max_kbps_per_recipient);
        let all = entry.given_recipients.saturating_add(least);
        entry.receipt.recipients = u32::try_from(all).map_err(|_| alloc::format!("recipients: {all}"))?;
        check_receipt(&entry.receipt)?;
        entry.canonical_bytes = canonical_bytes(&entry.receipt);
        Ok(entry)
    }
}

/// The end of the ten seconds that a time belongs to; `None` for 0 and beyond 2^53 - 1.
#[must_use]
pub fn window_end(timestamp_ms: u64) -> Option<u64> {
    let before = timestamp_ms.checked_sub(1)?;
    let end = before.checked_sub(before.checked_rem(BARE_WINDOW_MS)?)?.checked_add(BARE_WINDOW_MS)?;
    (end <= MAX_INTEGER).then_some(end)
}

/// The least number of recipients that could have received so many bytes in one window.
#[must_use]
pub fn least_recipients(bytes: u64, max_kbps_per_recipient: NonZeroU32) -> u64 {
    let bits = u128::from(bytes).saturating_mul(8);
    let most = u128::from(max_kbps_per_recipient.get()).saturating_mul(u128::from(BARE_WINDOW_MS));
    u64::try_from(bits.div_ceil(most)).unwrap_or(u64::MAX)
}

fn describe_by_first_did(track_id: &str, contributors: &[Contribution]) -> Option<Descriptor> {
    let uploader = contributors.iter().find(|contribution| Did::parse(&contribution.did).is_ok())?;
    Some(Descriptor {
        metadata: None,
        rights: Rights::Original,
        track_id: track_id.to_string(),
        uploader: uploader.did.clone(),
    })
}

/// Canonical bytes of an item and of the comma before it.
fn canonical_bytes(item: &impl serde::Serialize) -> usize {
    serde_json::to_vec(item).map_or(usize::MAX, |bytes| bytes.len().saturating_add(1))
}
