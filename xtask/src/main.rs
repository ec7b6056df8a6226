//! The project's one entry: `cargo xtask <command>`.
//!
//! What a command produces goes to stdout, what it says goes to stderr.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod build_app;
mod build_program;
mod build_sdk;
mod cache;
mod ci;
mod dashboard;
mod demo;
mod digest;
mod drift;
mod duckdb;
#[cfg(test)]
mod named_tests;
mod process;
mod python;
mod s3;
mod schemathesis;
mod selection;
mod setup;
mod spark;
mod test;
mod vectors;
mod workspace;

/// Radio Payouts: set up, build, test and show the project.
///
/// A fresh clone needs nothing but rustup's Cargo: each command first installs or builds what it needs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Setup(setup::Setup),
    BuildProgram(build_program::BuildProgram),
    BuildApp(build_app::BuildApp),
    BuildSdk(build_sdk::BuildSdk),
    Test(test::Test),
    Demo(demo::Demo),
    Dashboard(dashboard::Dashboard),
    Vectors(vectors::Vectors),
    Drift(drift::Drift),
    Bench(bench::Bench),
    Schemathesis(schemathesis::Schemathesis),
    #[command(name = "duckdb")]
    DuckDb(duckdb::DuckDb),
    Spark(spark::Spark),
    #[command(name = "s3")]
    S3(s3::S3),
    Ci(ci::Ci),
}

fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Setup(command) => command.run(),
        Command::BuildProgram(command) => command.run(),
        Command::BuildApp(command) => command.run(),
        Command::BuildSdk(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Dashboard(command) => command.run(),
        Command::Vectors(command) => command.run(),
        Command::Drift(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Schemathesis(command) => command.run(selection::Selection::Daily),
        Command::DuckDb(command) => command.run(),
        Command::Spark(command) => command.run(),
        Command::S3(command) => command.run(),
        Command::Ci(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
