//! `settler bench`.

use std::path::PathBuf;

use super::Context;
use crate::bench::traffic::Traffic;
use crate::bench::{self, Measured, Request};
use crate::engine::Choice;
use crate::outcome::{Failure, Outcome};
use crate::output::Table;

/// Make an epoch of a given size and measure every stage of settling it: time, rate, memory, bytes.
///
/// Signed batches are made, taken in with strict signatures and rows, and settled into a folder with a commitment, as `ingest` and
/// `settle` do; nothing is posted. A million receipts need about 300 MB of disk while it runs. With `--folder` the batches stay and
/// a second run with the same sizes only settles again, with another engine if you like: the commitment is the same.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Receipts of the epoch.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000_000))]
    pub receipts: u64,
    /// Contributors of the epoch; a tenth of the receipts if not given.
    #[arg(long)]
    pub contributors: Option<u64>,
    /// SFUs that sign.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=2_048))]
    pub sfus: u32,
    /// What adds up the receipts: auto, pure, datafusion, spark://HOST:PORT.
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    pub engine: Choice,
    /// A folder that takes everything and stays; without it a temporary one is used.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// A Python with the package duckdb: the same group-by is measured there too, over the same files.
    #[arg(long, value_name = "PYTHON")]
    pub duckdb: Option<PathBuf>,
}

/// Measures.
///
/// # Errors
/// Exit 1 if the disk is full or the engine fails.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let folder = args.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::from(error).context(format!("cannot create {}", folder.display())))?;
    let contributors = args.contributors.unwrap_or(args.receipts / 10).max(1);
    let request = Request {
        traffic: Traffic::new(args.receipts, contributors, args.sfus),
        engine: args.engine.clone(),
        folder,
        duckdb: args.duckdb.clone(),
    };
    context.output.emit(&bench::run(&request)?, show)
}

fn show(measured: &Measured) -> String {
    let mut table = Table::new(&["stage", ">seconds", ">pieces", ">pieces/s", ">peak MiB"]);
    for line in &measured.stages {
        let rate = if line.done == 0 || line.seconds < 0.001 { 0.0 } else { line.done as f64 / line.seconds };
        let indent = if line.within { "  " } else { "" };
        table.row([
            format!("{indent}{}", line.stage),
            format!("{:.1}", line.seconds),
            line.done.to_string(),
            format!("{rate:.0}"),
            line.peak_mib.to_string(),
        ]);
    }
    let Measured { receipts, contributors, batches, leaves, commitment, engine, .. } = measured;
    let mut text = format!(
        "{table}\n{receipts} receipts in {batches} batches, {contributors} contributors, {leaves} leaves, engine {engine}\ncommitment {commitment}\n"
    );
    let cpu: u64 = measured.intake_cpu_ms.values().sum();
    for (stage, ms) in &measured.intake_cpu_ms {
        text.push_str(&format!("intake, {stage}: {ms} ms of CPU, {} %\n", ms * 100 / cpu.max(1)));
    }
    for (what, bytes) in &measured.bytes {
        text.push_str(&format!("{what}: {} MB\n", bytes / 1_000_000));
    }
    text
}
