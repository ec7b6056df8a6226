//! Spark as the engine, on a real cluster of this machine. `cargo xtask spark` runs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use radio_payouts_engine::engine::{Each, Engine};
use radio_payouts_engine::plan::Tables;
use radio_payouts_engine::{EngineError, Spark};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::cluster::{children, kill_one, master, variable, wait_for, workers};
use crate::spark_driver::write_script;
use crate::world::{Seen, World};

/// A Python with the package `pyspark`.
const PYTHON: &str = "RADIO_PAYOUTS_SPARK_PYTHON";
/// Where a settlement runs that is killed.
const FOLDER: &str = "RADIO_PAYOUTS_SPARK_FOLDER";

/// So many epochs if nothing else is asked for.
const EPOCHS: u64 = 50;
/// So many kills.
const MOMENTS: usize = 30;

/// The cluster has cores for one settlement, and processes are told apart by their parents.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spark with results in several files, however small they are.
fn spark(at: &str, folder: &Path) -> Spark {
    let mut spark = Spark::new(at.parse().unwrap(), folder);
    spark.python = variable(PYTHON).into();
    spark.deadline = Duration::from_secs(120);
    for (name, value) in [
        ("spark.driver.memory", "512m"),
        ("spark.driver.extraJavaOptions", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"),
        ("spark.executor.memory", "512m"),
        ("spark.executor.extraJavaOptions", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"),
        ("spark.sql.adaptive.coalescePartitions.enabled", "false"),
        ("spark.sql.shuffle.partitions", "3"),
    ] {
        spark.settings.insert(name.into(), value.into());
    }
    spark
}

#[test]
#[ignore = "needs the Python package pyspark and a cluster: cargo xtask spark"]
fn spark_settles_the_same_on_a_cluster() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let engine = spark(&master(), folder.path());
    let seen = Seen::settled(EPOCHS, |world| world.settle_with(&engine));
    assert!(seen.cells > 500 && seen.receipts.len() > 5, "{seen:?}");
    assert_eq!(engine.drivers(), 1, "one driver for all of it");
}

#[test]
#[ignore = "needs the Python package pyspark: cargo xtask spark"]
fn spark_settles_the_same_without_a_cluster() {
    let _alone = alone();
    let (world, _, expected) = World::with_cells(2);
    assert!(world.settle_with(&spark("local[2]", &world.work().join("spark"))).unwrap() == expected);
}

#[test]
#[ignore = "needs the Python package pyspark: cargo xtask spark"]
fn spark_refuses_what_wraps_elsewhere_and_says_what_it_lacks() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let refused = |engine: &Spark, sql: &str, expected: &str| {
        let ended = engine.run(&Tables::default(), sql, &mut |_| panic!("there is no result"));
        let error = ended.unwrap_err();
        assert!(matches!(&error, EngineError::Engine(why) if why.contains(expected)), "{error}");
    };
    let engine = spark("local[1]", folder.path());
    refused(&engine, "SELECT 8 * id AS x FROM range(1152921504606846975, 1152921504606846977)", "ARITHMETIC_OVERFLOW");
    refused(&engine, "SELECT sum(id) AS x FROM range(9223372036854775800, 9223372036854775807)", "OVERFLOW");
    refused(&engine, "SELECT CAST(id AS INT) AS x FROM range(4294967296, 4294967297)", "OVERFLOW");
    refused(&engine, "SELECT x FROM receipts", "TABLE_OR_VIEW_NOT_FOUND");
    refused(&engine, "SELECT (", "PARSE_SYNTAX_ERROR");
    assert_eq!(engine.drivers(), 5, "none was tried twice");

    // Without its packages, and without Java: as this Python is for somebody else.
    let played = |name: &str, text: &str| {
        let path = folder.path().join(name);
        write_script(&path, &format!("#!/bin/sh\n{text}\n").replace("PYTHON", &variable(PYTHON)));
        let mut engine = spark("local[1]", folder.path());
        engine.python = path;
        engine
    };
    refused(&played("bare", "exec PYTHON -S \"$@\""), "SELECT 1", "-m pip install");
    refused(&played("no-java", "JAVA_HOME=/nowhere exec PYTHON \"$@\""), "SELECT 1", "install Java 17");
}

/// Pythons that hold a session for a process.
fn pythons(settler: u32) -> Vec<u32> {
    let is_driver = |process: &u32| {
        let command = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains("Keeps one Spark session")
    };
    children(settler).into_iter().filter(is_driver).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Victim {
    Worker,
    Executor,
    Jvm,
    Python,
}

impl Victim {
    /// Kills one; `false` if none is there.
    fn kill(self, random: &mut ChaCha8Rng) -> bool {
        let own = std::process::id();
        let candidates: Vec<u32> = match self {
            Self::Worker => workers(),
            Self::Executor => workers().into_iter().flat_map(children).collect(),
            Self::Jvm => pythons(own).into_iter().flat_map(children).collect(),
            Self::Python => pythons(own),
        };
        kill_one(&candidates, random)
    }
}

/// Kills somebody some time after the query of this number began.
struct Disturbed<'a> {
    spark: &'a Spark,
    victim: Victim,
    query: usize,
    delay: Duration,
    seed: u64,
    asked: AtomicUsize,
    struck: AtomicUsize,
}

impl Engine for Disturbed<'_> {
    fn run(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError> {
        if self.asked.fetch_add(1, Ordering::SeqCst) != self.query {
            return self.spark.run(tables, sql, each);
        }
        let is_running = Mutex::new(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(self.delay);
                let is_running = is_running.lock().unwrap();
                if *is_running && self.victim.kill(&mut ChaCha8Rng::seed_from_u64(self.seed)) {
                    self.struck.fetch_add(1, Ordering::SeqCst);
                }
            });
            let ended = self.spark.run(tables, sql, each);
            *is_running.lock().unwrap() = false;
            ended
        })
    }
}

#[test]
#[ignore = "needs the Python package pyspark and a cluster: cargo xtask spark"]
fn whoever_is_killed_the_settlement_is_right_or_none() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    // One shard: six queries.
    let (world, _, expected) = (0..)
        .map(World::with_cells)
        .find(|(world, ..)| world.rows.records().unwrap().iter().all(|record| record.shards == 1))
        .unwrap();
    let engine = spark(&master(), folder.path());
    assert!(world.settle_with(&engine).unwrap() == expected);
    let mut random = ChaCha8Rng::seed_from_u64(30);
    let (mut struck, mut right, mut errors) = (0, 0, Vec::new());
    let victims = [Victim::Worker, Victim::Jvm, Victim::Executor, Victim::Python];
    for round in 0..MOMENTS * 10 {
        let victim = victims[struck % victims.len()];
        let disturbed = Disturbed {
            spark: &engine,
            victim,
            query: random.random_range(0..6),
            delay: Duration::from_millis(random.random_range(0..1_500)),
            seed: random.random(),
            asked: 0.into(),
            struck: 0.into(),
        };
        let (begun, before) = (Instant::now(), engine.drivers());
        let settled = world.settle_with(&disturbed);
        let has_struck = disturbed.struck.into_inner();
        match settled {
            Ok(found) => {
                assert!(found == expected, "round {round}: {victim:?} was killed and the settlement is another one");
                right += has_struck;
            }
            Err(error @ (EngineError::Engine(_) | EngineError::Refused(_))) => errors.push(error.to_string()),
            Err(error) => panic!("round {round}, {victim:?}: {error}"),
        }
        struck += has_struck;
        eprintln!(
            "{struck} killed: {victim:?} in query {} after {:?}, settled in {:?}, {} more drivers",
            disturbed.query,
            disturbed.delay,
            begun.elapsed(),
            engine.drivers() - before,
        );
        if struck >= MOMENTS {
            break;
        }
    }
    eprintln!("{struck} kills: {right} times the right settlement, errors: {errors:?}");
    assert!(struck >= MOMENTS, "{struck} kills");
    assert!(right * 2 > struck, "trying again is of no use: {errors:?}");
    assert!(engine.drivers() > 1, "drivers were killed");
}

/// Not a test by itself: what is killed.
#[test]
#[ignore = "run by a_driver_dies_with_the_settler_and_the_next_one_settles"]
fn settles_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (world, ..) = World::with_cells(2);
    let engine = spark("local[1]", &PathBuf::from(folder));
    loop {
        world.settle_with(&engine).unwrap();
    }
}

#[test]
#[ignore = "needs the Python package pyspark: cargo xtask spark"]
fn a_driver_dies_with_the_settler_and_the_next_one_settles() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..3 {
        let mut settler = Command::new(std::env::current_exe().unwrap())
            .args(["spark::settles_until_it_is_killed", "--exact", "--ignored"])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let processes = wait_for(|| {
            let pythons = pythons(settler.id());
            let jvms: Vec<u32> = pythons.iter().copied().flat_map(children).collect();
            (!jvms.is_empty()).then(|| [pythons, jvms].concat())
        });
        // While it starts, or at some query.
        std::thread::sleep(Duration::from_millis(random.random_range(0..15_000)));
        settler.kill().unwrap();
        settler.wait().unwrap();
        let is_gone = |process: &u32| !Path::new(&format!("/proc/{process}")).exists();
        wait_for(|| processes.iter().all(is_gone).then_some(()));
    }
    let (world, _, expected) = World::with_cells(2);
    assert!(world.settle_with(&spark("local[2]", folder.path())).unwrap() == expected);
}
