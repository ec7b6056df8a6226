//! Some DIDs, drawn at random, of which everything is derived from the signed batches: their cells, and what was measured of the tracks
//! of these cells.
//!
//! Drawn are the DIDs of `payouts.parquet` with the least `SHA-256("radio-payouts/verify-sample/v1" || commitment || seed u64 || did_hash)`, so
//! that anybody can draw the same ones. Who made the folder must not have known the seed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use radio_payouts_protocol::batch::{Batch, BatchHeader, Metadata, Receipt, ReceiptVerdict, Rights, Role, Verified};
use radio_payouts_protocol::cells::{
    Cell, Contributor, Overflow, Track, own_verdict, parameter_verdict, receipt_bytes, utc_hour,
};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::params::Params;

use super::Fault;
use super::cells::Names;
use super::claims::{receipt as named, shown};
use super::tracks::name;
use crate::artefact::verify::{Checks, Found, Group, in_folder};
use crate::artefact::{Artefact, cells, sfu_name};

/// What is to be drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// How many DIDs, at least 1.
    pub number: usize,
    /// What they are drawn by, beside the commitment.
    pub seed: u64,
}

/// What came of a sample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sampled {
    /// What was asked for.
    pub asked: Asked,
    /// The DIDs that were drawn, by `did_hash`.
    pub dids: Vec<String>,
    /// Of how many they were drawn.
    pub of: u64,
    /// Tracks that were measured again.
    pub tracks: usize,
    /// Receipts that were judged again.
    pub receipts: u64,
    /// Receipts among them that are good in themselves and rejected for the SFU's capacity, which was checked by what the other
    /// receipts are said to be.
    pub over_capacity: u64,
}

impl Sampled {
    /// The probability with which a folder passes in which so many of its DIDs are wrong: at most `(1 - wrong / of) ^ drawn`.
    #[must_use]
    pub fn passes_with(&self, wrong: u64) -> f64 {
        if self.dids.len() as u64 == self.of {
            return if wrong == 0 { 1.0 } else { 0.0 };
        }
        let right = 1.0 - wrong.min(self.of) as f64 / self.of as f64;
        right.powf(self.dids.len() as f64)
    }
}

/// A cell's key: places of DID and track, role, hour.
type Key = (u32, u32, u8, u8);

/// A sample under way.
pub struct Sample {
    asked: Asked,
    params: Params,
    of: u64,
    dids: HashMap<String, u32>,
    drawn: Vec<(Hash, String)>,
    tracks_by_sfu: HashMap<[u8; 32], HashMap<String, u32>>,
    /// Those that the drawn DIDs' cells name come first; of these every receipt is judged.
    tracks: Vec<Track>,
    wanted: usize,
    cells: BTreeMap<Key, u64>,
    receipts: u64,
    over_capacity: u64,
    /// The first receipt, cell and track that are not as they must be.
    wrong_receipt: Option<String>,
    wrong_cell: Option<String>,
    compared: u64,
}

/// A receipt that was judged again.
pub struct Hit {
    position: usize,
    verdict: Option<ReceiptVerdict>,
    bytes: u64,
}

impl Sample {
    /// Draws DIDs of `payouts.parquet`, and notes the tracks that `cells.parquet` names for them.
    ///
    /// # Errors
    /// [`Fault::Difference`] if one is damaged.
    pub fn draw(found: &Found, asked: Asked) -> Result<Self, Fault> {
        let artefact = &found.artefact;
        let (drawn, of) = in_folder(draw(artefact, asked))?;
        let places = (0u32..).zip(&drawn).map(|(place, (_, did))| (did.clone(), place)).collect();
        let mut sample = Self {
            asked,
            params: found.terms.params,
            of,
            dids: places,
            drawn,
            tracks_by_sfu: HashMap::new(),
            tracks: Vec::new(),
            wanted: 0,
            cells: BTreeMap::new(),
            receipts: 0,
            over_capacity: 0,
            wrong_receipt: None,
            wrong_cell: None,
            compared: 0,
        };
        in_folder(cells::each(artefact, |row| {
            if sample.place(row.did_hash).is_some() {
                sample.track(row.sfu, row.track_id)?;
            }
            Ok(())
        }))?;
        sample.wanted = sample.tracks.len();
        Ok(sample)
    }

    /// What was drawn, in words.
    #[must_use]
    pub fn drawn(&self) -> String {
        format!("{} DIDs of {}, by seed {}", self.drawn.len(), self.of, self.asked.seed)
    }

    /// The place of a drawn DID.
    fn place(&self, did_hash: &Hash) -> Option<u32> {
        let place = self.drawn.binary_search_by(|(hash, _)| hash.cmp(did_hash)).ok()?;
        u32::try_from(place).ok()
    }

    fn track(&mut self, sfu: &[u8; 32], track_id: &str) -> Result<u32, Overflow> {
        let tracks = self.tracks_by_sfu.entry(*sfu).or_default();
        if let Some(place) = tracks.get(track_id) {
            return Ok(*place);
        }
        let place = u32::try_from(self.tracks.len()).map_err(|_| Overflow)?;
        tracks.insert(track_id.to_owned(), place);
        let (sfu_key, track_id) = (*sfu, track_id.to_owned());
        self.tracks.push(Track { sfu_key, track_id, bytes: 0, recipient_ms: 0, listener_ms: 0, metadata_fields: 0 });
        Ok(place)
    }

    /// Judges the receipts of a batch that name a drawn DID or one of the tracks, by all rules but the SFU's capacity.
    ///
    /// # Errors
    /// Never for a batch that was read.
    pub fn judge(&self, verified: &Verified<Cow<'_, str>>) -> Result<Vec<Hit>, Fault> {
        let batch = verified.batch();
        let tracks = self.tracks_by_sfu.get(&verified.header().sfu_key);
        let is_hit = |receipt: &Receipt<Cow<'_, str>>| {
            tracks.is_some_and(|tracks| tracks.contains_key(&*receipt.track_id))
                || receipt.contributors.iter().any(|entry| self.dids.contains_key(&*entry.did))
        };
        if !batch.receipts.iter().any(is_hit) {
            return Ok(Vec::new());
        }
        let window_ms = batch.to.saturating_sub(batch.from);
        let licensed = batch.tracks.iter().filter(|descriptor| descriptor.rights == Rights::Licensed);
        let licensed: HashSet<&str> = licensed.map(|descriptor| &*descriptor.track_id).collect();
        let mut seen = HashSet::with_capacity(batch.receipts.len());
        let mut hits = Vec::new();
        for (position, receipt) in batch.receipts.iter().enumerate() {
            let is_repeated = !seen.insert((&*receipt.room_id, &*receipt.track_id));
            if !is_hit(receipt) {
                continue;
            }
            let bytes = receipt_bytes(receipt)?;
            let is_licensed = licensed.contains(&*receipt.track_id);
            let own = own_verdict(batch, receipt, is_repeated, |did| Did::parse(did).is_ok());
            let verdict =
                own.or_else(|| parameter_verdict(&self.params, is_licensed, bytes, receipt.recipients, window_ms));
            hits.push(Hit { position, verdict, bytes });
        }
        Ok(hits)
    }

    /// Adds up the receipts of an accepted batch that were judged again; `said` is what `receipts.parquet` says of all of them.
    ///
    /// # Errors
    /// [`Fault::Failed`] if a sum overflows.
    pub fn take(
        &mut self,
        verified: &Verified<Cow<'_, str>>,
        hits: &[Hit],
        said: &[Option<ReceiptVerdict>],
    ) -> Result<(), Fault> {
        let (header, batch) = (verified.header(), verified.batch());
        for Hit { position, verdict, bytes } in hits {
            let (Some(receipt), Some(said)) = (batch.receipts.get(*position), said.get(*position)) else { continue };
            self.receipts += 1;
            match (verdict, said) {
                (None, None) => self.add(&header, batch, receipt, *bytes)?,
                (None, Some(ReceiptVerdict::SfuOverCapacity)) => self.over_capacity += 1,
                (ours, said) if ours == said => {}
                (ours, said) => {
                    self.wrong_receipt.get_or_insert_with(|| {
                        let which = named(&header, *position);
                        format!("receipts.parquet: {which}: verdict is {}, judged again {}", shown(*said), shown(*ours))
                    });
                }
            }
        }
        // The last descriptor counts, whatever becomes of the receipts.
        if let Some(tracks) = self.tracks_by_sfu.get(&header.sfu_key) {
            for descriptor in &batch.tracks {
                let place = tracks.get(&*descriptor.track_id).and_then(|place| self.tracks.get_mut(*place as usize));
                if let Some(track) = place {
                    track.metadata_fields = descriptor.metadata.as_ref().map_or(0, Metadata::field_count);
                }
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        header: &BatchHeader,
        batch: &Batch<Cow<'_, str>>,
        receipt: &Receipt<Cow<'_, str>>,
        bytes: u64,
    ) -> Result<(), Overflow> {
        let place = self.track(&header.sfu_key, &receipt.track_id)?;
        if let Some(track) = self.tracks.get_mut(place as usize) {
            track.add(&self.params, bytes, receipt.recipients, batch.to.saturating_sub(batch.from))?;
        }
        let hour = utc_hour(receipt.timestamp);
        for entry in &receipt.contributors {
            let Some(did) = self.dids.get(&*entry.did) else { continue };
            let sum = self.cells.entry((*did, place, entry.role() as u8, hour)).or_insert(0);
            *sum = sum.checked_add(entry.bytes_out).ok_or(Overflow)?;
        }
        Ok(())
    }

    /// Compares the cells of a contributor, if it was drawn, with those that the batches lead to.
    pub fn compare(&mut self, contributor: &Contributor, found: &[Cell], tracks: &[Track]) {
        let Some(did) = self.place(&contributor.did_hash) else { return };
        self.compared += 1;
        if self.wrong_cell.is_some() {
            return;
        }
        let mut ours = Vec::new();
        for ((_, track, role, hour), bytes) in self.cells.range((did, 0, 0, 0)..=(did, u32::MAX, u8::MAX, u8::MAX)) {
            if let Some(track) = self.tracks.get(*track as usize) {
                ours.push(((&track.sfu_key, track.track_id.as_str(), *role, *hour), *bytes));
            }
        }
        ours.sort_unstable();
        let place = |cell: &Cell| {
            let track = tracks.get(cell.track as usize)?;
            Some(((&track.sfu_key, track.track_id.as_str(), cell.role as u8, cell.hour), cell.bytes))
        };
        let found: Vec<_> = found.iter().filter_map(place).collect();
        let at = found.iter().zip(&ours).position(|(found, ours)| found != ours);
        let at = at.unwrap_or_else(|| found.len().min(ours.len()));
        let (found, ours) = (found.get(at), ours.get(at));
        // The lesser key is the one that the other side does not have.
        let (key, found, ours) = match (found, ours) {
            (None, None) => return,
            (Some((key, bytes)), Some((other, expected))) if key == other => (key, Some(bytes), Some(expected)),
            (Some((key, bytes)), other) if other.is_none_or(|(other, _)| key < other) => (key, Some(bytes), None),
            (_, Some((key, expected))) => (key, None, Some(expected)),
            (Some((key, bytes)), None) => (key, Some(bytes), None),
        };
        let shown =
            |bytes: Option<&u64>| bytes.map_or_else(|| "no such cell".to_owned(), |bytes| format!("{bytes} bytes"));
        let (sfu, track_id, role, hour) = *key;
        let role = Role::ALL.get(usize::from(role)).map_or("", |role| role.as_str());
        self.wrong_cell = Some(format!(
            "cells.parquet: did {}, sfu {}, track_id {track_id}, role {role}, hour {hour}: {}, from the signed batches {}",
            contributor.did,
            sfu_name(sfu),
            shown(found),
            shown(ours)
        ));
    }

    /// Compares the tracks, which are those of `tracks.parquet`, and notes what came of it all.
    pub fn end(self, tracks: &[Track], checks: &mut Checks) -> Sampled {
        let (wanted, compared) = (self.wanted, self.compared);
        checks.note(Group::Sample, "receipts", self.wrong_receipt, format!("{} judged again", self.receipts));
        let detail =
            format!("those of {compared} DIDs of {}, seed {}, from the signed batches", self.of, self.asked.seed);
        checks.note(Group::Sample, "cells", self.wrong_cell, detail);
        let measured = self.tracks.iter().take(wanted);
        let difference = measured.filter_map(|ours| compare_track(ours, tracks)).next();
        checks.note(Group::Sample, "tracks", difference, format!("{wanted} measured again"));
        Sampled {
            asked: self.asked,
            dids: self.drawn.into_iter().map(|(_, did)| did).collect(),
            of: self.of,
            tracks: wanted,
            receipts: self.receipts,
            over_capacity: self.over_capacity,
        }
    }
}

/// In what a track of the file differs from the one that was measured again.
fn compare_track(ours: &Track, tracks: &[Track]) -> Option<String> {
    let key = |track: &Track| (track.sfu_key, track.track_id.clone());
    let found = tracks.binary_search_by_key(&key(ours), key).ok().and_then(|place| tracks.get(place));
    let Some(found) = found else { return Some(format!("tracks.parquet: {} is missing", name(ours))) };
    let fields = [
        ("bytes", u128::from(found.bytes), u128::from(ours.bytes)),
        ("recipient_ms", found.recipient_ms, ours.recipient_ms),
        ("listener_ms", found.listener_ms, ours.listener_ms),
        ("metadata_fields", found.metadata_fields.into(), ours.metadata_fields.into()),
    ];
    let (field, found, expected) = fields.into_iter().find(|(_, found, expected)| found != expected)?;
    Some(format!("tracks.parquet: {}: {field} is {found}, from the signed batches {expected}", name(ours)))
}

/// The DIDs that are drawn, by `did_hash`, and of how many.
fn draw(artefact: &Artefact, asked: Asked) -> anyhow::Result<(Vec<(Hash, String)>, u64)> {
    let mut names = Names::open(artefact)?;
    let mut least: BinaryHeap<(Hash, Hash, String)> = BinaryHeap::new();
    let mut of = 0;
    let commitment = &artefact.manifest.commitment;
    while let Some((did, did_hash)) = names.next()? {
        of += 1;
        let lot = sha256(&[b"radio-payouts/verify-sample/v1", commitment, &asked.seed.to_le_bytes(), &did_hash]);
        if least.len() < asked.number {
            least.push((lot, did_hash, did));
        } else if let Some(mut greatest) = least.peek_mut()
            && lot < greatest.0
        {
            *greatest = (lot, did_hash, did);
        }
    }
    let mut drawn: Vec<_> = least.into_iter().map(|(_, did_hash, did)| (did_hash, did)).collect();
    drawn.sort_unstable();
    Ok((drawn, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_to_pass_is_that_of_drawing_only_right_ones() {
        let asked = Asked { number: 100, seed: 1 };
        let mut sampled =
            Sampled { asked, dids: vec![String::new(); 100], of: 10_000, tracks: 0, receipts: 0, over_capacity: 0 };
        assert!((sampled.passes_with(100) - 0.366_032).abs() < 1e-6);
        assert!((sampled.passes_with(0) - 1.0).abs() < 1e-12);
        assert!(sampled.passes_with(20_000) < 1e-12, "all of them");
        sampled.of = 100;
        assert!(sampled.passes_with(1) < 1e-12, "everybody was drawn");
    }
}
