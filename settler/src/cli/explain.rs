//! `settler explain DID --epoch N`.

use super::Context;
use crate::artefact::explanation::{self, Explanation, ReceiptLine, Verdict};
use crate::artefact::source::BatchSource as _;
use crate::artefact::verify::Recomputed;
use crate::artefact::{folder_name, payout};
use crate::epoch::adopt;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;
use crate::words::amount::{bloom, factor};

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
    let (cells, weight) = explanation::cells(&recomputed.terms, &recomputed.settlement, &args.did)?;
    let settlement = &recomputed.settlement;
    let document = Explanation {
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
        let verdicts = Verdict::Receipts(&accepted.receipts.verdicts);
        for line in explanation::lines(&accepted.header, &batch, verdicts, did) {
            count += 1;
            if lines.len() < limit {
                lines.push(line);
            }
        }
    }
    Ok((lines, count))
}

fn show(document: &Explanation) -> String {
    let mut receipts = Table::new(&[">seq", ">receipt", "track", "role", ">bytes", "verdict"]);
    for line in &document.receipts {
        receipts.row([
            line.seq.to_string(),
            line.position.to_string(),
            line.track_id.clone(),
            line.role.clone(),
            line.bytes.to_string(),
            line.verdict.clone(),
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
            line.role.clone(),
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
    let Explanation { payout, receipts_in_all, .. } = document;
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
