//! `settler ingest FILE|DIR|-`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

use radio_payouts_protocol::batch::Answer;
use radio_payouts_protocol::domain::Domain;
use serde::Serialize;

use super::Context;
use crate::chain::Chain;
use crate::config::Endpoint;
use crate::epoch::view::View;
use crate::outcome::{Failure, Outcome};
use crate::output::{Table, note};
use crate::store::Store;
use crate::store::intake::{Intake, Tally};

mod bare;

/// Take in signed batches: each is checked, answered, and kept if it is good.
///
/// Input is one envelope a line (`{"batch":…,"sig":…}`), canonical bytes, as SFUs send them. A folder stands for its
/// .json, .jsonl and .ndjson files. What was ingested before is `already_held`; nothing is counted twice. What is refused
/// is logged with its reason (`settler rejects`). When the command has printed its table, what it calls held survives a
/// crash.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files or folders of envelopes; `-` is standard input.
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub inputs: Vec<PathBuf>,
    /// The input is bare receipts, unsigned: wrap them into batches signed by the demo SFU (needs the demo flag).
    #[arg(long)]
    pub bare: bool,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    tally: Tally,
    milliseconds: u64,
}

/// Ingests and prints how many inputs got which answer.
///
/// # Errors
/// Exit 1 if an input or the store fails, exit 75 if the chain is away.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let chain = context.chain()?;
    let view = View::read(chain.as_ref())?;
    let mut store = Store::open(&context.data()?)?;
    let clock = receiver_clock(context, chain.as_ref())?;
    let intake = Intake::new(Domain::from_bytes(view.config.domain), &view.registry(), &clock);
    let start = Instant::now();
    let mut tally = Tally::default();
    for (origin, path) in inputs(&args.inputs)? {
        let reader: Box<dyn BufRead> = match &path {
            None => Box::new(BufReader::with_capacity(1 << 20, std::io::stdin())),
            Some(path) => {
                let file = std::fs::File::open(path)
                    .map_err(|error| Failure::from(error).context(format!("cannot read {}", path.display())))?;
                Box::new(BufReader::with_capacity(1 << 20, file))
            }
        };
        if args.bare {
            bare::ingest(context, &view, &intake, &mut store, &origin, reader, &mut tally)?;
        } else {
            intake.read(&mut store, &origin, reader, &mut tally)?;
        }
    }
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    context.output.emit(&Report { tally, milliseconds }, show)
}

fn show(report: &Report) -> String {
    let mut table = Table::new(&["answer", ">inputs", "meaning"]);
    for (answer, count) in &report.tally.answers {
        table.row([answer.as_str(), &count.to_string(), meaning(answer)]);
    }
    let (receipts, ms) = (report.tally.receipts_held, report.milliseconds.max(1));
    let rate = receipts.saturating_mul(1_000) / ms;
    format!("{table}\n{receipts} receipts newly held in {ms} ms ({rate} receipts/s)")
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
