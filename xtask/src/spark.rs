//! `cargo xtask spark`: the engine's plan on a Spark cluster of this machine, some of whose processes are killed.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    build_program,
    cache::Cache,
    process,
    python::{self, Package},
    selection::Selection,
    setup,
    workspace::Workspace,
};

/// What is installed.
const PACKAGE: Package =
    Package { name: "pyspark", extra: "", version: "4.3.0", modules: "pyspark", has_wheels: false };
/// The engine's, then the settler's.
const TESTS: [&str; 5] = ["test", "--test", "engine", "--test", "settler"];
/// Each worker has one core and this much memory.
const WORKERS: usize = 2;
const WORKER_MEMORY: &str = "1g";
/// Tell the tests where everything is.
const PYTHON: &str = "RADIO_PAYOUTS_SPARK_PYTHON";
const MASTER: &str = "RADIO_PAYOUTS_SPARK_MASTER";
const PROCESSES: &str = "RADIO_PAYOUTS_SPARK_WORKERS";
/// Everything listens here alone.
const ADDRESS: &str = "127.0.0.1";

/// Settle generated epochs with Spark, compared with the protocol crate; then again while workers, drivers and settlers are killed.
///
/// Installs Spark from PyPI into an environment of its own in the cache folder (about 450 MB), and Java from Debian where it is missing.
/// Starts a master and two workers of one core and 1 GB each on 127.0.0.1, starts workers again that the tests kill, and ends
/// all of them. Takes about forty minutes, half of them for 30 kills of a settler (`spark_kills`). RADIO_PAYOUTS_ENGINE_EPOCHS compares another number of epochs
/// than 50, RADIO_PAYOUTS_KILLS kills as many settlers, RADIO_PAYOUTS_KILLS_SEED repeats the moments at which the settler is killed.
#[derive(Debug, Args)]
pub struct Spark {
    /// Only tests whose names contain this: `spark::` are the engine's, `spark_kills::` the settler's.
    #[arg(default_value = "spark")]
    pub filter: String,
}

impl Spark {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        setup::ensure_java()?;
        let Some(python) = PACKAGE.ensure(&Cache::locate()?.spark_venv())? else {
            bail!(python::MISSING);
        };
        // Compiled before anything runs beside it.
        let program = build_program::ensure_program(&workspace)?;
        process::run(Selection::Daily.cargo(&workspace, &TESTS).arg("--no-run"))?;
        let cluster = Cluster::start(&python)?;
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let supervised = scope.spawn(|| cluster.supervise(&stop));
            let mut test = Selection::Daily.cargo(&workspace, &TESTS);
            test.env(build_program::PROGRAM_FILE, &program);
            test.env(PYTHON, &python).env(MASTER, cluster.url()).env(PROCESSES, cluster.processes());
            test.env("SPARK_LOCAL_IP", ADDRESS).args(["--", &self.filter, "--ignored", "--nocapture"]);
            let tested = process::run(&mut test);
            stop.store(true, Ordering::Relaxed);
            supervised.join().unwrap_or_else(|_| bail!("whoever starts workers again panicked"))?;
            tested
        })
    }
}

/// A master; its workers are started by [`Cluster::supervise`].
struct Cluster {
    class: PathBuf,
    port: u16,
    folder: tempfile::TempDir,
    master: Running,
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Cluster {
    fn start(python: &Path) -> Result<Self> {
        let home = ["-c", "import os, pyspark; print(os.path.dirname(pyspark.__file__))"];
        let home = process::stdout_of(process::command(python).args(home))?;
        let class = Path::new(home.trim()).join("bin/spark-class");
        let folder = tempfile::Builder::new().prefix("spark-cluster-").tempdir()?;
        fs::create_dir(folder.path().join("processes"))?;
        // A port that was free a moment ago.
        let port = TcpListener::bind((ADDRESS, 0))?.local_addr()?.port();
        let mut master = command(&class, folder.path(), "master")?;
        master.arg("org.apache.spark.deploy.master.Master").args(["--host", ADDRESS, "--webui-port", "0"]);
        let master = Running(master.arg("--port").arg(port.to_string()).spawn().context("cannot start a master")?);
        let mut cluster = Self { class, port, folder, master };
        cluster.wait()?;
        eprintln!("xtask: a Spark master listens at {}", cluster.url());
        Ok(cluster)
    }

    /// Waits until the master listens.
    fn wait(&mut self) -> Result<()> {
        for _ in 0..300 {
            if std::net::TcpStream::connect((ADDRESS, self.port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.master.0.try_wait()? {
                let log = fs::read_to_string(self.folder.path().join("master.log")).unwrap_or_default();
                bail!("the master ended ({status}):\n{log}");
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!("the master does not listen after a minute")
    }

    fn url(&self) -> String {
        format!("spark://{ADDRESS}:{}", self.port)
    }

    /// Where a file for every worker holds the number of its process.
    fn processes(&self) -> PathBuf {
        self.folder.path().join("processes")
    }

    fn worker(&self, number: usize) -> Result<Running> {
        let name = format!("worker-{number}");
        let mut worker = command(&self.class, self.folder.path(), &name)?;
        worker.arg("org.apache.spark.deploy.worker.Worker").args(["--host", ADDRESS, "--webui-port", "0"]);
        worker.args(["--cores", "1", "--memory", WORKER_MEMORY, "--work-dir"]).arg(self.folder.path().join(&name));
        let worker = Running(worker.arg(self.url()).spawn().context("cannot start a worker")?);
        fs::write(self.processes().join(&name), worker.0.id().to_string())?;
        Ok(worker)
    }

    /// Starts the workers, and each again that ends, until it is told to stop.
    fn supervise(&self, stop: &AtomicBool) -> Result<()> {
        let mut workers = (0..WORKERS).map(|number| self.worker(number)).collect::<Result<Vec<_>>>()?;
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(200));
            for (number, worker) in workers.iter_mut().enumerate() {
                if worker.0.try_wait()?.is_some() {
                    *worker = self.worker(number)?;
                }
            }
        }
        Ok(())
    }
}

/// `spark-class`, which becomes the JVM; it writes to a log in the folder.
fn command(class: &Path, folder: &Path, name: &str) -> Result<Command> {
    let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log")))?;
    let mut command = process::command(class);
    command.env("SPARK_LOCAL_IP", ADDRESS).env("SPARK_DAEMON_MEMORY", "256m").current_dir(folder);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(command)
}
