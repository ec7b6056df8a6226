//! `cargo xtask s3`: cold storage and the store by URL against a server that speaks S3.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{cache::Cache, process, selection::Selection, workspace::Workspace};

/// What is installed.
const PACKAGE: &str = "moto[server]==5.2.5";
/// Its version.
const VERSION: &str = "5.2.5";
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Archive batches to S3 over HTTP, read them there, and bring them back; keep packs and rows there, and settle what another machine sent: with the feature `cloud`, against moto's server from PyPI.
///
/// Installs moto into an environment of its own in the cache folder, once. Where Python or its module venv is missing it says so and
/// ends with 0. Compiles the engine too, which takes about twenty minutes the first time.
#[derive(Debug, Args)]
pub struct S3 {}

/// The server; it ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl S3 {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let Some(python) = ensure_moto()? else {
            eprintln!("xtask: skipped: python3 with its module venv is missing (on Debian: apt install python3-venv)");
            return Ok(());
        };
        // Compiled before the server waits for it.
        process::run(&mut Selection::Engine.cargo(&workspace, &["test", "--test", "settler", "--no-run"]))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = process::command(&python);
        server.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let _server = Server(server.spawn().context("cannot start moto's server")?);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            anyhow::ensure!(start.elapsed() < PATIENCE, "moto's server does not answer on port {port}");
            std::thread::sleep(Duration::from_millis(100));
        }
        let mut test = Selection::Engine.cargo(&workspace, &["test", "--test", "settler"]);
        let test = test
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing");
        process::run(test.args(["--", "_s3::", "--ignored", "--nocapture"]))
    }
}

/// The Python that has moto; none if there is no `python3 -m venv`.
fn ensure_moto() -> Result<Option<PathBuf>> {
    let venv = Cache::locate()?.moto_venv();
    let python = venv.join("bin/python");
    let has_moto = |python: &PathBuf| {
        process::answer_of(process::command(python).args(["-c", "import moto, flask; print(moto.__version__)"]))
            .is_some_and(|version| version.trim() == VERSION)
    };
    if has_moto(&python) {
        return Ok(Some(python));
    }
    if process::answer_of(process::command("python3").args(["-c", "import venv, ensurepip"])).is_none() {
        return Ok(None);
    }
    eprintln!("xtask: installing {PACKAGE} into {}", venv.display());
    process::run(process::command("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = process::command(&python);
    process::run(pip.args(["-m", "pip", "install", "--disable-pip-version-check", PACKAGE]))?;
    anyhow::ensure!(has_moto(&python), "{} has no {PACKAGE}", venv.display());
    Ok(Some(python))
}
