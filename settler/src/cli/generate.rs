//! `settler generate`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::domain::Domain;
use serde::Serialize;

use super::Context;
use crate::durable;
use crate::epoch::view::View;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;
use crate::receipt::generate::{self, EpochTruth, GenerateError, Plan};

/// Arguments of `generate`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler generate --out synthetic --first-epoch 20000 --domain HEX --genesis-unix 0
  settler generate --out big --batches 100 --receipts 5000 --sfus 20 --contributors 100000 --first-epoch 20000 ...
  settler generate --out bad --faults --epochs 2 --first-epoch 20000 ...

Writes into the folder:
  epoch-NNNNNN.jsonl   signed batches, one a line, to be ingested in this order
  keys/LABEL.json      the SFUs' keys, which are worthless: anybody can make them again from the seed
  truth.json           the SFUs with the terms to register them under, and for every epoch how many lines must get which
                       answer and how many batches and receipts which verdict (under the demo parameters)

The same arguments always give the same bytes. With --faults every answer and every verdict occurs; two epochs or more are
needed for those that only show in the next epoch, and an epoch number from which three days lead back for `late`.")]
pub struct Args {
    /// Folder to write to; it is made, and must not hold an epoch file already.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Everything random follows from this number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Number of the first epoch.
    #[arg(long, value_name = "EPOCH")]
    pub first_epoch: u64,
    /// How many epochs.
    #[arg(long, default_value_t = 1)]
    pub epochs: u64,
    /// SFUs that do everything right.
    #[arg(long, default_value_t = 2)]
    pub sfus: u32,
    /// Contributors, shared by all SFUs.
    #[arg(long, default_value_t = 100)]
    pub contributors: u32,
    /// Tracks of every SFU.
    #[arg(long, default_value_t = 50)]
    pub tracks: u32,
    /// Batches of every SFU in every epoch; at most one in ten seconds.
    #[arg(long, default_value_t = 24)]
    pub batches: u32,
    /// Receipts of every batch.
    #[arg(long, default_value_t = 50)]
    pub receipts: u32,
    /// Put every kind of bad input among it.
    #[arg(long)]
    pub faults: bool,
    /// The deployment's domain, 64 hexadecimal digits; that of the configuration if absent.
    #[arg(long, env = "RADIO_PAYOUTS_DOMAIN", value_name = "HEX")]
    pub domain: Option<String>,
    /// Unix seconds at which epoch 0 starts; read from the chain if absent.
    #[arg(long, value_name = "SECONDS")]
    pub genesis_unix: Option<i64>,
    /// Length of an epoch, with --genesis-unix.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, requires = "genesis_unix")]
    pub epoch_seconds: u32,
}

#[derive(Serialize)]
struct Summary {
    folder: String,
    sfus: usize,
    epochs: BTreeMap<u64, EpochTruth>,
}

/// Writes synthetic epochs.
///
/// # Errors
/// Exit 2 if the plan cannot be followed, exit 1 if the folder cannot be written.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let plan = Plan {
        seed: args.seed,
        domain: domain(args, context)?,
        calendar: calendar(args, context)?,
        first_epoch: args.first_epoch,
        epochs: args.epochs,
        sfus: args.sfus,
        contributors: args.contributors,
        tracks: args.tracks,
        batches: args.batches,
        receipts: args.receipts,
        faults: args.faults,
    };
    durable::create_folder(&args.out)?;
    let mut open: Option<(u64, BufWriter<File>)> = None;
    let truth = generate::generate(&plan, |epoch, line| {
        if open.as_ref().is_none_or(|(opened, _)| *opened != epoch) {
            if let Some((_, mut done)) = open.take() {
                done.flush()?;
            }
            let path = args.out.join(format!("epoch-{epoch:06}.jsonl"));
            let file = File::create_new(&path)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            open = Some((epoch, BufWriter::with_capacity(1 << 20, file)));
        }
        let Some((_, writer)) = &mut open else { return Ok(()) };
        writer.write_all(line)?;
        writer.write_all(b"\n")
    })
    .map_err(|error| match error {
        GenerateError::Plan(reason) => Failure::usage(reason),
        GenerateError::Output(error) => Failure::from(error),
    })?;
    if let Some((_, mut done)) = open.take() {
        done.flush()?;
    }
    for sfu in &truth.sfus {
        let bytes = serde_json::to_vec(sfu.key.to_keypair_bytes().as_slice())?;
        durable::write_secret(&args.out.join(format!("keys/{}.json", sfu.label)), &bytes)?;
    }
    durable::write(&args.out.join("truth.json"), &serde_json::to_vec_pretty(&truth)?)?;
    let summary = Summary { folder: args.out.display().to_string(), sfus: truth.sfus.len(), epochs: truth.epochs };
    context.output.emit(&summary, show)
}

fn show(summary: &Summary) -> String {
    let mut table = Table::new(&["epoch", "", ">count", "must become"]);
    for (epoch, truth) in &summary.epochs {
        for (what, counts) in [("line", &truth.answers), ("batch", &truth.batches), ("receipt", &truth.receipts)] {
            for (verdict, count) in counts {
                table.row([epoch.to_string(), what.to_owned(), count.to_string(), verdict.clone()]);
            }
        }
    }
    format!("{table}\n{} SFUs, {} epochs in {}", summary.sfus, summary.epochs.len(), summary.folder)
}

fn domain(args: &Args, context: &Context) -> Outcome<Domain> {
    let Some(hex) = &args.domain else {
        let known = context.config()?.domain.map(Domain::from_bytes);
        return known.ok_or_else(|| Failure::usage("the domain is not known: give --domain, or run `settler init`"));
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).map_err(|_| Failure::usage("--domain has 64 hexadecimal digits"))?;
    Ok(Domain::from_bytes(bytes))
}

fn calendar(args: &Args, context: &Context) -> Outcome<Calendar> {
    match args.genesis_unix {
        Some(genesis_unix) => Calendar::new(genesis_unix, args.epoch_seconds).map_err(Failure::usage),
        None => Ok(View::read(context.chain()?.as_ref())?.deployment().calendar()?),
    }
}
