//! Results, read and compared with what was written down when the rows were made.
//!
//! A distributed engine may lose a part or count one twice and still report success. So every query accounts for every row that it
//! read, and its result is taken only if the rows and bytes are those of the control totals and its keys ascend strictly.

use std::collections::{BTreeMap, HashMap};

use radio_payouts_protocol::batch::ReceiptVerdict;
use radio_payouts_protocol::cells::Overflow;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::params::Params;

use crate::EngineError;
use crate::column::Columns;
use crate::engine::Engine;
use crate::plan::{Plan, Tables};
use crate::record::Total;
use crate::sql::{self, COUNTED, ELSEWHERE};
use crate::table::{shard_of, track_key};

/// What the receipts of a batch came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BatchResult {
    /// All its receipts.
    pub receipts: Total,
    /// Those that count, capacity aside.
    pub counted: Total,
}

/// What was measured of a track.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrackResult {
    /// Receipts that count.
    pub counted: Total,
    /// Sum of `recipients * (to - from)`.
    pub recipient_ms: u128,
    /// Its listener time.
    pub listener_ms: u128,
    /// Metadata fields of its last descriptor.
    pub metadata_fields: u8,
}

/// A cell, by the keys of its DID and track.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellResult {
    /// SHA-256 of the DID.
    pub did_hash: Hash,
    /// Key of the track.
    pub track: Hash,
    /// Code of the role.
    pub role: u8,
    /// UTC hour.
    pub hour: u8,
    /// Bytes that count.
    pub bytes: u64,
}

/// Remembers the last key; the next must be greater.
struct Ascending<K> {
    what: &'static str,
    last: Option<K>,
}

impl<K: PartialOrd> Ascending<K> {
    const fn new(what: &'static str) -> Self {
        Self { what, last: None }
    }

    fn next(&mut self, key: K) -> Result<(), EngineError> {
        if self.last.as_ref().is_some_and(|last| *last >= key) {
            return Err(EngineError::refused(format!("a key of {} comes twice, or out of order", self.what)));
        }
        self.last = Some(key);
        Ok(())
    }
}

fn require_totals<K: Ord + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<K, Total>,
    expected: &BTreeMap<K, Total>,
) -> Result<(), EngineError> {
    if found == expected {
        return Ok(());
    }
    let keys = found.keys().chain(expected.keys());
    let differs = keys.into_iter().find(|key| found.get(key) != expected.get(key));
    let (found, expected) = (differs.and_then(|key| found.get(key)), differs.and_then(|key| expected.get(key)));
    Err(EngineError::refused(format!("{what} {differs:?}: {found:?} came out, {expected:?} was written")))
}

/// A code of a standing.
fn standing(code: u8) -> Result<u8, EngineError> {
    if code <= ELSEWHERE { Ok(code) } else { Err(EngineError::refused(format!("{code} is no standing"))) }
}

fn hour(hour: u8) -> Result<u8, EngineError> {
    if hour < 24 { Ok(hour) } else { Err(EngineError::refused(format!("{hour} is no hour"))) }
}

/// Receipts of the batches that count.
///
/// # Errors
/// [`EngineError`], also if totals by hour or by batch differ.
pub fn batches(engine: &dyn Engine, plan: &Plan, params: &Params) -> Result<BTreeMap<Hash, BatchResult>, EngineError> {
    let mut results: BTreeMap<Hash, BatchResult> =
        plan.batches.keys().map(|batch| (*batch, BatchResult::default())).collect();
    let mut by_hour: BTreeMap<u8, Total> = BTreeMap::new();
    let mut keys = Ascending::new("batches");
    if !plan.tables.receipts.is_empty() {
        engine.run(&plan.tables, &sql::batches(params), &mut |rows| {
            let columns = Columns(rows);
            let (batch, hours, standings) =
                (columns.hashes("batch")?, columns.integers("hour")?, columns.integers("standing")?);
            let (receipts, bytes) = (columns.integers("receipts")?, columns.sums("bytes")?);
            for row in 0..columns.rows() {
                let (hour, standing) = (hour(hours.at(row)?)?, standing(standings.at(row)?)?);
                keys.next((batch.at(row), hour, standing))?;
                let (receipts, bytes) = (receipts.at(row)?, bytes.at(row)?);
                by_hour.entry(hour).or_default().add(receipts, bytes)?;
                match results.get_mut(&batch.at(row)) {
                    Some(_) | None if standing == ELSEWHERE => {}
                    Some(result) => {
                        result.receipts.add(receipts, bytes)?;
                        if standing == COUNTED {
                            result.counted.add(receipts, bytes)?;
                        }
                    }
                    None => return Err(EngineError::refused("a batch counts that is not to be counted")),
                }
            }
            Ok(())
        })?;
    }
    require_totals("receipts of hour", &by_hour, &plan.receipts)?;
    let by_batch = results.iter().map(|(batch, result)| (*batch, result.receipts)).collect();
    require_totals("receipts of batch", &by_batch, &plan.batches)?;
    Ok(results)
}

/// Rejected receipts of the batches that count: place and verdict, by batch. There must be as many as the totals of batches say.
///
/// # Errors
/// [`EngineError`].
pub fn rejected(
    engine: &dyn Engine,
    plan: &Plan,
    params: &Params,
    totals: &BTreeMap<Hash, BatchResult>,
) -> Result<BTreeMap<Hash, Vec<(u32, ReceiptVerdict)>>, EngineError> {
    let mut results: BTreeMap<Hash, Vec<(u32, ReceiptVerdict)>> = BTreeMap::new();
    let mut keys = Ascending::new("rejected receipts");
    if !plan.tables.receipts.is_empty() {
        engine.run(&plan.tables, &sql::rejected(params), &mut |rows| {
            let columns = Columns(rows);
            let (batch, places, verdicts) =
                (columns.hashes("batch")?, columns.integers("place")?, columns.integers("verdict")?);
            for row in 0..columns.rows() {
                let place: u32 = places.at(row)?;
                keys.next((batch.at(row), place))?;
                let code: u8 = verdicts.at(row)?;
                let verdict = ReceiptVerdict::ALL.get(usize::from(code)).copied();
                let verdict = verdict.ok_or_else(|| EngineError::refused(format!("{code} is no verdict")))?;
                results.entry(batch.at(row)).or_default().push((place, verdict));
            }
            Ok(())
        })?;
    }
    let counts: BTreeMap<Hash, Total> =
        results.iter().map(|(batch, list)| (*batch, Total { rows: list.len() as u64, bytes: 0 })).collect();
    let expected: BTreeMap<Hash, Total> = plan
        .batches
        .keys()
        .filter_map(|batch| {
            let result = totals.get(batch)?;
            let rows = result.receipts.rows.checked_sub(result.counted.rows).filter(|rows| *rows > 0)?;
            Some((*batch, Total { rows, bytes: 0 }))
        })
        .collect();
    require_totals("rejected receipts of batch", &counts, &expected)?;
    Ok(results)
}

/// What was measured of every track with a receipt that counts.
///
/// # Errors
/// [`EngineError`], also if totals by hour differ.
pub fn tracks(engine: &dyn Engine, plan: &Plan, params: &Params) -> Result<BTreeMap<Hash, TrackResult>, EngineError> {
    let least = u128::from(params.min_kbps_per_recipient);
    let mut results: BTreeMap<Hash, (TrackResult, i64, u128)> = BTreeMap::new();
    let mut by_hour: BTreeMap<u8, Total> = BTreeMap::new();
    let mut keys = Ascending::new("tracks");
    if !plan.tables.receipts.is_empty() {
        engine.run(&plan.tables, &sql::tracks(params), &mut |rows| {
            let columns = Columns(rows);
            let (track, hours) = (columns.hashes("track")?, columns.integers("hour")?);
            let (receipts, bytes) = (columns.integers("receipts")?, columns.sums("bytes")?);
            let (counted, counted_bytes) = (columns.integers("counted_receipts")?, columns.sums("counted_bytes")?);
            let (recipient_ms, descriptors) = (columns.sums("recipient_ms")?, columns.integers("descriptor")?);
            let (heard_ms, heard_bits) = (columns.sums("heard_ms")?, columns.sums("heard_bits")?);
            for row in 0..columns.rows() {
                let hour = hour(hours.at(row)?)?;
                keys.next((track.at(row), hour))?;
                by_hour.entry(hour).or_default().add(receipts.at(row)?, bytes.at(row)?)?;
                let (result, descriptor, bits) =
                    results.entry(track.at(row)).or_insert((TrackResult::default(), -1, 0));
                result.counted.add(counted.at(row)?, counted_bytes.at(row)?)?;
                add(&mut result.recipient_ms, recipient_ms.at(row)?)?;
                add(&mut result.listener_ms, heard_ms.at(row)?)?;
                add(bits, heard_bits.at(row)?)?;
                *descriptor = (*descriptor).max(descriptors.at(row)?);
            }
            Ok(())
        })?;
    }
    require_totals("receipts of hour", &by_hour, &plan.receipts)?;
    let counted = results.into_iter().filter(|(_, (result, ..))| result.counted.rows > 0);
    counted
        .map(|(track, (mut result, descriptor, bits))| {
            let whole = bits.checked_rem(least) == Some(0);
            let in_part = bits.checked_div(least).filter(|_| whole);
            add(&mut result.listener_ms, in_part.ok_or_else(|| EngineError::refused("a sum has a remainder"))?)?;
            let fields = u8::try_from(descriptor & 15).ok().filter(|fields| descriptor >= 0 && *fields <= 8);
            result.metadata_fields = fields.ok_or_else(|| EngineError::refused("a track has no descriptor"))?;
            Ok((track, result))
        })
        .collect()
}

fn add(sum: &mut u128, term: u128) -> Result<(), EngineError> {
    *sum = sum.checked_add(term).ok_or(Overflow)?;
    Ok(())
}

/// Hands over every cell that counts, by DID, track, role and hour; shard after shard, with the DIDs of a shard first.
///
/// Bytes and rows of every hour and shard must be those of the control totals, and the bytes of every track those that its
/// receipts came to: what was handed over counts only if this ends well.
///
/// # Errors
/// [`EngineError`], also if totals differ; of `each`.
pub fn cells(
    engine: &dyn Engine,
    plan: &Plan,
    params: &Params,
    tracks: &BTreeMap<Hash, TrackResult>,
    each: &mut (dyn FnMut(Piece) -> Result<(), EngineError> + Send),
) -> Result<(), EngineError> {
    let mut by_place: BTreeMap<(u8, u32), Total> = BTreeMap::new();
    let mut by_track: HashMap<Hash, u128> = HashMap::new();
    let mut keys = Ascending::new("cells");
    for (shard, tables) in (0u32..).zip(&plan.by_shard).filter(|(_, tables)| !tables.contributions.is_empty()) {
        each(Piece::Dids(dids(engine, tables)?))?;
        engine.run(tables, &sql::cells(params), &mut |rows| {
            let columns = Columns(rows);
            let (did_hashes, track) = (columns.hashes("did_hash")?, columns.hashes("track")?);
            let (roles, hours, standings) =
                (columns.integers("role")?, columns.integers("hour")?, columns.integers("standing")?);
            let (contributions, sums) = (columns.integers("contributions")?, columns.sums("bytes")?);
            let mut counted = Vec::with_capacity(columns.rows());
            for row in 0..columns.rows() {
                let (did_hash, track, role) = (did_hashes.at(row), track.at(row), roles.at(row)?);
                let (hour, standing) = (hour(hours.at(row)?)?, standing(standings.at(row)?)?);
                keys.next((did_hash, track, role, hour, standing))?;
                if shard_of(&did_hash, plan.shards) != shard {
                    return Err(EngineError::refused("a cell is in the shard of another DID"));
                }
                let bytes: u128 = sums.at(row)?;
                by_place.entry((hour, shard)).or_default().add(contributions.at(row)?, bytes)?;
                if standing == COUNTED {
                    add(by_track.entry(track).or_default(), bytes)?;
                    let bytes = u64::try_from(bytes).map_err(|_| Overflow)?;
                    counted.push(CellResult { did_hash, track, role, hour, bytes });
                }
            }
            each(Piece::Cells(counted))
        })?;
    }
    require_totals("contributions of hour and shard", &by_place, &plan.contributions)?;
    let total = |bytes: u128| Total { rows: 0, bytes };
    let found = by_track.into_iter().map(|(track, bytes)| (track, total(bytes))).collect();
    let expected = tracks.iter().map(|(track, result)| (*track, total(result.counted.bytes))).collect();
    require_totals("cells of track", &found, &expected)
}

/// A part of what [`cells`] hands over.
#[derive(Clone, Debug)]
pub enum Piece {
    /// The DIDs of the shard whose cells follow, by hash, and perhaps others.
    Dids(Vec<(Hash, String)>),
    /// Cells that count.
    Cells(Vec<CellResult>),
}

/// DIDs by hash, each checked against it.
fn dids(engine: &dyn Engine, tables: &Tables) -> Result<Vec<(Hash, String)>, EngineError> {
    let mut found = Vec::new();
    if !tables.dids.is_empty() {
        let mut keys = Ascending::new("DIDs");
        engine.run(tables, &sql::dids(), &mut |rows| {
            let columns = Columns(rows);
            let (hashes, texts) = (columns.hashes("did_hash")?, columns.texts("did")?);
            for row in 0..columns.rows() {
                let (hash, did) = (hashes.at(row), texts.value(row));
                keys.next(hash)?;
                if sha256(&[did.as_bytes()]) != hash {
                    return Err(EngineError::refused("a DID is not the one of its hash"));
                }
                found.push((hash, did.to_owned()));
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// SFU and name of every track of `wanted`. Each is checked against its key.
///
/// # Errors
/// [`EngineError`], also if one is not there.
pub fn track_names(
    engine: &dyn Engine,
    plan: &Plan,
    wanted: &BTreeMap<Hash, TrackResult>,
) -> Result<BTreeMap<Hash, ([u8; 32], String)>, EngineError> {
    let mut found = BTreeMap::new();
    if !wanted.is_empty() && !plan.tables.tracks.is_empty() {
        let mut keys = Ascending::new("names of tracks");
        engine.run(&plan.tables, &sql::track_names(), &mut |rows| {
            let columns = Columns(rows);
            let (tracks, sfus, texts) = (columns.hashes("track")?, columns.hashes("sfu")?, columns.texts("track_id")?);
            for row in 0..columns.rows() {
                let (track, sfu, name) = (tracks.at(row), sfus.at(row), texts.value(row));
                keys.next(track)?;
                if !wanted.contains_key(&track) {
                    continue;
                }
                if track_key(&sfu, name) != track {
                    return Err(EngineError::refused("a track is not the one of its key"));
                }
                found.insert(track, (sfu, name.to_owned()));
            }
            Ok(())
        })?;
    }
    if found.len() == wanted.len() { Ok(found) } else { Err(EngineError::refused("the name of a track is not there")) }
}
