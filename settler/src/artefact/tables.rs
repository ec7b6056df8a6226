//! The tables of an artefact: what each column is.

use std::io::Write;

use radio_payouts_protocol::cells::Cells;
use radio_payouts_protocol::history::History;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::weights::{Factors, cell_weight};

use super::payout::Payout;
use super::sheet::{Column, Kind, Sheet, Value};
use super::source::BatchSource;
use super::terms::Terms;

/// `receipts.parquet`: the verdict of every receipt of every accepted batch, by (SFU, seq, position).
///
/// # Errors
/// If a batch cannot be loaded or the file not be written.
pub fn receipts<W: Write + Send>(settlement: &Settlement, batches: &dyn BatchSource, writer: W) -> anyhow::Result<()> {
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
            Column("verdict", Kind::Text, true),
        ],
    )?;
    for accepted in &settlement.batches {
        let batch = batches.batch(&accepted.header)?;
        for (position, (receipt, verdict)) in (0u32..).zip(batch.receipts.iter().zip(&accepted.receipts.verdicts)) {
            let bytes: u128 = receipt.contributors.iter().map(|entry| u128::from(entry.bytes_out)).sum();
            sheet.row(&[
                Value::Hash(&accepted.header.sfu_key),
                accepted.header.seq.into(),
                position.into(),
                Value::Text(&receipt.room_id),
                Value::Text(&receipt.track_id),
                receipt.timestamp.into(),
                receipt.recipients.into(),
                Value::Number(receipt.contributors.len() as u128),
                bytes.into(),
                verdict.map_or(Value::Empty, |verdict| Value::Text(verdict.as_str())),
            ])?;
        }
    }
    sheet.finish()
}

/// `cells.parquet`: bytes and every factor of every cell.
///
/// # Errors
/// If the file cannot be written.
pub fn cells<W: Write + Send>(terms: &Terms, settlement: &Settlement, writer: W) -> anyhow::Result<()> {
    let bps = |name| Column(name, Kind::Integer, false);
    let mut sheet = Sheet::new(
        writer,
        &[
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
        ],
    )?;
    let Cells { contributors, tracks, cells } = &settlement.cells;
    for cell in cells {
        let contributor = contributors.get(cell.contributor as usize);
        let (Some(contributor), Some(track)) = (contributor, tracks.get(cell.track as usize)) else {
            anyhow::bail!("a cell of nobody or nothing");
        };
        let record = settlement.history.get(&contributor.did_hash);
        let factors = Factors::of(&terms.params, terms.epoch, cell, track, record);
        let weight = cell_weight(cell.bytes, &factors).ok_or_else(|| anyhow::anyhow!("a weight overflows"))?;
        sheet.row(&[
            Value::Hash(&contributor.did_hash),
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
        ])?;
    }
    sheet.finish()
}

/// `tracks.parquet`: what was measured of every track.
///
/// # Errors
/// If the file cannot be written.
pub fn tracks<W: Write + Send>(settlement: &Settlement, writer: W) -> anyhow::Result<()> {
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
    for track in &settlement.cells.tracks {
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

/// `payouts.parquet`: every contributor, with a leaf or the reason why there is none, by `did_hash`.
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
pub fn write_payouts<W: Write + Send>(payouts: impl Iterator<Item = Payout>, writer: W) -> anyhow::Result<()> {
    let mut sheet = Sheet::new(
        writer,
        &[
            Column("index", Kind::Integer, true),
            Column("did", Kind::Text, false),
            Column("did_hash", Kind::Hash, false),
            Column("payee", Kind::Hash, false),
            Column("bytes", Kind::Integer, false),
            Column("effective_bytes", Kind::Wide, false),
            Column("raw_base_units", Kind::Integer, false),
            Column("amount_base_units", Kind::Integer, false),
            Column("reason", Kind::Text, true),
        ],
    )?;
    for payout in payouts {
        sheet.row(&[
            payout.index.map_or(Value::Empty, Value::from),
            Value::Text(&payout.did),
            Value::Hash(&payout.did_hash),
            Value::Hash(&payout.payee),
            payout.bytes.into(),
            payout.effective_bytes.into(),
            payout.raw.into(),
            payout.amount.into(),
            payout.reason.as_deref().map_or(Value::Empty, Value::Text),
        ])?;
    }
    sheet.finish()
}

/// `history.parquet`: the history before and after the epoch, by `did_hash`.
///
/// # Errors
/// If the file cannot be written.
pub fn history<W: Write + Send>(before: Option<&History>, after: &History, writer: W) -> anyhow::Result<()> {
    let mut sheet = Sheet::new(
        writer,
        &[
            Column("did_hash", Kind::Hash, false),
            Column("first_epoch_before", Kind::Wide, true),
            Column("activity_before", Kind::Wide, true),
            Column("first_epoch", Kind::Wide, true),
            Column("activity", Kind::Wide, true),
        ],
    )?;
    let mut keys: Vec<_> =
        before.into_iter().chain([after]).flat_map(|history| history.iter().map(|(key, _)| key)).collect();
    keys.sort_unstable();
    keys.dedup();
    for did_hash in keys {
        let mut row = vec![Value::Hash(did_hash)];
        for record in [before.and_then(|history| history.get(did_hash)), after.get(did_hash)] {
            row.push(record.map_or(Value::Empty, |record| record.first_epoch.into()));
            row.push(record.map_or(Value::Empty, |record| record.activity.into()));
        }
        sheet.row(&row)?;
    }
    sheet.finish()
}
