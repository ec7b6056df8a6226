//! Spark: the engine on a cluster, or on the cores of this machine.
//!
//! A process of ours (`driver.py`) holds one Spark session over many queries. A query's result is written by the workers as Parquet
//! into a folder of its own, and read here when the job has ended, never before. Rows, results and this process must therefore see the
//! same files under the same paths.
//!
//! Whatever goes wrong (a driver that is killed, fails, or does not answer in time) ends that driver and everything that it started;
//! the query begins anew in a fresh driver with a fresh folder, a few times. What an attempt left behind is never looked at.

mod driver;
mod master;
mod output;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::{Each, Engine};
use crate::plan::Tables;
use crate::{EngineError, durable};

use driver::Driver;
pub use master::{Master, NoMaster};
use output::Output;

/// How long an attempt at a query may take, if nothing else is asked for.
pub const DEADLINE: Duration = Duration::from_secs(600);
/// Attempts at a query, if nothing else is asked for.
pub const ATTEMPTS: u32 = 3;
/// What passes after the first attempt before the second; after the second twice as much, and so on.
const PAUSE: Duration = Duration::from_secs(1);

/// Spark, through a driver process that starts with the first query and ends with this value.
#[derive(Debug)]
pub struct Spark {
    /// Where it runs.
    pub master: Master,
    /// A Python with the package `pyspark` 4.
    pub python: PathBuf,
    /// Folder for results and for what the driver keeps on disk. Every worker sees it under this path.
    pub work: PathBuf,
    /// For one attempt at a query, the driver's start included.
    pub deadline: Duration,
    /// How often a query is tried, at least once.
    pub attempts: u32,
    /// Settings of Spark's own by name, such as `spark.executor.memory`. Those that results depend on cannot be changed.
    pub settings: BTreeMap<String, String>,
    driver: Mutex<Option<Driver>>,
    drivers: AtomicU64,
}

/// Why an attempt came to nothing.
#[derive(Debug)]
struct Failure {
    why: String,
    /// Another attempt would end the same.
    is_final: bool,
}

impl Failure {
    fn new(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), is_final: false }
    }

    fn final_one(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), is_final: true }
    }
}

impl Spark {
    /// The Python on the path, ten minutes for an attempt, three attempts.
    #[must_use]
    pub fn new(master: Master, work: &Path) -> Self {
        Self {
            master,
            python: "python3".into(),
            work: work.to_owned(),
            deadline: DEADLINE,
            attempts: ATTEMPTS,
            settings: BTreeMap::new(),
            driver: Mutex::new(None),
            drivers: AtomicU64::new(0),
        }
    }

    /// Drivers that were started so far: more than one if something went wrong on the way.
    #[must_use]
    pub fn drivers(&self) -> u64 {
        self.drivers.load(Ordering::Relaxed)
    }

    fn driver(&self) -> MutexGuard<'_, Option<Driver>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The complete result of a query. Nothing of it was handed to anybody yet.
    fn result(&self, tables: &Tables, sql: &str) -> Result<Output, EngineError> {
        durable::create_folder(&self.work)?;
        let mut driver = self.driver();
        let attempts = self.attempts.max(1);
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(&mut driver, tables, sql) {
                Ok(output) => return Ok(output),
                Err(failure) => failure,
            };
            // It and all that it started are killed, whatever they are at.
            *driver = None;
            if failure.is_final || attempt >= attempts {
                let times = if attempt == 1 { String::new() } else { format!(" {attempt} times") };
                let (master, log) = (&self.master, Driver::log(&self.work));
                let hint = if log.is_file() { format!(". Its log is {}", log.display()) } else { String::new() };
                return Err(EngineError::Engine(format!("Spark at {master} failed{times}: {}{hint}", failure.why)));
            }
            std::thread::sleep(PAUSE.saturating_mul(attempt));
            attempt += 1;
        }
    }

    fn attempt(&self, driver: &mut Option<Driver>, tables: &Tables, sql: &str) -> Result<Output, Failure> {
        let until = Instant::now().checked_add(self.deadline);
        let until = until.ok_or_else(|| Failure::final_one("a deadline that no clock will show"))?;
        let driver = match driver {
            Some(driver) => driver,
            None => {
                self.master.reach().map_err(Failure::new)?;
                self.drivers.fetch_add(1, Ordering::Relaxed);
                driver.insert(Driver::start(self, until)?)
            }
        };
        let folder = Output::folder(&self.work).map_err(Failure::new)?;
        let (files, rows) = driver.ask(tables, sql, &Output::path(&folder), until)?;
        Output::open(folder, files, rows).map_err(Failure::new)
    }
}

impl Engine for Spark {
    fn run(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError> {
        self.result(tables, sql)?.read(each)
    }
}
