//! Why a share is what it is: receipts, cells with every factor, floors, leaf. The document of `settler explain` and of the API.

use radio_payouts_protocol::batch::{Batch, BatchHeader, BatchVerdict, ReceiptVerdict, Role};
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::weights::{Factors, cell_weight};
use schemars::JsonSchema;
use serde::Serialize;

use super::payout::Payout;
use super::{Terms, sfu_name};

/// What one receipt says of a contributor, and whether it counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ReceiptLine {
    /// The SFU's DID.
    pub sfu: String,
    /// The batch.
    pub seq: u64,
    /// Position in it, from 0.
    pub position: usize,
    /// The track.
    pub track_id: String,
    /// The receipt's time in Unix milliseconds.
    pub timestamp_ms: u64,
    /// In what role the bytes were delivered.
    pub role: String,
    /// What it says.
    pub bytes: u64,
    /// `accepted`, or why it does not count: a verdict of the receipt, or of its batch.
    pub verdict: String,
}

/// A cell: the bytes of one contributor on one track in one role and hour, with every factor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct CellLine {
    /// The track.
    pub track_id: String,
    /// The role.
    pub role: String,
    /// Hour of the day, UTC.
    pub hour_utc: u8,
    /// Accepted bytes.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub bytes: u64,
    /// Price of the role, in bps as all factors.
    pub role_bps: u32,
    /// Active in enough recent epochs.
    pub consistency_bps: u32,
    /// Delivered in a peak hour.
    pub peak_bps: u32,
    /// Known for long.
    pub long_term_bps: u32,
    /// `floor(consistency * peak * long_term / 10^8)`.
    pub time_bps: u32,
    /// Track of high measured bit rate.
    pub high_quality_bps: u32,
    /// Track with rich metadata.
    pub metadata_rich_bps: u32,
    /// Track much listened to.
    pub popular_bps: u32,
    /// `floor(high_quality * metadata_rich * popular / 10^8)`.
    pub quality_bps: u32,
    /// `bytes * role * time * quality`.
    pub weight_e12: String,
}

/// A share, line by line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// `provisional` until the chain says that the epoch is ratified.
    pub standing: &'static str,
    /// The epoch.
    pub epoch: u64,
    /// Number of receipts that name the contributor.
    pub receipts_in_all: usize,
    /// The first of them.
    pub receipts: Vec<ReceiptLine>,
    /// Bytes and factors.
    pub cells: Vec<CellLine>,
    /// Sum of the cells' weights.
    pub weight_e12: String,
    /// Effective bytes of all contributors.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub total_effective_bytes: u64,
    /// Base units that were split.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub pool_base_units: u64,
    /// Most that one contributor gets.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub cap_base_units: u64,
    /// What it came to.
    pub payout: Payout,
}

/// Why a receipt does not count: its own verdict, or that of its whole batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict<'a> {
    /// The batch counts; a verdict for each receipt that does not.
    Receipts(&'a [Option<ReceiptVerdict>]),
    /// The batch does not count.
    Batch(BatchVerdict),
}

impl Verdict<'_> {
    fn of(&self, position: usize) -> &'static str {
        match self {
            Self::Batch(verdict) => verdict.as_str(),
            Self::Receipts(verdicts) => {
                verdicts.get(position).copied().flatten().map_or("accepted", ReceiptVerdict::as_str)
            }
        }
    }
}

/// What the receipts of a batch say of a contributor, in their order.
pub fn lines<'a>(
    header: &'a BatchHeader,
    batch: &'a Batch,
    verdict: Verdict<'a>,
    did: &'a str,
) -> impl Iterator<Item = ReceiptLine> + 'a {
    batch.receipts.iter().enumerate().flat_map(move |(position, receipt)| {
        let entries = receipt.contributors.iter().filter(move |entry| entry.did == did);
        entries.map(move |entry| ReceiptLine {
            sfu: sfu_name(&header.sfu_key),
            seq: header.seq,
            position,
            track_id: receipt.track_id.clone(),
            timestamp_ms: receipt.timestamp,
            role: entry.role.unwrap_or(Role::Uploader).as_str().to_owned(),
            bytes: entry.bytes_out,
            verdict: verdict.of(position).to_owned(),
        })
    })
}

/// The cells of a contributor with their factors, and the sum of their weights.
///
/// # Errors
/// If a weight overflows, which no valid input does.
pub fn cells(terms: &Terms, settlement: &Settlement, did: &str) -> anyhow::Result<(Vec<CellLine>, u128)> {
    let (mut lines, mut sum) = (Vec::new(), 0u128);
    let contributors = &settlement.cells.contributors;
    for cell in &settlement.cells.cells {
        let Some(contributor) = contributors.get(cell.contributor as usize).filter(|someone| someone.did == did) else {
            continue;
        };
        let Some(track) = settlement.cells.tracks.get(cell.track as usize) else { continue };
        let record = settlement.history.get(&contributor.did_hash);
        let factors = Factors::of(&terms.params, terms.epoch, cell, track, record);
        let weight = cell_weight(cell.bytes, &factors).ok_or_else(|| anyhow::anyhow!("a weight overflows"))?;
        sum = sum.saturating_add(weight);
        lines.push(CellLine {
            track_id: track.track_id.clone(),
            role: cell.role.as_str().to_owned(),
            hour_utc: cell.hour,
            bytes: cell.bytes,
            role_bps: factors.role,
            consistency_bps: factors.consistency,
            peak_bps: factors.peak,
            long_term_bps: factors.long_term,
            time_bps: factors.time,
            high_quality_bps: factors.high_quality,
            metadata_rich_bps: factors.metadata_rich,
            popular_bps: factors.popular,
            quality_bps: factors.quality,
            weight_e12: weight.to_string(),
        });
    }
    Ok((lines, sum))
}
