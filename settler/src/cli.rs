//! The command line: one file a subcommand, each with `Args` (clap) and `run(args, &Context) -> Outcome`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::Source;
use crate::outcome::{Failure, Outcome};
use crate::output::{Format, Output};

pub mod act;
pub mod actor;
pub mod admin;
pub mod attest;
pub mod bench;
pub mod claim;
pub mod close;
pub mod completions;
pub mod context;
pub mod demo;
pub mod dispute;
pub mod docs;
pub mod estimate;
pub mod explain;
pub mod export;
pub mod generate;
pub mod governance;
pub mod import;
pub mod ingest;
pub mod init;
pub mod instruction_only;
pub mod key_argument;
pub mod keygen;
pub mod mandates;
pub mod params;
pub mod places;
pub mod prove;
pub mod ratify;
pub mod registry;
pub mod rejects;
pub mod report;
pub mod serve;
pub mod settings;
pub mod settle;
pub mod sign;
pub mod simulate;
pub mod status;
pub mod store;
pub mod times;
pub mod verify;
pub mod watch;

pub use context::Context;

/// From signed receipts to a root on a Solana chain.
#[derive(Parser, Debug)]
#[command(name = "settler", version, about, long_about = None, propagate_version = true)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(clap::Args, Clone, Debug)]
pub struct Global {
    /// Configuration file (written by `settler init`).
    #[arg(long, global = true, env = "RADIO_PAYOUTS_CONFIG", default_value = "settler.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Folder of held batches, sealed epochs and the journal; overrides the configuration.
    #[arg(long, global = true, env = "RADIO_PAYOUTS_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Cluster: an RPC address, or localnet, devnet, testnet, mainnet-beta, embedded or embedded:FILE.
    #[arg(short, long, global = true, env = "RADIO_PAYOUTS_URL", value_name = "URL_OR_MONIKER")]
    pub url: Option<String>,
    /// Keypair that pays and signs as the settler; overrides the configuration.
    #[arg(short, long, global = true, env = "RADIO_PAYOUTS_KEYPAIR", value_name = "FILE")]
    pub keypair: Option<PathBuf>,
    /// Allow provisional calculations and posts (section 4.5 of the protocol page).
    #[arg(long = "radio-payouts-demo", global = true, env = "RADIO_PAYOUTS_DEMO", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub radio_payouts_demo: Option<bool>,
    /// How results are printed on stdout.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    pub output: Format,
    /// Debug logging on stderr (the same as RUST_LOG=radio_payouts=debug or DEBUG=radio-payouts:*).
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Options that the environment gave.
    #[arg(skip)]
    pub from_environment: BTreeSet<&'static str>,
}

impl Global {
    /// Where the value of a given option comes from.
    #[must_use]
    pub fn source(&self, option: &str) -> Source {
        if self.from_environment.contains(option) { Source::Environment } else { Source::CommandLine }
    }

    fn note_sources(&mut self, matches: &clap::ArgMatches) {
        for option in ["config", "data", "url", "keypair", "radio_payouts_demo"] {
            if matches.value_source(option) == Some(clap::parser::ValueSource::EnvVariable) {
                self.from_environment.insert(option);
            }
        }
    }
}

/// The commands, in the order in which an operator meets them.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Show everything on an embedded chain, in a minute.
    Demo(demo::Args),
    /// Set a deployment up: configuration, keys, program initialised, registrations, lookup table.
    Init(Box<init::Args>),
    /// Show the settings in force and where each comes from.
    Config(settings::Args),
    /// Show where cluster, deployment, epochs and this settler stand.
    Status(status::Args),
    /// Show the parameters in force, or their history.
    Params(params::Args),
    /// List and change SFUs and settlers.
    Registry(registry::Args),
    /// Change what authority, pause key and payees decide; move epochs on.
    Admin(admin::Args),
    /// Stake BLOOM, propose changes, vote on them and carry them out.
    Governance(governance::Args),
    /// Make a key for an SFU or a settler, or show one.
    Keygen(keygen::Args),
    /// Turn an SFU's statistics into receipts.
    Import(import::Args),
    /// Make signed batches of receipts with an SFU's key.
    Sign(sign::Args),
    /// Write synthetic epochs, with every kind of bad input if wanted.
    Generate(generate::Args),
    /// Make an epoch of a given size and measure every stage of settling it.
    Bench(bench::Args),
    /// Take in signed batches.
    Ingest(ingest::Args),
    /// Show what was not counted, and why.
    Rejects(rejects::Args),
    /// Seal epochs, compute payouts, publish and post.
    Settle(settle::Args),
    /// Check another settler's candidate and support it.
    Attest(attest::Args),
    /// Take in batches over HTTP, and serve the API.
    Serve(serve::Args),
    /// Recompute a sealed epoch and compare it with the chain.
    Verify(verify::Args),
    /// Recompute every posted root, tell of every change, act on it.
    Watch(watch::Args),
    /// Write a proof of a share, or check it on chain.
    Prove(prove::Args),
    /// List the mandates under which epochs may be ratified.
    Mandates(mandates::Args),
    /// Ratify a final Live epoch under a mandate: its shares may be claimed.
    Ratify(ratify::Args),
    /// Have shares of ratified epochs paid.
    Claim(claim::Args),
    /// Close an epoch after its claim window and return the rents.
    Close(close::Args),
    /// Explain a share line by line.
    Explain(explain::Args),
    /// Dispute posted roots, and send fraud proofs.
    Dispute(dispute::Args),
    /// Estimate the running epoch.
    Estimate(estimate::Args),
    /// Replay sealed epochs under proposed parameters: who would gain, who would lose.
    Simulate(simulate::Args),
    /// Write epochs, contributors or receipts as CSV, JSON lines or Parquet.
    Export(export::Args),
    /// Report on sealed epochs as Markdown or HTML.
    Report(report::Args),
    /// Look after the store of held batches.
    Store(store::Args),
    /// Write a shell's completion script to stdout.
    Completions(completions::Args),
    /// Write the generated reference.
    #[command(hide = true)]
    Docs(docs::Args),
}

/// Parses the process's arguments and runs the command.
///
/// # Errors
/// The command's [`crate::outcome::Failure`].
pub fn run() -> Outcome {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    cli.global.note_sources(&matches);
    crate::output::start_logging(cli.global.verbose);
    if cli.global.output == Format::Csv && !matches!(cli.command, Command::Simulate(_)) {
        return Err(Failure::usage("this command prints a table or JSON: give --output table or --output json"));
    }
    let context = Context::new(cli.global.clone(), Output::new(cli.global.output));
    match cli.command {
        Command::Init(args) => init::run(&args, &context),
        Command::Config(args) => settings::run(&args, &context),
        Command::Status(args) => status::run(&args, &context),
        Command::Params(args) => params::run(&args, &context),
        Command::Registry(args) => registry::run(&args, &context),
        Command::Admin(args) => admin::run(&args, &context),
        Command::Governance(args) => governance::run(&args, &context),
        Command::Docs(args) => docs::run(&args, &context),
        Command::Keygen(args) => keygen::run(&args, &context),
        Command::Import(args) => import::run(&args, &context),
        Command::Generate(args) => generate::run(&args, &context),
        Command::Bench(args) => bench::run(&args, &context),
        Command::Sign(args) => sign::run(&args, &context),
        Command::Demo(args) => demo::run(&args, &context),
        Command::Ingest(args) => ingest::run(&args, &context),
        Command::Rejects(args) => rejects::run(&args, &context),
        Command::Settle(args) => settle::run(&args, &context),
        Command::Attest(args) => attest::run(&args, &context),
        Command::Serve(args) => serve::run(&args, &context),
        Command::Verify(args) => verify::run(&args, &context),
        Command::Watch(args) => watch::run(&args, &context),
        Command::Prove(args) => prove::run(&args, &context),
        Command::Mandates(args) => mandates::run(&args, &context),
        Command::Ratify(args) => ratify::run(&args, &context),
        Command::Claim(args) => claim::run(&args, &context),
        Command::Close(args) => close::run(&args, &context),
        Command::Explain(args) => explain::run(&args, &context),
        Command::Dispute(args) => dispute::run(&args, &context),
        Command::Estimate(args) => estimate::run(&args, &context),
        Command::Simulate(args) => simulate::run(&args, &context),
        Command::Export(args) => export::run(&args, &context),
        Command::Report(args) => report::run(&args, &context),
        Command::Store(args) => store::run(&args, &context),
        Command::Completions(args) => completions::run(&args, &context),
    }
}
