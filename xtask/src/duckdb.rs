//! `cargo xtask duckdb`: a third implementation judges the engine's SQL.

use anyhow::Result;
use clap::Args;

use crate::{
    cache::Cache,
    process,
    python::{self, Package},
    selection::Selection,
    workspace::Workspace,
};

/// What is installed.
const PACKAGE: Package = Package { name: "duckdb", extra: "", version: "2.0.1", modules: "duckdb", has_wheels: true };
/// Tells the test which Python has it.
const PYTHON: &str = "RADIO_PAYOUTS_DUCKDB_PYTHON";

/// Settle generated epochs with DuckDB: the engine's SQL over the engine's Parquet files, compared with the protocol crate.
///
/// Installs DuckDB from PyPI into an environment of its own in the cache folder, once. Where Python or its module venv is
/// missing it says so and ends with 0. Compiles DataFusion, which takes about twenty minutes the first time.
#[derive(Debug, Args)]
pub struct DuckDb {}

impl DuckDb {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let Some(python) = PACKAGE.ensure(&Cache::locate()?.duckdb_venv())? else {
            eprintln!("xtask: skipped: {}", python::MISSING);
            return Ok(());
        };
        let mut test = Selection::Engine.cargo(&workspace, &["test", "--test", "engine"]);
        process::run(test.env(PYTHON, python).args(["--", "duckdb::", "--ignored", "--nocapture"]))
    }
}
