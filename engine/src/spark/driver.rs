//! The driver process: a Python that holds a Spark session, asked by lines of JSON.
//!
//! It is the leader of a process group, so that the JVM which it starts dies with it. It ends by itself when its stdin ends, so
//! that it does not outlive a process that was killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{Failure, Spark};
use crate::plan::Tables;

const SCRIPT: &str = include_str!("driver.py");

/// A running driver.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    requests: Sender<String>,
    answers: Receiver<String>,
    asked: u64,
    /// What its JVM keeps on disk, and the folder in which it runs.
    scratch: TempDir,
}

#[derive(Serialize)]
struct Session<'a> {
    master: &'a str,
    settings: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Query<'a> {
    id: u64,
    tables: BTreeMap<&'static str, Vec<&'a str>>,
    sql: &'a str,
    out: &'a str,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Answer {
    Ready,
    Done { id: u64, files: Vec<String>, rows: String },
    Failed { error: String, is_final: bool },
}

impl Driver {
    /// Where drivers write what they have to say; the last one's is kept.
    pub(super) fn log(work: &Path) -> PathBuf {
        work.join("driver.log")
    }

    /// Starts one and waits until its session is there.
    pub(super) fn start(spark: &Spark, until: Instant) -> Result<Self, Failure> {
        let work = std::path::absolute(&spark.work).map_err(Failure::new)?;
        let log = File::create(Self::log(&work)).map_err(Failure::new)?;
        let scratch = tempfile::Builder::new().prefix("driver-").tempdir_in(&work).map_err(Failure::new)?;
        // A name alone is looked for on the path; it runs in a folder of its own.
        let is_name = spark.python.components().count() == 1;
        let python =
            if is_name { spark.python.clone() } else { std::path::absolute(&spark.python).map_err(Failure::new)? };
        let mut command = Command::new(&python);
        command.args(["-u", "-c", SCRIPT]).current_dir(scratch.path()).process_group(0);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().map_err(|error| {
            Failure::final_one(format!(
                "cannot start {}: {error}; name a Python with the package pyspark",
                python.display()
            ))
        })?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("its pipes are not there"));
        };
        // Threads, because a pipe may be full or empty for longer than the deadline. They end when the driver does.
        let (requests, lines) = channel::<String>();
        std::thread::spawn(move || lines.iter().all(|line| writeln!(stdin, "{line}").is_ok()));
        let (heard, answers) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().all(|line| line.is_ok_and(|line| heard.send(line).is_ok()))
        });
        let driver = Self { child, requests, answers, asked: 0, scratch };
        let settings = driver.settings(spark)?;
        let settings = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        driver.send(&Session { master: spark.master.as_str(), settings })?;
        match driver.hear(until)? {
            Answer::Ready => Ok(driver),
            Answer::Failed { error, is_final } => Err(Failure { why: error, is_final }),
            Answer::Done { .. } => Err(Failure::new("the driver answered what nobody asked")),
        }
    }

    /// The user's settings, and where this driver keeps things.
    fn settings(&self, spark: &Spark) -> Result<BTreeMap<String, String>, Failure> {
        let scratch = text(self.scratch.path())?;
        let mut settings = BTreeMap::from([
            ("spark.local.dir".to_owned(), scratch.to_owned()),
            ("spark.driver.defaultJavaOptions".to_owned(), format!("-Djava.io.tmpdir={scratch}")),
        ]);
        if spark.master.is_local() {
            // Nobody else has to reach it.
            for name in ["spark.driver.host", "spark.driver.bindAddress"] {
                settings.insert(name.to_owned(), "127.0.0.1".to_owned());
            }
        }
        settings.extend(spark.settings.iter().map(|(name, value)| (name.clone(), value.clone())));
        Ok(settings)
    }

    /// Runs a query to its end: the files of the result in order, and the rows that it had.
    pub(super) fn ask(
        &mut self,
        tables: &Tables,
        sql: &str,
        out: &Path,
        until: Instant,
    ) -> Result<(Vec<String>, u64), Failure> {
        self.asked += 1;
        let absolute = |path: &Path| std::path::absolute(path).map_err(Failure::new);
        let mut named = BTreeMap::new();
        for (name, paths) in tables.named().into_iter().filter(|(_, paths)| !paths.is_empty()) {
            named.insert(name, paths.iter().map(|path| absolute(path)).collect::<Result<Vec<_>, _>>()?);
        }
        let mut tables = BTreeMap::new();
        for (name, paths) in &named {
            tables.insert(*name, paths.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?);
        }
        let out = absolute(out)?;
        self.send(&Query { id: self.asked, tables, sql, out: text(&out)? })?;
        match self.hear(until)? {
            Answer::Done { id, files, rows } if id == self.asked => {
                let rows = rows.parse().map_err(|_| Failure::new(format!("`{rows}` is no number of rows")))?;
                Ok((files, rows))
            }
            Answer::Failed { error, is_final } => Err(Failure { why: error, is_final }),
            Answer::Done { .. } | Answer::Ready => Err(Failure::new("the driver answered what nobody asked")),
        }
    }

    fn send(&self, request: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_string(request).map_err(Failure::new)?;
        // If it has ended, that is heard instead of an answer.
        let _ended = self.requests.send(line);
        Ok(())
    }

    fn hear(&self, until: Instant) -> Result<Answer, Failure> {
        match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                serde_json::from_str(&line).map_err(|error| Failure::new(format!("its answer is damaged: {error}")))
            }
            Err(RecvTimeoutError::Disconnected) => Err(Failure::new("the driver ended without an answer")),
            Err(RecvTimeoutError::Timeout) => Err(Failure::new(
                "no answer within the deadline; has the cluster a worker with free cores and memory, and is the deadline long enough?",
            )),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Its number is not given to anybody else before `wait`.
        if let Ok(leader) = i32::try_from(self.child.id()) {
            let _gone = killpg(Pid::from_raw(leader), Signal::SIGKILL);
        }
        let _status = self.child.wait();
    }
}

fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str()
        .ok_or_else(|| Failure::final_one(format!("{} is not UTF-8, which Spark's paths must be", path.display())))
}
