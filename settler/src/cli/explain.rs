//! `settler explain DID --epoch N`.

use radio_payouts_protocol::batch::Role;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::weights::{Factors, cell_weight};
use serde::Serialize;

use super::Context;
use super::amount::{bloom, factor};
use crate::artefact::payout::{self, Payout};
use crate::artefact::source::BatchSource as _;
use crate::artefact::verify::Recomputed;
use crate::artefact::{Terms, folder_name, sfu_name};
use crate::epoch::adopt;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;

/// Explain a contributor's share line by line: receipts, bytes, factors, floors, leaf.
///
/// Everything is recomputed from the epoch's signed batches; the last line is what the leaf says.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The contributor.
    pub did: String,
    /// The sealed epoch.
    #[arg(long)]
    pub epoch: u64,
    /// Most receipts to list; sums always cover all.
    #[arg(long, default_value_t = 40)]
    pub limit: usize,
}

#[derive(Serialize)]
struct ReceiptLine {
    sfu: String,
    seq: u64,
    position: usize,
    track_id: String,
    timestamp_ms: u64,
    role: &'static str,
    bytes: u64,
    verdict: &'static str,
}

#[derive(Serialize)]
struct CellLine {
    track_id: String,
    role: &'static str,
    hour_utc: u8,
    #[serde(with = "radio_payouts_protocol::json")]
    bytes: u64,
    role_bps: u32,
    consistency_bps: u32,
    peak_bps: u32,
    long_term_bps: u32,
    time_bps: u32,
    high_quality_bps: u32,
    metadata_rich_bps: u32,
    popular_bps: u32,
    quality_bps: u32,
    weight_e12: String,
}

#[derive(Serialize)]
struct Document {
    standing: &'static str,
    epoch: u64,
    receipts_in_all: usize,
    receipts: Vec<ReceiptLine>,
    cells: Vec<CellLine>,
    weight_e12: String,
    #[serde(with = "radio_payouts_protocol::json")]
    total_effective_bytes: u64,
    #[serde(with = "radio_payouts_protocol::json")]
    pool_base_units: u64,
    #[serde(with = "radio_payouts_protocol::json")]
    cap_base_units: u64,
    payout: Payout,
}

/// Prints the explanation.
///
/// # Errors
/// If the DID delivered nothing there; exit 3 if the folder is not right.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let folder = context.data()?.join("epochs").join(folder_name(args.epoch));
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "epoch {} is not sealed here; `settler estimate` shows the running one",
            args.epoch
        )));
    }
    let recomputed = Recomputed::from_folder(&folder).map_err(adopt::failure)?;
    let (receipts, receipts_in_all) = receipts(&recomputed, &args.did, args.limit)?;
    let payout = payout::all(&recomputed.settlement).find(|payout| payout.did == args.did);
    let Some(payout) = payout else {
        let named = if receipts_in_all == 0 {
            "no accepted batch names it; `settler rejects` shows refused inputs and rejected batches".to_owned()
        } else {
            let verdicts: Vec<String> = receipts
                .iter()
                .map(|line| format!("seq {} receipt {}: {}", line.seq, line.position, line.verdict))
                .collect();
            format!("its receipts were rejected: {}", verdicts.join(", "))
        };
        return Err(Failure::usage(format!(
            "{} delivered nothing that counts in epoch {}: {named}",
            args.did, args.epoch
        )));
    };
    let (cells, weight) = cells(&recomputed.terms, &recomputed.settlement, &args.did)?;
    let settlement = &recomputed.settlement;
    let document = Document {
        standing: "provisional",
        epoch: args.epoch,
        receipts_in_all,
        receipts,
        cells,
        weight_e12: weight.to_string(),
        total_effective_bytes: settlement.weights.total,
        pool_base_units: settlement.allocation.pool,
        cap_base_units: settlement.allocation.cap,
        payout,
    };
    context.output.emit(&document, show)
}

/// The receipts that name the DID, the first `limit` of them, and their number.
fn receipts(recomputed: &Recomputed, did: &str, limit: usize) -> Outcome<(Vec<ReceiptLine>, usize)> {
    let (mut lines, mut count) = (Vec::new(), 0);
    for accepted in &recomputed.settlement.batches {
        let batch = recomputed.batches.batch(&accepted.header)?;
        for (position, (receipt, verdict)) in batch.receipts.iter().zip(&accepted.receipts.verdicts).enumerate() {
            for entry in receipt.contributors.iter().filter(|entry| entry.did == did) {
                count += 1;
                if lines.len() < limit {
                    lines.push(ReceiptLine {
                        sfu: sfu_name(&accepted.header.sfu_key),
                        seq: accepted.header.seq,
                        position,
                        track_id: receipt.track_id.clone(),
                        timestamp_ms: receipt.timestamp,
                        role: entry.role.unwrap_or(Role::Uploader).as_str(),
                        bytes: entry.bytes_out,
                        verdict: verdict.map_or("accepted", |verdict| verdict.as_str()),
                    });
                }
            }
        }
    }
    Ok((lines, count))
}

fn cells(terms: &Terms, settlement: &Settlement, did: &str) -> Outcome<(Vec<CellLine>, u128)> {
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
            role: cell.role.as_str(),
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

fn show(document: &Document) -> String {
    let mut receipts = Table::new(&[">seq", ">receipt", "track", "role", ">bytes", "verdict"]);
    for line in &document.receipts {
        receipts.row([
            line.seq.to_string(),
            line.position.to_string(),
            line.track_id.clone(),
            line.role.to_owned(),
            line.bytes.to_string(),
            line.verdict.to_owned(),
        ]);
    }
    let heads = [
        "track",
        "role",
        ">hour",
        ">bytes",
        ">role",
        ">consistency",
        ">peak",
        ">long term",
        ">time",
        ">quality",
        ">metadata",
        ">popular",
        ">quality in all",
        ">effective bytes",
    ];
    let mut cells = Table::new(&heads);
    for line in &document.cells {
        let effective = line.weight_e12.parse::<u128>().unwrap_or_default() / 1_000_000_000_000;
        cells.row([
            line.track_id.clone(),
            line.role.to_owned(),
            line.hour_utc.to_string(),
            line.bytes.to_string(),
            factor(line.role_bps),
            factor(line.consistency_bps),
            factor(line.peak_bps),
            factor(line.long_term_bps),
            factor(line.time_bps),
            factor(line.high_quality_bps),
            factor(line.metadata_rich_bps),
            factor(line.popular_bps),
            factor(line.quality_bps),
            effective.to_string(),
        ]);
    }
    let Document { payout, receipts_in_all, .. } = document;
    let leaf = match (payout.index, &payout.reason) {
        (Some(index), _) => format!("leaf {index}"),
        (None, reason) => format!("no leaf: {}", reason.as_deref().unwrap_or_default()),
    };
    let payee =
        payout.payee_address().unwrap_or_else(|| "none of its own; the binding at the time of a claim".to_owned());
    format!(
        "{} in epoch {} (provisional)\n\n1. receipts ({} of {receipts_in_all})\n{receipts}\n2. bytes and factors by track, role and hour\n{cells}\n3. effective bytes = floor({} / 10^12) = {}\n4. share = floor(pool * effective / total) = floor({} * {} / {}) = {}\n5. amount = min(share, cap) = min({}, {}) = {} base units = {} BLOOM\n6. {leaf}; payee {payee}",
        payout.did,
        document.epoch,
        document.receipts.len(),
        document.weight_e12,
        payout.effective_bytes,
        document.pool_base_units,
        payout.effective_bytes,
        document.total_effective_bytes,
        payout.raw,
        payout.raw,
        document.cap_base_units,
        payout.amount,
        bloom(payout.amount),
    )
}
