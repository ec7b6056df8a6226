//! `settler settle`: what cron runs.

use std::path::PathBuf;

use serde::Serialize;

use super::Context;
use crate::engine::Choice;
use crate::epoch::post::Posted;
use crate::epoch::settle::{self, Report, Request, Settled};
use crate::outcome::{Failure, Outcome};
use crate::output::{Table, note};
use crate::store::Store;
use crate::words::amount::bloom;

/// Seal an epoch, compute its payouts, publish its folder and post its root.
///
/// `--due` is for cron: it catches up every epoch whose end and grace have passed by the chain's clock, in order, and ends
/// with 0 when there is nothing to do. A run that was killed is continued by the next one; nothing is posted twice. With
/// several settlers each posts what its own batches lead to; equal commitments add up to the threshold. Give another
/// settler's folder with --from to adopt its candidate where yours differs only by batches that came late.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Settle this epoch.
    #[arg(long, conflicts_with = "due", required_unless_present = "due")]
    pub epoch: Option<u64>,
    /// Settle every epoch that is due.
    #[arg(long)]
    pub due: bool,
    /// Compute and print, but write and send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Pass over the epochs between the head and --epoch for good (from a day after their end).
    #[arg(long, requires = "epoch")]
    pub skip: bool,
    /// After a revocation: take orphaned epochs off the chain, then settle anew.
    #[arg(long)]
    pub reopen: bool,
    /// Folder of another settler's sealed epochs (its DATA/epochs, or one epoch's folder).
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// What adds up the receipts: auto, pure (everything in memory), datafusion (in this process, spills to disk), or
    /// spark://HOST:PORT. The folder and the commitment are the same with each.
    #[arg(long, value_name = "ENGINE", default_value = "auto", env = "RADIO_PAYOUTS_ENGINE")]
    pub engine: Choice,
}

#[derive(Serialize)]
struct Line {
    epoch: u64,
    stage: &'static str,
    standing: &'static str,
    commitment: String,
    #[serde(with = "radio_payouts_protocol::json")]
    pool_base_units: u64,
    #[serde(with = "radio_payouts_protocol::json")]
    payouts_base_units: u64,
    leaves: u32,
    batches: u32,
    transaction: Option<String>,
    compute_units: Option<u64>,
    posted: bool,
    folder: String,
}

#[derive(Serialize)]
struct Document {
    reopened: Vec<u64>,
    settled: Vec<Line>,
    rest: String,
}

/// Settles.
///
/// # Errors
/// Exit 4 if the flag is off or the key is no settler's, exit 3 if the chain holds another commitment, exit 75 if
/// another settlement runs or something is away.
pub fn run(args: &Args, context: &Context) -> Outcome {
    context.config()?.require_demo_flag()?;
    if args.dry_run {
        return dry_run(args, context);
    }
    let key = context.keypair()?;
    let mut sender = context.sender()?;
    let mut store = context.store()?;
    let request = Request {
        epoch: args.epoch,
        skip: args.skip,
        reopen: args.reopen,
        from: args.from.clone(),
        engine: args.engine.clone(),
    };
    let report = settle::run(&mut store, &mut sender, &key, &request, |epoch, stage| {
        note(format_args!("epoch {epoch}: {stage}"));
    })?;
    context.output.emit(&document(&report), show)
}

fn document(report: &Report) -> Document {
    Document {
        reopened: report.reopened.clone(),
        settled: report.settled.iter().map(line).collect(),
        rest: report.rest.clone(),
    }
}

fn line(settled: &Settled) -> Line {
    let manifest = &settled.artefact.manifest;
    let landed = match &settled.posted {
        Posted::InForce(landed) | Posted::Supported(Some(landed), ..) => Some(landed),
        Posted::Already | Posted::Supported(None, ..) => None,
    };
    Line {
        epoch: manifest.statement.epoch,
        stage: settled.stage.as_str(),
        standing: "provisional",
        commitment: hex::encode(manifest.commitment),
        pool_base_units: manifest.statement.pool,
        payouts_base_units: manifest.totals.allocated_base_units,
        leaves: manifest.statement.payouts.iter().map(|tree| tree.count).sum(),
        batches: manifest.statement.batches.count,
        transaction: landed.map(|landed| landed.signature.to_string()),
        compute_units: landed.and_then(|landed| landed.execution.as_ref()).map(|execution| execution.compute_units),
        posted: landed.is_some(),
        folder: settled.artefact.folder.display().to_string(),
    }
}

fn show(document: &Document) -> String {
    let mut text = String::new();
    for epoch in &document.reopened {
        text.push_str(&format!("epoch {epoch} was orphaned and is open again\n"));
    }
    if !document.settled.is_empty() {
        let heads = [
            "epoch",
            "stage",
            ">batches",
            ">leaves",
            ">pool BLOOM",
            ">payouts BLOOM",
            ">CU",
            "commitment",
            "transaction",
        ];
        let mut table = Table::new(&heads);
        for line in &document.settled {
            table.row([
                line.epoch.to_string(),
                line.stage.to_owned(),
                line.batches.to_string(),
                line.leaves.to_string(),
                bloom(line.pool_base_units),
                bloom(line.payouts_base_units),
                line.compute_units.map(|units| units.to_string()).unwrap_or_default(),
                line.commitment.clone(),
                line.transaction.clone().unwrap_or_else(|| "none: on chain already".to_owned()),
            ]);
        }
        text.push_str(&table.to_string());
        text.push_str("payouts are provisional: posted, not ratified\n");
    }
    text.push_str(&document.rest);
    text
}

fn dry_run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let store = Store::open_read_only(&context.data()?)?;
    let Some(run) = settle::dry_run(&store, chain.as_ref(), args.epoch, args.skip)? else {
        return context
            .output
            .emit(&Document { reopened: vec![], settled: vec![], rest: "nothing is due".into() }, show);
    };
    let rest = run.settlement.statement.payouts_sum().map_err(Failure::usage)?;
    let statement = crate::artefact::manifest::StatementJson::from(&run.settlement.statement);
    context.output.emit(&statement, |statement| {
        format!(
            "dry run of epoch {}: nothing was written or sent\ncommitment  {}\nbatches     {} accepted, {} bytes\npool        {} BLOOM\npayouts     {} BLOOM",
            statement.epoch,
            hex::encode(run.settlement.commitment),
            statement.batches.count,
            statement.batches.sum,
            bloom(statement.pool),
            bloom(rest)
        )
    })
}
