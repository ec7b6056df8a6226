//! The same group-by in another engine, over the same files, beside ours.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use radio_payouts_engine::plan::{Catalogue, Plan};
use radio_payouts_engine::sql;
use radio_payouts_protocol::batch::BatchHeader;

use super::meter::Meter;
use crate::artefact::Terms;
use crate::engine::Choice;
use crate::store::Store;

const SCRIPT: &str = include_str!("duckdb.py");

/// Adds up the cells of these batches, shard after shard, by DataFusion and by DuckDB: the same text, the same files.
///
/// # Errors
/// If one of them fails or they count other rows.
pub fn group_by(
    store: &Store,
    terms: &Terms,
    batches: &[BatchHeader],
    python: &Path,
    work: &Path,
    meter: &mut Meter,
) -> anyhow::Result<()> {
    let rows = store.rows(terms.deployment.calendar()?);
    std::fs::create_dir_all(work)?;
    let plan = Catalogue::find(&rows, batches)?.plan(batches, work)?;
    let contributions: u64 = plan.contributions.values().map(|total| total.rows).sum();
    let engine = Choice::DataFusion.open(batches, store, work)?.context("no engine")?;
    let ours = meter.measure_found("group by cell: DataFusion", || -> anyhow::Result<(u64, u64)> {
        let mut groups = 0u64;
        for tables in &plan.by_shard {
            engine.run(tables, &sql::cells(&terms.params), &mut |piece| {
                groups += piece.num_rows() as u64;
                Ok(())
            })?;
        }
        Ok((groups, contributions))
    })?;
    let theirs = meter.measure_found("group by cell: DuckDB", || -> anyhow::Result<(u64, u64)> {
        Ok((duckdb(&plan, &sql::cells(&terms.params), python, work)?, contributions))
    })?;
    anyhow::ensure!(ours == theirs, "DataFusion found {ours} groups, DuckDB {theirs}");
    Ok(())
}

/// Groups that DuckDB finds, with two gibibytes of memory and as many threads as there are cores.
fn duckdb(plan: &Plan, sql: &str, python: &Path, work: &Path) -> anyhow::Result<u64> {
    let shards: Vec<serde_json::Value> = plan
        .by_shard
        .iter()
        .map(|tables| {
            let named = tables.named().into_iter().filter(|(_, paths)| !paths.is_empty());
            serde_json::Value::Object(named.map(|(name, paths)| (name.to_owned(), serde_json::json!(paths))).collect())
        })
        .collect();
    let request = serde_json::json!({ "shards": shards, "sql": sql, "spill": work.join("duckdb") });
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", python.display()))?;
    child.stdin.take().context("no stdin")?.write_all(request.to_string().as_bytes())?;
    let answer = child.wait_with_output()?;
    anyhow::ensure!(answer.status.success(), "DuckDB failed: {}", answer.status);
    String::from_utf8(answer.stdout)?.trim().parse().context("DuckDB's answer is no number")
}
