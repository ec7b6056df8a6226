//! `cargo xtask schemathesis`: the API against its own description.
//!
//! A real service over the demonstration's epochs on the embedded chain is asked by Schemathesis, which makes requests from
//! `openapi.json`, good ones and bad ones, and checks every answer against it: status, type, schema, no fault of the server.
//! Seeded and bounded: the same requests at every run, about a minute.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{build_program, cache::Cache, process, python, selection::Selection, workspace::Workspace};

/// What is installed, with hashes.
const REQUIREMENTS: &str = include_str!("schemathesis-requirements.txt");
/// Checks that make no sense here: there is nothing to log in to and nothing to create.
const EXCLUDED_CHECKS: &str = "ignored_auth,object_level_authorization,use_after_free,ensure_resource_availability";

/// Test the API against its description with Schemathesis.
///
/// Runs `settler demo` into a temporary folder, `settler serve` over it, and Schemathesis against that. Schemathesis is installed
/// into `~/.cache/radio-payouts/schemathesis` (from PyPI, hashes pinned) at the first run.
#[derive(Debug, Args)]
pub struct Schemathesis {
    /// Requests made for each operation and kind of test.
    #[arg(long, default_value_t = 40, value_name = "NUMBER")]
    examples: u32,
    /// Everything random follows from this number.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
    /// Further arguments for `schemathesis run`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

impl Schemathesis {
    /// That of every day.
    pub fn of_everything() -> Self {
        Self { examples: 40, seed: 1, arguments: Vec::new() }
    }

    /// Runs the command.
    pub fn run(&self, selection: Selection) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let program = build_program::ensure_program(&workspace)?;
        let settler = selection.binary(&workspace, "settler")?;
        let cache = Cache::locate()?;
        let schemathesis = {
            let _lock = cache.lock()?;
            ensure_installed(&cache.root().join("schemathesis"))?
        };
        let folder = tempfile::Builder::new().prefix("radio-payouts-schemathesis-").tempdir()?;
        let mut demo = process::command(&settler);
        demo.args(["demo", "--output", "json", "--folder"])
            .arg(folder.path())
            .env(build_program::PROGRAM_FILE, &program);
        drop(process::stdout_of(&mut demo)?);
        let service = Service::start(&settler, folder.path())?;
        let mut run = process::command(schemathesis);
        run.current_dir(folder.path()).arg("run").arg(format!("http://{}/api/v1/openapi.json", service.address));
        run.args(["--checks", "all", "--exclude-checks", EXCLUDED_CHECKS]);
        // A stream of events has no end.
        run.args(["--exclude-operation-id", "estimate_events"]);
        run.args(["--seed", &self.seed.to_string(), "--max-examples", &self.examples.to_string()]);
        run.args(["--generation-database", "none", "--no-color", "--request-timeout", "20"]);
        let done = process::run(run.args(&self.arguments));
        service.end()?;
        done
    }
}

/// Installs Schemathesis into a Python environment of its own; its path.
fn ensure_installed(venv: &Path) -> Result<PathBuf> {
    let program = venv.join("bin/schemathesis");
    if program.exists() && python::is_pinned(venv, REQUIREMENTS) {
        return Ok(program);
    }
    eprintln!("xtask: fetching Schemathesis into {}", venv.display());
    python::install_pinned(venv, REQUIREMENTS)?;
    ensure!(program.exists(), "the wheels hold no {}: remove {} and try again", program.display(), venv.display());
    Ok(program)
}

/// A service over the demonstration's data.
struct Service {
    child: Child,
    address: String,
    talk: std::thread::JoinHandle<String>,
}

impl Service {
    fn start(settler: &Path, folder: &Path) -> Result<Self> {
        let mut command = process::command(settler);
        command.args([
            "serve",
            "--rate",
            "0",
            "--listen",
            "127.0.0.1:0",
            "--internal",
            "127.0.0.1:0",
            "--refresh",
            "1",
        ]);
        command.env("RADIO_PAYOUTS_URL", format!("embedded:{}", folder.join("chain").display()));
        command.env("RADIO_PAYOUTS_DATA", folder.join("data"));
        command.env("RADIO_PAYOUTS_DEMO", "true");
        let mut child = command.current_dir(folder).stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("no stderr")?);
        let mut told = String::new();
        let address = loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                bail!("the service did not start: {told}");
            }
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
            told.push_str(&line);
        };
        let talk = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = lines.read_to_string(&mut rest);
            rest
        });
        let service = Self { child, address, talk };
        service.wait_until_indexed()?;
        Ok(service)
    }

    /// Waits until the last epoch of the demonstration can be asked about.
    fn wait_until_indexed(&self) -> Result<()> {
        for _ in 0..300 {
            let path = format!("http://{}/api/v1/epochs/2", self.address);
            let mut ask = process::command("/usr/bin/python3");
            ask.args(["-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])", &path]);
            if process::answer_of(&mut ask).is_some() {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        bail!("the service did not become ready")
    }

    /// Ends it; whatever it called a fault of its own is a failure.
    fn end(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        let talk = self.talk.join().unwrap_or_default();
        let faults: Vec<&str> =
            talk.lines().filter(|line| line.contains(" ERROR ") || line.contains("panicked")).collect();
        ensure!(faults.is_empty(), "the service met faults of its own:\n{}", faults.join("\n"));
        Ok(())
    }
}
