//! `cargo xtask s3`: cold storage and the store by URL against a server that speaks S3.

use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    cache::Cache,
    process,
    python::{self, Package},
    selection::Selection,
    workspace::Workspace,
};

/// What is installed.
const PACKAGE: Package =
    Package { name: "moto", extra: "[server]", version: "5.2.5", modules: "moto, flask", has_wheels: false };
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
        let Some(python) = PACKAGE.ensure(&Cache::locate()?.moto_venv())? else {
            eprintln!("xtask: skipped: {}", python::MISSING);
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
