//! An epoch from rows: the protocol crate seals, the engine judges receipts and adds up, the protocol crate concludes.
//!
//! The capacity of an SFU cuts by the order of its receipts, which no sum knows. So receipts are added up by batch first; the rare SFU
//! whose sum exceeds its capacity is left out of the plan and goes the pure path alone, as does one of which a batch was
//! received twice.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use radio_payouts_protocol::batch::{Batch, BatchHeader};
use radio_payouts_protocol::cells::{BatchReceipts, Cell, CellBuilder, Cells, Overflow, Track};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::Params;
use radio_payouts_protocol::registry::Sfu;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::{
    AcceptedBatch, Setting, Settlement, SettlementError, conclude, registered, seal_all,
};

use crate::check::TrackResult;
use crate::engine::Engine;
use crate::merge::{EachRun, Merge, Tracks};
use crate::plan::{Catalogue, Plan};
use crate::{EngineError, Rows, check};

/// Receipts judged, and what is left to add up.
pub struct Judged {
    /// Sealing of every SFU, by key.
    pub seals: Vec<SfuSeal>,
    /// Accepted batches by (SFU key, seq).
    pub batches: Vec<AcceptedBatch>,
    plan: Plan,
    measured: BTreeMap<Hash, TrackResult>,
    tracks: Tracks,
    /// What the pure path added up.
    others: Cells,
}

impl Judged {
    /// Every track with an accepted receipt, by (SFU key, track id).
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks.tracks
    }

    /// Hands over all contributors with their cells, in runs, by `did_hash`. What was handed over counts only if this ends well.
    ///
    /// # Errors
    /// [`EngineError`], also of `each`.
    pub fn contributors(&self, engine: &dyn Engine, params: &Params, each: EachRun<'_>) -> Result<(), EngineError> {
        let mut merge = Merge::new(&self.tracks, &self.others, each);
        check::cells(engine, &self.plan, params, &self.measured, &mut |piece| merge.take(piece))?;
        merge.finish()
    }
}

/// Seals and judges the batches of an epoch, the protocol crate's and the engine's part of
/// [`radio_payouts_protocol::settlement::settle`].
///
/// `load` is asked for batches of SFUs that go the pure path only. `folder` takes what the plan needs on disk.
///
/// # Errors
/// [`EngineError`]: what is wrong with rows or result is never settled.
pub fn judge<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    setting: &Setting<'_>,
    held: &[BatchHeader],
    rows: &Rows,
    engine: &dyn Engine,
    folder: &Path,
    mut load: impl FnMut(&BatchHeader) -> Result<Batch, E>,
) -> Result<Judged, EngineError> {
    let beyond = || EngineError::Settlement("the epoch lies beyond the calendar".to_owned());
    setting.calendar.end_ms(setting.epoch).ok_or_else(beyond)?;
    let seals = seal_all(setting, held);
    let sfus = registered(setting);
    let accepted: Vec<BatchHeader> = seals.iter().flat_map(SfuSeal::accepted).copied().collect();
    let catalogue = Catalogue::find(rows, &accepted)?;
    let repeated = accepted.iter().filter(|header| catalogue.is_repeated(&header.hash));
    let mut pure: HashSet<[u8; 32]> = repeated.map(|header| header.sfu_key).collect();

    let mut plan = catalogue.plan(&without(&accepted, &pure), folder)?;
    let mut totals = check::batches(engine, &plan, setting.params)?;
    let full = over_capacity(&sfus, &seals, &totals)?;
    if !full.is_empty() {
        pure.extend(full);
        plan = catalogue.plan(&without(&accepted, &pure), folder)?;
        totals = check::batches(engine, &plan, setting.params)?;
    }
    let measured = check::tracks(engine, &plan, setting.params)?;
    let names = check::track_names(engine, &plan, &measured)?;
    let rejected = check::rejected(engine, &plan, setting.params, &totals)?;

    let mut builder = CellBuilder::new(setting.params);
    let mut batches = Vec::with_capacity(accepted.len());
    for (sfu, seal) in sfus.iter().zip(&seals) {
        let is_pure = pure.contains(&sfu.key);
        if is_pure {
            builder.begin_sfu(sfu.key, sfu.max_bytes_per_epoch);
        }
        for header in seal.accepted() {
            let receipts = if is_pure {
                builder.add_batch(&load(header).map_err(|error| EngineError::Load(error.into()))?)?
            } else {
                let total = totals.get(&header.hash).ok_or(EngineError::MissingRows(header.hash))?;
                let rejected = rejected.get(&header.hash).map(Vec::as_slice).unwrap_or_default();
                let mut verdicts = vec![None; usize::try_from(total.receipts.rows).map_err(|_| Overflow)?];
                for (place, verdict) in rejected {
                    let place = verdicts.get_mut(*place as usize);
                    *place.ok_or_else(|| EngineError::refused("a receipt past the last of its batch"))? =
                        Some(*verdict);
                }
                BatchReceipts { verdicts, accepted_bytes: u64::try_from(total.counted.bytes).map_err(|_| Overflow)? }
            };
            batches.push(AcceptedBatch { header: *header, receipts });
        }
    }
    let others = builder.finish();
    let tracks = Tracks::of(&measured, names, &others.tracks)?;
    Ok(Judged { seals, batches, plan, measured, tracks, others })
}

/// Settles an epoch from rows, with everything in memory; the same arguments as
/// [`radio_payouts_protocol::settlement::settle`], and the same result.
///
/// # Errors
/// As [`judge`].
pub fn settle<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    setting: &Setting<'_>,
    held: &[BatchHeader],
    rows: &Rows,
    engine: &dyn Engine,
    folder: &Path,
    load: impl FnMut(&BatchHeader) -> Result<Batch, E>,
) -> Result<Settlement, EngineError> {
    let judged = judge(setting, held, rows, engine, folder, load)?;
    let mut cells = Cells { tracks: judged.tracks().to_vec(), ..Cells::default() };
    judged.contributors(engine, setting.params, &mut |run| {
        let first = u32::try_from(cells.contributors.len()).map_err(|_| Overflow)?;
        let place = |cell: Cell| Some(Cell { contributor: first.checked_add(cell.contributor)?, ..cell });
        cells.contributors.extend(run.contributors);
        for cell in run.cells {
            cells.cells.push(place(cell).ok_or(Overflow)?);
        }
        Ok(())
    })?;
    conclude(setting, judged.seals, judged.batches, cells)
        .map_err(|error: SettlementError<std::convert::Infallible>| EngineError::Settlement(error.to_string()))
}

fn without(headers: &[BatchHeader], sfus: &HashSet<[u8; 32]>) -> Vec<BatchHeader> {
    headers.iter().filter(|header| !sfus.contains(&header.sfu_key)).copied().collect()
}

/// SFUs of which more bytes would be accepted than their capacity allows.
fn over_capacity(
    sfus: &[Sfu],
    seals: &[SfuSeal],
    totals: &BTreeMap<Hash, check::BatchResult>,
) -> Result<Vec<[u8; 32]>, EngineError> {
    let mut full = Vec::new();
    for (sfu, seal) in sfus.iter().zip(seals) {
        let mut bytes = 0u128;
        for header in seal.accepted() {
            let counted = totals.get(&header.hash).map_or(0, |total| total.counted.bytes);
            bytes = bytes.checked_add(counted).ok_or(Overflow)?;
        }
        if bytes > u128::from(sfu.max_bytes_per_epoch) {
            full.push(sfu.key);
        }
    }
    Ok(full)
}
