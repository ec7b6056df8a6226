//! Drivers that hang, die, fail or talk nonsense. They are shell scripts: no Spark is needed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use radio_payouts_engine::column::Columns;
use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::plan::Tables;
use radio_payouts_engine::{EngineError, Spark};

/// What a driver does that is asked as it should be.
const READY: &str = r#"
read session
echo '{"kind":"ready"}'
read query
out=$(printf %s "$query" | sed 's/.*"out":"\([^"]*\)".*/\1/')
mkdir "$out"
"#;

/// Another process writes it: a file that this one holds open for a moment cannot be run at that moment.
pub fn write_script(path: &Path, script: &str) {
    let write = ["-c", "printf %s \"$1\" > \"$0\" && chmod +x \"$0\""];
    assert!(Command::new("sh").args(write).arg(path).arg(script).status().unwrap().success());
}

struct Played {
    folder: tempfile::TempDir,
    spark: Spark,
}

impl Played {
    /// A driver that this shell script plays; `$FOLDER` is a folder of the test with a file `three.parquet` of three rows.
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("python");
        let script = format!("#!/bin/sh\nFOLDER='{}'\n{script}", folder.path().display());
        write_script(&path, &script);
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let rows = RecordBatch::try_from_iter([("number", column)]).unwrap();
        let file = std::fs::File::create(folder.path().join("three.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        let mut spark = Spark::new("local[1]".parse().unwrap(), &folder.path().join("work"));
        spark.python = path;
        spark.deadline = Duration::from_secs(20);
        spark.attempts = 1;
        Self { folder, spark }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The numbers that were handed over, and how it ended.
    fn run(&self) -> (Vec<i64>, Result<(), EngineError>) {
        let mut numbers = Vec::new();
        let engine: &(dyn Engine + Sync) = &self.spark;
        let ended = engine.run(&Tables::default(), "SELECT number", &mut |rows| {
            let column = Columns(rows).integers("number")?;
            for row in 0..rows.num_rows() {
                numbers.push(column.at(row)?);
            }
            Ok(())
        });
        (numbers, ended)
    }

    #[track_caller]
    fn fails(&self, expected: &str) {
        let (numbers, ended) = self.run();
        let error = ended.unwrap_err();
        assert!(matches!(error, EngineError::Engine(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(numbers, [0; 0], "something of a result that is none was handed over");
    }
}

fn is_running(process: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // What was killed and not yet waited for is not running.
    state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

#[test]
fn a_python_that_is_not_there_is_named_at_once() {
    let mut played = Played::new("");
    played.spark.python = "/no/such/python".into();
    played.spark.attempts = 3;
    played.fails("cannot start /no/such/python");
    assert_eq!(played.spark.drivers(), 1, "nothing changes by another attempt");
}

#[test]
fn a_cluster_that_does_not_listen_is_told_before_a_driver_starts() {
    let mut played = Played::new("");
    played.spark.master = "spark://127.0.0.1:1".parse().unwrap();
    played.fails("no master listens there");
    assert_eq!(played.spark.drivers(), 0);
}

#[test]
fn a_driver_that_hangs_is_killed_with_all_its_processes_and_tried_again() {
    for hangs in ["", "read session; echo '{\"kind\":\"ready\"}'"] {
        let mut played = Played::new(&format!("{hangs}\nsleep 1000 & echo $! $$ >> $FOLDER/processes; wait"));
        played.spark.deadline = Duration::from_millis(700);
        played.spark.attempts = 2;
        let begun = Instant::now();
        played.fails("failed 2 times: no answer within the deadline");
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        assert_eq!(played.spark.drivers(), 2);
        let processes = std::fs::read_to_string(played.file("processes")).unwrap();
        assert_eq!(processes.split_whitespace().count(), 4, "{processes}");
        let is_gone = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            !processes.split_whitespace().any(is_running)
        });
        assert!(is_gone, "{processes}");
    }
}

#[test]
fn answers_that_make_no_sense_are_failures() {
    for (answer, expected) in [
        ("", "ended without an answer"),
        ("echo nonsense", "its answer is damaged"),
        (r#"echo '{"kind":"ready"}'"#, "nobody asked"),
        (r#"echo '{"kind":"done","id":2,"files":[],"rows":"0"}'"#, "nobody asked"),
        (r#"echo '{"kind":"done","id":1,"files":[],"rows":"-1"}'"#, "no number of rows"),
        (r#"echo '{"kind":"done","id":1,"files":[],"rows":"3"}'"#, "there are 0 in its files"),
        (r#"echo '{"kind":"done","id":1,"files":["three.parquet"],"rows":"4"}'"#, "there are 3 in its files"),
        (r#"echo '{"kind":"done","id":1,"files":["three.parquet","three.parquet"],"rows":"3"}'"#, "there are 6"),
        (r#"echo '{"kind":"done","id":1,"files":["other.parquet"],"rows":"3"}'"#, "cannot read"),
        (r#"echo '{"kind":"done","id":1,"files":["damaged.parquet"],"rows":"3"}'"#, "is damaged"),
        (r#"echo '{"kind":"done","id":1,"files":["../../../three.parquet"],"rows":"3"}'"#, "no file of a result"),
        (r#"echo '{"kind":"done","id":1,"files":["/three.parquet"],"rows":"3"}'"#, "no file of a result"),
        (r#"echo '{"kind":"failed","error":"out of luck","is_final":false}'"#, "failed: out of luck"),
    ] {
        let files = "cp $FOLDER/three.parquet $out; head -c 100 $FOLDER/three.parquet > $out/damaged.parquet";
        Played::new(&format!("{READY}\n{files}\n{answer}")).fails(expected);
    }
    Played::new(r#"read session; echo '{"kind":"done","id":0,"files":[],"rows":"0"}'; sleep 100"#)
        .fails("nobody asked");
}

#[test]
fn what_would_fail_again_is_not_tried_again() {
    let failed = r#"echo '{"kind":"failed","error":"overflow","is_final":true}'; sleep 100"#;
    for before in ["read session", READY] {
        let mut played = Played::new(&format!("{before}\n{failed}"));
        played.spark.attempts = 3;
        played.fails("failed: overflow");
        assert_eq!(played.spark.drivers(), 1);
    }
}

#[test]
fn what_a_dead_driver_left_is_not_read_and_a_result_is_handed_over_once() {
    let mut played = Played::new(&format!(
        "{READY}
        cp $FOLDER/three.parquet $out/part.parquet
        echo \"$out\" >> $FOLDER/folders
        if [ ! -e $FOLDER/second ]; then touch $FOLDER/second; kill -9 $$; fi
        echo '{{\"kind\":\"done\",\"id\":1,\"files\":[\"part.parquet\"],\"rows\":\"3\"}}'
        read query
        exit 1"
    ));
    played.spark.attempts = 2;
    let (numbers, ended) = played.run();
    ended.unwrap();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(played.spark.drivers(), 2);
    let folders = std::fs::read_to_string(played.file("folders")).unwrap();
    let folders: Vec<&str> = folders.lines().collect();
    assert!(folders.len() == 2 && folders[0] != folders[1], "{folders:?}");
    assert!(!folders.iter().any(|folder| Path::new(folder).exists()), "results are deleted when they were read");
    // The next query meets a driver that ends, and then a fresh one.
    let (numbers, ended) = played.run();
    ended.unwrap();
    assert_eq!((numbers, played.spark.drivers()), (vec![1, 2, 3], 3));
}
