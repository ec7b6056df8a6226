//! The demo in words and tables.

use std::path::Path;

use radio_payouts_client::state::Config;

use super::super::ingest::meaning;
use super::{Epoch, Story, share_of};
use crate::output::Table;
use crate::words::amount::bloom;

fn heading(text: &str) -> String {
    format!("\n━━ {text} {}\n\n", "━".repeat(96usize.saturating_sub(text.chars().count())))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("   {line}\n")).collect()
}

/// What the demo stands on.
pub(super) fn opening(config: &Config, genesis_hash: [u8; 32], events: u64) -> String {
    let mut table = Table::new(&["", ""]);
    table.row(["chain", "embedded: the program's real bytecode in a Solana virtual machine"]);
    table.row(["genesis hash", &bs58::encode(genesis_hash).into_string()]);
    table.row(["program", &radio_payouts_client::PROGRAM_ID.to_string()]);
    table.row(["domain", &hex::encode(config.domain)]);
    table.row([
        "epochs",
        &format!("{} s each, settled {} s after their end", config.epoch_seconds, config.times.grace_seconds),
    ]);
    table.row(["capture", &format!("{events} events of a Janus SFU with real WebRTC clients")]);
    let rows: String = table.to_string().lines().skip(1).map(|line| format!("{line}\n")).collect();
    format!("{}{}", heading("Radio Payouts: from signed receipts to a root on chain"), indent(&rows))
}

/// One epoch.
pub(super) fn epoch(epoch: &Epoch) -> String {
    let mut answers = Table::new(&["answer", ">inputs", "meaning"]);
    for (answer, count) in &epoch.answers.answers {
        answers.row([answer.as_str(), &count.to_string(), meaning(answer)]);
    }
    let mut verdicts = Table::new(&["verdict", ">count", "why"]);
    for (verdict, count, why) in &epoch.verdicts {
        verdicts.row([verdict.as_str(), &count.to_string(), why.as_str()]);
    }
    let mut payouts = Table::new(&[">leaf", "contributor", ">bytes", ">effective", ">BLOOM, provisional"]);
    for payout in &epoch.payouts {
        let index = payout.index.map_or_else(|| "none".to_owned(), |index| index.to_string());
        let did = match payout.payee_address() {
            Some(_) => payout.did.clone(),
            None => format!("{} (payee by binding)", payout.did),
        };
        payouts.row([index, did, payout.bytes.to_string(), payout.effective_bytes.to_string(), share_of(payout)]);
    }
    format!(
        "{}{}\n{}\n{}\n   pool {} BLOOM · commitment {}\n",
        heading(&format!("Epoch {}: {}", epoch.epoch, epoch.source)),
        indent(&answers.to_string()),
        indent(&verdicts.to_string()),
        indent(&payouts.to_string()),
        bloom(epoch.pool_base_units),
        epoch.commitment
    )
}

/// The proof and what was refused.
pub(super) fn proof(story: &Story) -> String {
    let Some(bundle) = &story.proven else { return String::new() };
    let mut table = Table::new(&["verify_share with", "the program says", ""]);
    table.row(["the share as it is", "accepted", ""]);
    for refused in &story.refused {
        table.row([refused.changed.as_str(), &format!("refused: {}", refused.error), refused.message.as_str()]);
    }
    format!(
        "{}   {} of epoch {}: {} BLOOM, leaf {}, {} siblings\n\n{}",
        heading("A share, proven on chain; every altered one refused there"),
        bundle.share.did,
        bundle.statement.epoch,
        bloom(bundle.share.amount_base_units),
        bundle.share.index,
        bundle.siblings.len(),
        indent(&table.to_string())
    )
}

/// Recomputation, transactions, and the last line.
pub(super) fn ending(story: &Story, kept: Option<&Path>) -> String {
    let mut recomputed =
        Table::new(&[">epoch", ">signatures checked", ">receipts judged", ">files compared", "statement on chain"]);
    for (epoch, batches, receipts, files) in &story.recomputed {
        recomputed.row([
            epoch.to_string(),
            batches.to_string(),
            receipts.to_string(),
            files.to_string(),
            "equal".to_owned(),
        ]);
    }
    let mut transactions = Table::new(&["transaction", ">compute units", "signature"]);
    for transaction in &story.transactions {
        transactions.row([
            transaction.what.as_str(),
            &transaction.compute_units.to_string(),
            transaction.signature.as_str(),
        ]);
    }
    let seconds = story.milliseconds / 1_000;
    let tenths = story.milliseconds % 1_000 / 100;
    let kept = kept.map_or_else(String::new, |folder| {
        let folder = folder.display();
        format!(
            "\n   Go on with it: settler -u embedded:{folder}/chain -k {folder}/settler.json --data {folder}/data verify 1\n"
        )
    });
    format!(
        "{}{}{}{}\n   {} transactions, everything equal, {seconds}.{tenths} s. Payouts are provisional: Demo mode is never paid.\n{kept}",
        heading("Recomputed from the signed batches, equal to the chain"),
        indent(&recomputed.to_string()),
        heading("Transactions"),
        indent(&transactions.to_string()),
        story.transactions.len(),
    )
}
