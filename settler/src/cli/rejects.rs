//! `settler rejects`.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::Context;
use crate::artefact::batches::{VerdictLine, read_verdicts};
use crate::artefact::{Artefact, folder_name, receipts, sfu_name};
use crate::outcome::{Failure, Outcome};
use crate::output::Table;
use crate::store::rejects::{self, Reject};

/// Show what was not counted, and why.
///
/// Without --epoch: inputs that `ingest` refused (never held), newest last, with the answer and the exact reason. With
/// --epoch: the batches and receipts of that sealed epoch that were judged and rejected, with their verdict.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Verdicts of this sealed epoch instead of refused inputs.
    #[arg(long)]
    pub epoch: Option<u64>,
    /// Only what names this SFU (did:key).
    #[arg(long, value_name = "DID")]
    pub sfu: Option<String>,
    /// Most lines to show, the newest; totals count everything.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

#[derive(Serialize)]
struct Refused {
    totals: BTreeMap<String, u64>,
    rejects: VecDeque<Reject>,
}

#[derive(Serialize)]
struct Rejected {
    standing: &'static str,
    totals: BTreeMap<String, u64>,
    batches: Vec<VerdictLine>,
    receipts: Vec<receipts::Rejected>,
}

/// Prints rejects.
///
/// # Errors
/// If a log or folder cannot be read.
pub fn run(args: &Args, context: &Context) -> Outcome {
    match args.epoch {
        None => refused(args, context),
        Some(epoch) => rejected(args, context, epoch),
    }
}

fn refused(args: &Args, context: &Context) -> Outcome {
    let mut found = Refused { totals: BTreeMap::new(), rejects: VecDeque::new() };
    rejects::scan(&context.data()?.join("rejects"), |reject| -> Outcome {
        if args.sfu.is_some() && args.sfu != reject.sfu {
            return Ok(());
        }
        *found.totals.entry(reject.answer.clone()).or_default() += 1;
        found.rejects.push_back(reject);
        if found.rejects.len() > args.limit {
            found.rejects.pop_front();
        }
        Ok(())
    })?;
    context.output.emit(&found, |found| {
        if found.totals.is_empty() {
            return "nothing was refused".to_owned();
        }
        let mut table = Table::new(&["answer", "reason", "SFU", ">seq", "origin", ">line", ">bytes"]);
        for reject in &found.rejects {
            let (seq, sfu) = (reject.seq.map(|seq| seq.to_string()), reject.sfu.clone());
            table.row([
                reject.answer.clone(),
                reject.reason.clone(),
                sfu.unwrap_or_default(),
                seq.unwrap_or_default(),
                reject.origin.clone(),
                reject.line.to_string(),
                reject.length.to_string(),
            ]);
        }
        format!("{table}\n{}", totals(&found.totals))
    })
}

fn rejected(args: &Args, context: &Context, epoch: u64) -> Outcome {
    let folder = context.data()?.join("epochs").join(folder_name(epoch));
    if !folder.exists() {
        return Err(Failure::usage(format!("epoch {epoch} is not sealed here: {} is not there", folder.display())));
    }
    let artefact = Artefact::open(&folder)?;
    let wanted = |sfu: &str| args.sfu.as_deref().is_none_or(|wanted| wanted == sfu);
    let mut found =
        Rejected { standing: "provisional", totals: BTreeMap::new(), batches: Vec::new(), receipts: Vec::new() };
    read_verdicts(&artefact.folder, |line| {
        if line.verdict != "accepted" && wanted(&sfu_name(&line.header.sfu_key)) {
            *found.totals.entry(line.verdict.clone()).or_default() += 1;
            if found.batches.len() < args.limit {
                found.batches.push(line);
            }
        }
        Ok(())
    })?;
    receipts::rejected(&artefact, |rejected| {
        if wanted(&rejected.sfu) {
            *found.totals.entry(rejected.verdict.clone()).or_default() += 1;
            if found.receipts.len() < args.limit {
                found.receipts.push(rejected);
            }
        }
        Ok(())
    })?;
    context.output.emit(&found, |found| {
        if found.totals.is_empty() {
            return format!("epoch {epoch}: everything judged was accepted");
        }
        let mut table = Table::new(&["verdict", "SFU", ">seq", ">receipt", "room", "track", ">bytes"]);
        for line in &found.batches {
            table.row([
                line.verdict.clone(),
                sfu_name(&line.header.sfu_key),
                line.header.seq.to_string(),
                "whole batch".into(),
            ]);
        }
        for line in &found.receipts {
            table.row([
                line.verdict.clone(),
                line.sfu.clone(),
                line.seq.to_string(),
                line.position.to_string(),
                line.room_id.clone(),
                line.track_id.clone(),
                line.bytes.to_string(),
            ]);
        }
        format!("{table}\n{}", totals(&found.totals))
    })
}

fn totals(totals: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = totals.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    format!("in all: {}", parts.join(", "))
}
