//! Keys become places: the protocol crate's `Cells` from what an engine said, and two of them from different SFUs as one.

use std::collections::{BTreeMap, HashMap};

use radio_payouts_protocol::batch::Role;
use radio_payouts_protocol::cells::{Cell, Cells, Contributor, Overflow, Track};
use radio_payouts_protocol::hash::Hash;

use crate::EngineError;
use crate::check::{CellResult, TrackResult};

/// The DIDs of cells that ascend, each once.
#[must_use]
pub fn did_hashes(cells: &[CellResult]) -> Vec<Hash> {
    let mut hashes: Vec<Hash> = cells.iter().map(|cell| cell.did_hash).collect();
    hashes.dedup();
    hashes
}

/// Cells as the protocol crate has them. `cells` ascend, `dids` are those of [`did_hashes`].
///
/// # Errors
/// [`EngineError::Overflow`]; [`EngineError::Refused`] for a cell of no track or no role.
pub fn cells(
    cells: &[CellResult],
    dids: Vec<String>,
    tracks: &BTreeMap<Hash, TrackResult>,
    mut names: BTreeMap<Hash, ([u8; 32], String)>,
) -> Result<Cells, EngineError> {
    let mut keyed = Vec::with_capacity(tracks.len());
    for (key, result) in tracks {
        let (sfu_key, track_id) = names.remove(key).ok_or_else(|| EngineError::refused("a track has no name"))?;
        let TrackResult { counted, recipient_ms, listener_ms, metadata_fields } = *result;
        let bytes = u64::try_from(counted.bytes).map_err(|_| Overflow)?;
        keyed.push((*key, Track { sfu_key, track_id, bytes, recipient_ms, listener_ms, metadata_fields }));
    }
    keyed.sort_unstable_by(|(_, a), (_, b)| (&a.sfu_key, &a.track_id).cmp(&(&b.sfu_key, &b.track_id)));
    let places: HashMap<Hash, u32> = (0u32..).zip(&keyed).map(|(place, (key, _))| (*key, place)).collect();

    let mut dids = dids.into_iter();
    let mut done = Cells { tracks: keyed.into_iter().map(|(_, track)| track).collect(), ..Cells::default() };
    for cell in cells {
        if done.contributors.last().is_none_or(|last| last.did_hash != cell.did_hash) {
            let did = dids.next().ok_or_else(|| EngineError::refused("a contributor has no DID"))?;
            done.contributors.push(Contributor { did, did_hash: cell.did_hash, bytes: 0 });
        }
        let contributor = u32::try_from(done.contributors.len().saturating_sub(1)).map_err(|_| Overflow)?;
        let track = places.get(&cell.track).copied().ok_or_else(|| EngineError::refused("a cell of no track"))?;
        let role = Role::ALL.get(usize::from(cell.role)).copied();
        let role = role.ok_or_else(|| EngineError::refused("a cell of no role"))?;
        if let Some(someone) = done.contributors.last_mut() {
            someone.bytes = someone.bytes.checked_add(cell.bytes).ok_or(Overflow)?;
        }
        done.cells.push(Cell { contributor, track, role, hour: cell.hour, bytes: cell.bytes });
    }
    sort(&mut done);
    Ok(done)
}

/// One of two whose tracks are those of different SFUs.
///
/// # Errors
/// [`EngineError::Overflow`].
pub fn both(one: Cells, other: Cells) -> Result<Cells, EngineError> {
    if other.contributors.is_empty() && other.tracks.is_empty() {
        return Ok(one);
    }
    let (mut contributors, mut tracks) = (BTreeMap::new(), BTreeMap::new());
    for cells in [&one, &other] {
        for Contributor { did, did_hash, bytes } in &cells.contributors {
            let sum = &mut contributors.entry(*did_hash).or_insert_with(|| (did.clone(), 0u64)).1;
            *sum = sum.checked_add(*bytes).ok_or(Overflow)?;
        }
        for track in &cells.tracks {
            tracks.insert((track.sfu_key, track.track_id.clone()), track.clone());
        }
    }
    let did_places: HashMap<Hash, u32> = (0u32..).zip(contributors.keys()).map(|(place, key)| (*key, place)).collect();
    let track_places: HashMap<([u8; 32], String), u32> =
        (0u32..).zip(tracks.keys()).map(|(place, key)| (key.clone(), place)).collect();
    let mut merged = Vec::with_capacity(one.cells.len().saturating_add(other.cells.len()));
    for cells in [&one, &other] {
        let places = |index: u32| cells.contributors.get(index as usize).and_then(|it| did_places.get(&it.did_hash));
        let tracks: Vec<u32> = cells
            .tracks
            .iter()
            .filter_map(|track| track_places.get(&(track.sfu_key, track.track_id.clone())).copied())
            .collect();
        for cell in &cells.cells {
            let (contributor, track) = (places(cell.contributor), tracks.get(cell.track as usize));
            let (Some(contributor), Some(track)) = (contributor, track) else { return Err(Overflow.into()) };
            merged.push(Cell { contributor: *contributor, track: *track, ..*cell });
        }
    }
    let contributors =
        contributors.into_iter().map(|(did_hash, (did, bytes))| Contributor { did, did_hash, bytes }).collect();
    let mut done = Cells { contributors, tracks: tracks.into_values().collect(), cells: merged };
    sort(&mut done);
    Ok(done)
}

fn sort(cells: &mut Cells) {
    cells.cells.sort_unstable_by_key(|cell| (cell.contributor, cell.track, cell.role as u8, cell.hour));
}
