//! `cargo xtask duckdb`: a third implementation judges the engine's SQL.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{cache::Cache, process, selection::Selection, workspace::Workspace};

/// What is installed.
const PACKAGE: &str = "duckdb==2.0.1";
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
        let Some(python) = ensure_duckdb()? else {
            eprintln!("xtask: skipped: python3 with its module venv is missing (on Debian: apt install python3-venv)");
            return Ok(());
        };
        let mut test = Selection::Engine.cargo(&workspace, &["test", "--test", "engine"]);
        process::run(test.env(PYTHON, python).args(["--", "duckdb::", "--ignored", "--nocapture"]))
    }
}

/// The Python that has DuckDB; none if there is no `python3 -m venv`.
fn ensure_duckdb() -> Result<Option<PathBuf>> {
    let venv = Cache::locate()?.duckdb_venv();
    let python = venv.join("bin/python");
    let has_duckdb = |python: &PathBuf| {
        process::answer_of(process::command(python).args(["-c", "import duckdb; print(duckdb.__version__)"]))
            .is_some_and(|version| PACKAGE.ends_with(version.trim()))
    };
    if has_duckdb(&python) {
        return Ok(Some(python));
    }
    if process::answer_of(process::command("python3").args(["-c", "import venv, ensurepip"])).is_none() {
        return Ok(None);
    }
    eprintln!("xtask: installing {PACKAGE} into {}", venv.display());
    process::run(process::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = process::command(&python);
    process::run(pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--only-binary", ":all:", PACKAGE]))?;
    anyhow::ensure!(has_duckdb(&python), "{} has no {PACKAGE}", venv.display());
    Ok(Some(python))
}
