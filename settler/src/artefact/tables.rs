//! The tables of an artefact: what each column is. Each is written row by row, from a settlement in memory or from a stream.

use std::borrow::Cow;
use std::io::Write;

use radio_payouts_protocol::batch::{BatchHeader, Receipt, ReceiptVerdict};
use radio_payouts_protocol::cells::{Cell, Cells, Track};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::history::{History, HistoryChange, HistoryRecord};
use radio_payouts_protocol::settlement::{AcceptedBatch, Settlement};
use radio_payouts_protocol::weights::{Factors, cell_weight};
use rayon::prelude::*;

use super::envelopes;
use super::payout::Payout;
use super::sheet::{Column, Kind, Sheet, Value};
use super::source;
use super::source::BatchSource;
use super::terms::Terms;

/// `receipts.parquet`: the receipts of accepted batches that were rejected, by (SFU, seq, position). One that is not in it is accepted.
///
/// # Errors
/// If a batch cannot be loaded or the file not be written.
pub fn receipts<W: Write + Send>(
    accepted: &[AcceptedBatch],
    batches: &dyn BatchSource,
    writer: W,
) -> anyhow::Result<()> {
    let mut sheet = Sheet::new(
        writer,
        &[
            Column("sfu", Kind::Hash, false),
            Column("seq", Kind::Integer, false),
            Column("position", Kind::Integer, false),
            Column("room_id", Kind::Text, false),
            Column("track_id", Kind::Text, false),
            Column("timestamp_ms", Kind::Integer, false),
            Column("recipients", Kind::Integer, false),
            Column("contributors", Kind::Integer, false),
            Column("bytes", Kind::Integer, false),
            Column("verdict", Kind::Text, false),
        ],
    )?;
    let has_rejected = |batch: &&AcceptedBatch| batch.receipts.verdicts.iter().any(Option::is_some);
    let accepted: Vec<&AcceptedBatch> = accepted.iter().filter(has_rejected).collect();
    for some in accepted.chunks(envelopes::AT_A_TIME) {
        let headers: Vec<BatchHeader> = some.iter().map(|batch| batch.header).collect();
        let envelopes = batches.envelopes(&headers)?;
        let read = some.par_iter().zip(&envelopes).map(|(batch, envelope)| rejected(batch, envelope));
        for row in read.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten() {
            let Rejected { header, position, verdict, receipt, contributors, bytes } = row;
            sheet.row(&[
                Value::Hash(&header.sfu_key),
                header.seq.into(),
                position.into(),
                Value::Text(&receipt.room_id),
                Value::Text(&receipt.track_id),
                receipt.timestamp.into(),
                receipt.recipients.into(),
                Value::Number(contributors as u128),
                bytes.into(),
                Value::Text(verdict.as_str()),
            ])?;
        }
    }
    sheet.finish()
}

/// A rejected receipt; its contributors are only counted.
struct Rejected<'a> {
    header: &'a BatchHeader,
    position: u32,
    verdict: ReceiptVerdict,
    receipt: Receipt<Cow<'a, str>>,
    contributors: usize,
    bytes: u128,
}

fn rejected<'a>(accepted: &'a AcceptedBatch, envelope: &'a [u8]) -> anyhow::Result<Vec<Rejected<'a>>> {
    let batch = source::read(&accepted.header, envelope)?;
    let judged = (0u32..).zip(batch.receipts.into_iter().zip(&accepted.receipts.verdicts));
    let rejected = judged.filter_map(|(position, (mut receipt, verdict))| {
        let contributors = std::mem::take(&mut receipt.contributors);
        Some(Rejected {
            header: &accepted.header,
            position,
            verdict: (*verdict)?,
            receipt,
            contributors: contributors.len(),
            bytes: contributors.iter().map(|entry| u128::from(entry.bytes_out)).sum(),
        })
    });
    Ok(rejected.collect())
}

/// `cells.parquet` being written: bytes and every factor of every cell.
pub struct CellsTable<'a, W: Write + Send> {
    sheet: Sheet<W>,
    terms: &'a Terms,
    tracks: &'a [Track],
}

impl<'a, W: Write + Send> CellsTable<'a, W> {
    /// Begins; cells will be of these tracks.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new(writer: W, terms: &'a Terms, tracks: &'a [Track]) -> anyhow::Result<Self> {
        let bps = |name| Column(name, Kind::Integer, false);
        let columns = [
            Column("did_hash", Kind::Hash, false),
            Column("sfu", Kind::Hash, false),
            Column("track_id", Kind::Text, false),
            Column("role", Kind::Text, false),
            Column("hour_utc", Kind::Integer, false),
            Column("bytes", Kind::Integer, false),
            bps("role_bps"),
            bps("consistency_bps"),
            bps("peak_bps"),
            bps("long_term_bps"),
            bps("time_bps"),
            bps("high_quality_bps"),
            bps("metadata_rich_bps"),
            bps("popular_bps"),
            bps("quality_bps"),
            Column("weight_e12", Kind::Wide, false),
        ];
        Ok(Self { sheet: Sheet::new(writer, &columns)?, terms, tracks })
    }

    /// Adds a contributor's cell; `record` is its history after the epoch.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn cell(&mut self, did_hash: &Hash, cell: &Cell, record: Option<&HistoryRecord>) -> anyhow::Result<()> {
        let track = self.tracks.get(cell.track as usize).ok_or_else(|| anyhow::anyhow!("a cell of nothing"))?;
        let factors = Factors::of(&self.terms.params, self.terms.epoch, cell, track, record);
        let weight = cell_weight(cell.bytes, &factors).ok_or_else(|| anyhow::anyhow!("a weight overflows"))?;
        self.sheet.row(&[
            Value::Hash(did_hash),
            Value::Hash(&track.sfu_key),
            Value::Text(&track.track_id),
            Value::Text(cell.role.as_str()),
            cell.hour.into(),
            cell.bytes.into(),
            factors.role.into(),
            factors.consistency.into(),
            factors.peak.into(),
            factors.long_term.into(),
            factors.time.into(),
            factors.high_quality.into(),
            factors.metadata_rich.into(),
            factors.popular.into(),
            factors.quality.into(),
            weight.into(),
        ])
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        self.sheet.finish()
    }
}

/// `cells.parquet` of a settlement in memory.
///
/// # Errors
/// If the file cannot be written.
pub fn cells<W: Write + Send>(terms: &Terms, settlement: &Settlement, writer: W) -> anyhow::Result<()> {
    let Cells { contributors, tracks, cells } = &settlement.cells;
    let mut table = CellsTable::new(writer, terms, tracks)?;
    for cell in cells {
        let contributor = contributors.get(cell.contributor as usize);
        let contributor = contributor.ok_or_else(|| anyhow::anyhow!("a cell of nobody"))?;
        table.cell(&contributor.did_hash, cell, settlement.history.get(&contributor.did_hash))?;
    }
    table.finish()
}

/// `tracks.parquet`: what was measured of every track.
///
/// # Errors
/// If the file cannot be written.
pub fn tracks<W: Write + Send>(tracks: &[Track], writer: W) -> anyhow::Result<()> {
    let mut sheet = Sheet::new(
        writer,
        &[
            Column("sfu", Kind::Hash, false),
            Column("track_id", Kind::Text, false),
            Column("bytes", Kind::Integer, false),
            Column("recipient_ms", Kind::Wide, false),
            Column("listener_ms", Kind::Wide, false),
            Column("kbps", Kind::Wide, false),
            Column("metadata_fields", Kind::Integer, false),
        ],
    )?;
    for track in tracks {
        sheet.row(&[
            Value::Hash(&track.sfu_key),
            Value::Text(&track.track_id),
            track.bytes.into(),
            track.recipient_ms.into(),
            track.listener_ms.into(),
            track.kbps().into(),
            track.metadata_fields.into(),
        ])?;
    }
    sheet.finish()
}

/// `payouts.parquet` being written: every contributor, with a leaf or the reason why there is none, by `did_hash`.
pub struct PayoutsTable<W: Write + Send>(Sheet<W>);

impl<W: Write + Send> PayoutsTable<W> {
    /// Begins.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new(writer: W) -> anyhow::Result<Self> {
        let columns = [
            Column("index", Kind::Integer, true),
            Column("did", Kind::Text, false),
            Column("did_hash", Kind::Hash, false),
            Column("payee", Kind::Hash, false),
            Column("bytes", Kind::Integer, false),
            Column("effective_bytes", Kind::Wide, false),
            Column("raw_base_units", Kind::Integer, false),
            Column("amount_base_units", Kind::Integer, false),
            Column("reason", Kind::Text, true),
        ];
        Ok(Self(Sheet::new(writer, &columns)?))
    }

    /// Adds a contributor.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn payout(&mut self, payout: &Payout) -> anyhow::Result<()> {
        self.0.row(&[
            payout.index.map_or(Value::Empty, Value::from),
            Value::Text(&payout.did),
            Value::Hash(&payout.did_hash),
            Value::Hash(&payout.payee),
            payout.bytes.into(),
            payout.effective_bytes.into(),
            payout.raw.into(),
            payout.amount.into(),
            payout.reason.as_deref().map_or(Value::Empty, Value::Text),
        ])
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        self.0.finish()
    }
}

/// `payouts.parquet` of a settlement in memory.
///
/// # Errors
/// If the file cannot be written.
pub fn payouts<W: Write + Send>(settlement: &Settlement, writer: W) -> anyhow::Result<()> {
    write_payouts(super::payout::all(settlement), writer)
}

/// As [`payouts()`], of these contributors, who must be in order.
///
/// # Errors
/// If the file cannot be written.
pub fn write_payouts<W: Write + Send>(mut payouts: impl Iterator<Item = Payout>, writer: W) -> anyhow::Result<()> {
    let mut table = PayoutsTable::new(writer)?;
    payouts.try_for_each(|payout| table.payout(&payout))?;
    table.finish()
}

/// `history.parquet` being written: the history before and after the epoch, by `did_hash`.
pub struct HistoryTable<W: Write + Send>(Sheet<W>);

impl<W: Write + Send> HistoryTable<W> {
    /// Begins.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new(writer: W) -> anyhow::Result<Self> {
        let columns = [
            Column("did_hash", Kind::Hash, false),
            Column("first_epoch_before", Kind::Wide, true),
            Column("activity_before", Kind::Wide, true),
            Column("first_epoch", Kind::Wide, true),
            Column("activity", Kind::Wide, true),
        ];
        Ok(Self(Sheet::new(writer, &columns)?))
    }

    /// Adds what became of a DID; who was in neither history has no row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn change(&mut self, change: &HistoryChange) -> anyhow::Result<()> {
        let HistoryChange { did_hash, before, after } = change;
        if before.is_none() && after.is_none() {
            return Ok(());
        }
        let first = |record: &Option<HistoryRecord>| record.map_or(Value::Empty, |record| record.first_epoch.into());
        let activity = |record: &Option<HistoryRecord>| record.map_or(Value::Empty, |record| record.activity.into());
        self.0.row(&[Value::Hash(did_hash), first(before), activity(before), first(after), activity(after)])
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        self.0.finish()
    }
}

/// `history.parquet` of a settlement in memory.
///
/// # Errors
/// If the file cannot be written.
pub fn history<W: Write + Send>(before: Option<&History>, after: &History, writer: W) -> anyhow::Result<()> {
    let mut table = HistoryTable::new(writer)?;
    let mut keys: Vec<_> =
        before.into_iter().chain([after]).flat_map(|history| history.iter().map(|(key, _)| key)).collect();
    keys.sort_unstable();
    keys.dedup();
    for did_hash in keys {
        let before = before.and_then(|history| history.get(did_hash)).copied();
        table.change(&HistoryChange { did_hash: *did_hash, before, after: after.get(did_hash).copied() })?;
    }
    table.finish()
}
