//! `settler attest EPOCH --from DIR`.

use std::path::PathBuf;

use serde::Serialize;

use super::Context;
use crate::epoch::adopt::LowerStop;
use crate::epoch::attest::{self, Attested, Report, Request};
use crate::epoch::post::Posted;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::store::Store;
use crate::words::amount::bloom;

/// Check another settler's candidate and support it on chain.
///
/// The candidate must be on chain, and its folder as published must be given. Before anything is sent, the folder is checked in
/// full: every signature, every verdict, the statement recomputed under the chain's parameters and registry; every batch that
/// this settler received before the grace ended must be in it, and no equivocation known here may be ignored. Its batches are then
/// stored here, so that this settler can answer for what it supports. The first difference ends the command with 3.
///
/// With --all, every candidate whose folder is given is attested to, in order. A settler that supports a candidate already gives way
/// only to one with more support (among equals: with the lesser commitment), so that two settlers never change places for ever.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The epoch.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub epoch: Option<u64>,
    /// Every epoch of which a candidate waits for support.
    #[arg(long)]
    pub all: bool,
    /// Folder of another settler's sealed epochs (its DATA/epochs, or one epoch's folder).
    #[arg(long, value_name = "DIR", required = true)]
    pub from: Vec<PathBuf>,
    /// Check and print, but write and send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Serialize)]
struct Line {
    epoch: u64,
    standing: &'static str,
    commitment: String,
    support: Option<u8>,
    threshold: Option<u8>,
    #[serde(with = "radio_payouts_protocol::json")]
    pool_base_units: u64,
    batches: u32,
    transaction: Option<String>,
    sent: bool,
    folder: String,
    lower_stops: Vec<LowerStop>,
}

#[derive(Serialize)]
struct Document {
    attested: Vec<Line>,
    rest: String,
}

/// Attests and prints to what.
///
/// # Errors
/// Exit 3 with the first difference, exit 4 if the flag is off or the key is no settler's, exit 75 if no candidate was posted yet.
pub fn run(args: &Args, context: &Context) -> Outcome {
    context.config()?.require_demo_flag()?;
    let request = Request { epoch: args.epoch, from: args.from.clone() };
    let report = if args.dry_run {
        let store = Store::open_read_only(&context.data()?)?;
        attest::dry_run(&store, context.chain()?.as_ref(), &request)?
    } else {
        let key = context.keypair()?;
        let mut sender = context.sender()?;
        let mut store = context.store()?;
        attest::run(&mut store, &mut sender, &key, &request)?
    };
    context.output.emit(&document(report), show)
}

fn document(report: Report) -> Document {
    Document { attested: report.attested.into_iter().map(line).collect(), rest: report.rest }
}

fn line(attested: Attested) -> Line {
    let manifest = &attested.artefact.manifest;
    let (standing, landed, support) = match &attested.posted {
        None => ("would be supported", None, None),
        Some(Posted::Already) => ("in force already", None, None),
        Some(Posted::InForce(landed)) => ("in force", Some(landed), None),
        Some(Posted::Supported(Some(landed), support, threshold)) => {
            ("supported", Some(landed), Some((*support, *threshold)))
        }
        Some(Posted::Supported(None, support, threshold)) => ("supported already", None, Some((*support, *threshold))),
    };
    Line {
        epoch: manifest.statement.epoch,
        standing,
        commitment: hex::encode(manifest.commitment),
        support: support.map(|(support, _)| support),
        threshold: support.map(|(_, threshold)| threshold),
        pool_base_units: manifest.statement.pool,
        batches: manifest.statement.batches.count,
        transaction: landed.map(|landed| landed.signature.to_string()),
        sent: landed.is_some(),
        folder: attested.artefact.folder.display().to_string(),
        lower_stops: attested.lower_stops,
    }
}

fn show(document: &Document) -> String {
    let mut text = String::new();
    if !document.attested.is_empty() {
        let mut table = Table::new(&["epoch", "standing", ">batches", ">pool BLOOM", "commitment", "transaction"]);
        for line in &document.attested {
            let standing = match (line.support, line.threshold) {
                (Some(support), Some(threshold)) => format!("{} ({support} of {threshold})", line.standing),
                _ => line.standing.to_owned(),
            };
            table.row([
                line.epoch.to_string(),
                standing,
                line.batches.to_string(),
                bloom(line.pool_base_units),
                line.commitment.clone(),
                line.transaction.clone().unwrap_or_else(|| "none".to_owned()),
            ]);
        }
        text.push_str(&table.to_string());
    }
    for stop in document.attested.iter().flat_map(|line| &line.lower_stops) {
        text.push_str(&format!("the candidate may leave this out, it came late: {stop}\n"));
    }
    text.push_str(&document.rest);
    text
}
