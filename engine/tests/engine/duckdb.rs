//! DuckDB as the engine: the same text over the same files. `cargo xtask duckdb` runs it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use radio_payouts_engine::EngineError;
use radio_payouts_engine::engine::{Each, Engine};
use radio_payouts_engine::plan::Tables;

use crate::world::Seen;

/// A Python with the package `duckdb`.
const PYTHON: &str = "RADIO_PAYOUTS_DUCKDB_PYTHON";
/// So many epochs if nothing else is asked for.
const EPOCHS: u64 = 20;
const SCRIPT: &str = include_str!("duckdb.py");

struct DuckDb {
    python: String,
    folder: tempfile::TempDir,
}

impl Engine for DuckDb {
    fn run(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError> {
        let out = self.folder.path().join("result.parquet");
        let named: serde_json::Map<String, serde_json::Value> = tables
            .named()
            .into_iter()
            .filter(|(_, paths)| !paths.is_empty())
            .map(|(name, paths)| (name.to_owned(), paths.iter().map(|path| path.to_str().unwrap()).collect()))
            .collect();
        let request = serde_json::json!({ "tables": named, "sql": sql, "out": out });
        let mut python =
            Command::new(&self.python).args(["-c", SCRIPT]).stdin(Stdio::piped()).spawn().expect("no such Python");
        python.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        assert!(python.wait().unwrap().success(), "DuckDB failed on {sql}");
        let file = std::fs::File::open(&out).unwrap();
        for rows in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            each(&rows.unwrap())?;
        }
        Ok(())
    }
}

#[test]
#[ignore = "needs the Python package duckdb: cargo xtask duckdb"]
fn duckdb_settles_the_same_from_the_same_files_with_the_same_sql() {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| panic!("{PYTHON} is not set: run cargo xtask duckdb"));
    let engine = DuckDb { python, folder: tempfile::tempdir().unwrap() };
    let seen = Seen::settled(EPOCHS, |world| world.settle_with(&engine));
    assert!(seen.cells > 100 && seen.receipts.len() > 5, "{seen:?}");
}
