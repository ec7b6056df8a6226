//! `settler ingest FILE|DIR|-`.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use radio_payouts_protocol::batch::Answer;
use radio_payouts_protocol::domain::Domain;
use serde::Serialize;

use super::Context;
use super::store::push;
use crate::chain::Chain;
use crate::config::Endpoint;
use crate::epoch::settle::busy;
use crate::epoch::view::View;
use crate::outcome::{Failure, Outcome};
use crate::output::{Progress, Table, note};
use crate::store::bucket::push::Pushed;
use crate::store::intake::{Intake, Run, Tally};
use crate::store::rows::{Made, RowMaker};
use crate::store::stages::{Stage, StageTime, Stages};

mod bare;

/// Take in signed batches: each is checked, answered, and kept if it is good.
///
/// Input is one envelope a line (`{"batch":…,"sig":…}`), canonical bytes, as SFUs send them. A folder stands for its
/// .json, .jsonl and .ndjson files. What was ingested before is `already_held`; nothing is counted twice. What is refused
/// is logged with its reason (`settler rejects`). When the command has printed its table, what it calls held survives a
/// crash.
///
/// With the setting `store` rows are made too, and packs and rows are sent there at the end. If that fails it ends with 75: everything is held
/// all the same.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders of envelopes; `-` is standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub inputs: Vec<PathBuf>,
    /// The input is bare receipts, unsigned: wrap them into batches signed by the demo SFU (needs the demo flag).
    #[arg(long)]
    pub bare: bool,
    /// Make rows of what is newly held within the same run, as the setting `rows` does: what `settle --engine` works on.
    #[arg(long)]
    pub rows: bool,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    tally: Tally,
    milliseconds: u64,
    /// What became rows; none if nobody asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Made>,
    /// What went to the store of the setting `store`; none if there is no such setting, or not everything went there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pushed: Option<Pushed>,
    /// CPU time on all cores by stage.
    stages: Vec<StageTime>,
    /// The stage that took the most.
    limited_by: Option<Stage>,
}

/// Ingests and prints how many inputs got which answer.
///
/// # Errors
/// Exit 1 if an input or the store fails, exit 75 if the chain is away.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let view = View::read(chain.as_ref())?;
    let mut store = context.store()?;
    let clock = receiver_clock(context, chain.as_ref())?;
    let intake = Intake::new(Domain::from_bytes(view.config.domain), &view.registry(), &clock);
    let start = Instant::now();
    let mut tally = Tally::default();
    let stages = Arc::new(Stages::default());
    let config = context.config()?;
    let mut maker = if args.rows || config.rows.value || config.store.is_some() {
        let mut maker = store.row_maker(view.deployment().calendar()?, stages.clone()).map_err(busy)?;
        maker.cover(&store.packs_folder())?;
        Some(maker)
    } else {
        None
    };
    let inputs = inputs(&args.inputs)?;
    let (progress, all) = (Progress::new(), total_bytes(&inputs));
    for (origin, path) in inputs {
        let reader: Box<dyn BufRead + Send> = match &path {
            None => Box::new(BufReader::with_capacity(1 << 20, std::io::stdin())),
            Some(path) => {
                let file = std::fs::File::open(path)
                    .map_err(|error| Failure::from(error).context(format!("cannot read {}", path.display())))?;
                Box::new(BufReader::with_capacity(256 << 10, file))
            }
        };
        let advance = |bytes| progress.add("bytes taken in", bytes, all);
        let (rows, stages) = (maker.as_mut(), &*stages);
        let mut run = Run { store: &mut store, tally: &mut tally, rows, stages, progress: &advance };
        if args.bare {
            bare::ingest(context, &view, &intake, &mut run, &origin, reader)?;
        } else {
            intake.run(&mut run, &origin, reader)?;
        }
    }
    let rows = maker.map(RowMaker::finish).transpose()?;
    drop(progress);
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let stages = stages.times();
    let limited_by = stages.iter().max_by_key(|time| time.cpu_ms).filter(|time| time.cpu_ms > 0).map(|time| time.stage);
    let sent = push::send(&store, &view);
    let (pushed, failure) = sent.map_or_else(|failure| (None, Some(failure)), |pushed| (pushed, None));
    context.output.emit(&Report { tally, milliseconds, rows, pushed, stages, limited_by }, show)?;
    let held = "everything above is held here, but not all of it is in the store; `settler store push` sends the rest";
    failure.map_or(Ok(()), |failure| Err(failure.context(held)))
}

/// Bytes of all inputs, if all are files.
fn total_bytes(inputs: &[(String, Option<PathBuf>)]) -> Option<u64> {
    inputs.iter().map(|(_, path)| Some(std::fs::metadata(path.as_ref()?).ok()?.len())).sum()
}

fn show(report: &Report) -> String {
    let mut table = Table::new(&["answer", ">inputs", "meaning"]);
    for (answer, count) in &report.tally.answers {
        table.row([answer.as_str(), &count.to_string(), meaning(answer)]);
    }
    let (receipts, ms) = (report.tally.receipts_held, report.milliseconds.max(1));
    let rate = receipts.saturating_mul(1_000) / ms;
    let mut text = format!("{table}\n{receipts} receipts newly held in {ms} ms ({rate} receipts/s)");
    if let Some(Made { records, packs, receipts }) = report.rows {
        let _ = write!(text, "\nrows of {receipts} receipts in {packs} packs committed by {records} records");
    }
    if let Some(pushed) = &report.pushed {
        let _ = write!(text, "\n{}", push::said(pushed));
    }
    text
}

/// What an answer says of an input in general; the reason of each is in the log of rejects.
pub(super) fn meaning(answer: &str) -> &'static str {
    if answer == bare::REFUSED {
        return "bare receipts that no batch could carry; see the messages";
    }
    let known: [(Answer, &'static str); 8] = [
        (Answer::Held, "kept from now on; judged when its epoch is sealed"),
        (Answer::AlreadyHeld, "the same is held: nothing to do"),
        (Answer::TryLater, "too far ahead of the clock or of the SFU's sequence: send again"),
        (Answer::WrongVersion, "not version 1"),
        (Answer::Malformed(String::new()), "not an envelope within the limits"),
        (Answer::NotCanonical, "not the canonical bytes"),
        (Answer::UnknownSfu, "no SFU is registered under its key"),
        (Answer::BadSignature, "the signature does not hold for this deployment"),
    ];
    known.into_iter().find(|(known, _)| known.as_str() == answer).map_or("", |(_, meaning)| meaning)
}

/// The clock that `try_later` is judged by: this machine's, or an embedded chain's own, whose time may be set.
///
/// # Errors
/// If the chain cannot be read.
pub fn receiver_clock(context: &Context, chain: &dyn Chain) -> Outcome<impl Fn() -> u64 + Sync + use<>> {
    let embedded = match context.config()?.require_endpoint()? {
        Endpoint::Embedded(_) => Some(chain.clock()?.unix_timestamp),
        Endpoint::Rpc(_) => None,
    };
    let embedded = embedded.map(|seconds| u64::try_from(seconds).unwrap_or_default().saturating_mul(1_000));
    Ok(move || embedded.unwrap_or_else(|| u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()))
}

/// Every input with its name; standard input has no path.
fn inputs(given: &[PathBuf]) -> Outcome<Vec<(String, Option<PathBuf>)>> {
    let mut inputs = Vec::new();
    for path in given {
        if path.as_os_str() == "-" {
            inputs.push(("-".to_owned(), None));
        } else if path.is_dir() {
            let mut files: Vec<_> = walk(path)?;
            files.sort_unstable();
            if files.is_empty() {
                note(format_args!("{}: no .json, .jsonl or .ndjson file", path.display()));
            }
            inputs.extend(files.into_iter().map(|file| (file.display().to_string(), Some(file))));
        } else {
            inputs.push((path.display().to_string(), Some(path.clone())));
        }
    }
    Ok(inputs)
}

fn walk(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::from(error).context(format!("cannot read {}", folder.display())))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(walk(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| ["json", "jsonl", "ndjson"].iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
    Ok(files)
}
