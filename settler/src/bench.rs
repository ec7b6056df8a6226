//! `settler bench`: an epoch of a given size, from signed batches to its folder, with every stage measured.
//!
//! [`traffic`] makes the batches, [`meter`] measures; in between runs what a settler runs: intake, rows, an engine, streams, files.
//! There is no chain: what a post costs does not depend on the size of an epoch.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use radio_payouts_protocol::params::{Mode, Params};
use serde::Serialize;

use crate::artefact::terms::VersionInForce;
use crate::artefact::{Artefact, Terms};
use crate::engine::Choice;
use crate::epoch::{build, seal};
use crate::outcome::{Failure, Outcome};
use crate::store::Store;
use crate::store::intake::{Intake, Run, Tally};
use crate::store::stages::Stages;

pub mod beside;
pub mod meter;
pub mod traffic;

use meter::{Line, Meter};
use traffic::Traffic;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// How large the epoch is.
    pub traffic: Traffic,
    /// What adds up the receipts.
    pub engine: Choice,
    /// A folder that takes everything; it must be empty, or hold what an earlier run of the same size took in.
    pub folder: PathBuf,
    /// A Python with DuckDB: the same group-by is measured there too.
    pub duckdb: Option<PathBuf>,
}

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Receipts that were taken in.
    pub receipts: u64,
    /// Contributors of the epoch.
    pub contributors: u32,
    /// Batches of the epoch.
    pub batches: u32,
    /// Payout trees' leaves.
    pub leaves: u64,
    /// The commitment.
    pub commitment: String,
    /// The engine.
    pub engine: String,
    /// Every stage, in order.
    pub stages: Vec<Line>,
    /// CPU time of intake on all cores by stage, in ms.
    pub intake_cpu_ms: BTreeMap<String, u64>,
    /// Bytes on disk by what they are.
    pub bytes: BTreeMap<&'static str, u64>,
}

/// Receipts that are made, written and taken in together: what lies on disk uncompressed.
const RECEIPTS_AT_A_TIME: u64 = 2_000_000;

/// Runs it.
///
/// # Errors
/// If the disk is full or the engine fails.
pub fn run(request: &Request) -> Outcome<Measured> {
    let Request { traffic, engine, folder, .. } = request;
    let terms = terms(traffic);
    let mut store = Store::open(&folder.join("data"))?;
    let mut meter = Meter::default();
    let stages = Arc::new(Stages::default());
    let receipts = take_in(traffic, &terms, &mut store, folder, &stages, &mut meter)?;
    let sealed = meter.measure("seal", receipts, || seal::seal(&store, &terms, 0))?;
    let artefact = settle(&store, &terms, &sealed, engine, &mut meter)?;
    if let Some(python) = &request.duckdb {
        beside::group_by(&store, &terms, &sealed.batches, python, &folder.join("beside"), &mut meter)?;
    }
    let statement = artefact.statement();
    let size = |folder: &Path| folder_bytes(folder);
    Ok(Measured {
        receipts,
        contributors: artefact.manifest.totals.contributors,
        batches: statement.batches.count,
        leaves: statement.payouts.iter().map(|tree| u64::from(tree.count)).sum(),
        commitment: hex::encode(artefact.manifest.commitment),
        engine: engine.to_string(),
        stages: meter.into_lines(),
        intake_cpu_ms: stages.times().iter().map(|time| (time.stage.as_str().to_owned(), time.cpu_ms)).collect(),
        bytes: BTreeMap::from([
            ("packs of signed batches", size(&store.packs_folder())?),
            ("rows", size(&folder.join("data/rows"))?),
            ("artefact: batches", size(&artefact.folder.join("batches"))?),
            ("artefact: all", size(&artefact.folder)?),
        ]),
    })
}

fn terms(traffic: &Traffic) -> Terms {
    Terms {
        deployment: traffic.deployment(),
        epoch: 0,
        params: Params::demo(),
        params_version: 0,
        versions: vec![VersionInForce { version: 0, effective_epoch: 0, mode: Mode::Demo }],
        registry_version: 1,
        registry: traffic.registry(),
        parent: None,
    }
}

/// Makes the batches and takes them in, some at a time; what is held already is not made again.
fn take_in(
    traffic: &Traffic,
    terms: &Terms,
    store: &mut Store,
    folder: &Path,
    stages: &Arc<Stages>,
    meter: &mut Meter,
) -> Outcome<u64> {
    let held: u64 = store.index().totals()?.iter().map(|(_, _, receipts)| receipts).sum();
    if held > 0 {
        return Ok(held);
    }
    let calendar = terms.deployment.calendar()?;
    let clock = || calendar.end_ms(0).unwrap_or_default();
    let intake = Intake::new(traffic.domain(), &terms.registry, &clock);
    let path = folder.join("signed.ndjson");
    let mut tally = Tally::default();
    let mut maker = traffic.start();
    loop {
        let envelopes = meter.measure_found("make and sign batches", || -> anyhow::Result<_> {
            let envelopes = maker.some(RECEIPTS_AT_A_TIME)?;
            let receipts = envelopes.len() as u64 * traffic.rooms;
            Ok((envelopes, receipts))
        })?;
        if envelopes.is_empty() {
            break;
        }
        write_lines(&path, &envelopes)?;
        drop(envelopes);
        let before = tally.receipts_held;
        let mut rows = store.row_maker(calendar, stages.clone())?;
        meter.measure_found("take in: batches on disk to committed rows", || -> Outcome<((), u64)> {
            let file = File::open(&path)?;
            let mut run = Run { store, tally: &mut tally, rows: Some(&mut rows), stages, progress: &|_| {} };
            intake.run(&mut run, "bench", BufReader::with_capacity(1 << 20, file))?;
            rows.finish()?;
            Ok(((), tally.receipts_held - before))
        })?;
    }
    std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    let held = tally.count("held");
    if tally.answers.values().sum::<u64>() != held {
        return Err(Failure::from(anyhow::anyhow!("not everything was held: {:?}", tally.answers)));
    }
    Ok(tally.receipts_held)
}

fn write_lines(path: &Path, lines: &[Vec<u8>]) -> anyhow::Result<()> {
    let doing = || format!("cannot write {}", path.display());
    let mut writer = BufWriter::with_capacity(1 << 20, File::create(path).with_context(doing)?);
    for line in lines {
        writer.write_all(line).and_then(|()| writer.write_all(b"\n")).with_context(doing)?;
    }
    let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(doing)?;
    file.sync_all().with_context(doing)
}

fn settle(
    store: &Store,
    terms: &Terms,
    sealed: &seal::Sealed,
    engine: &Choice,
    meter: &mut Meter,
) -> Outcome<Artefact> {
    let parts = meter::Parts::default();
    let heard = |part: &'static str, done: u64, _: Option<u64>| parts.heard(part, done);
    let artefact = meter.measure("settle: committed rows to artefact and commitment", 0, || {
        build::build_heard(store, terms, sealed, engine, |_| {}, &heard)
    })?;
    meter.add_parts(parts);
    Ok(artefact)
}

fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let found = entry.metadata()?;
        sum += if found.is_dir() { folder_bytes(&entry.path())? } else { found.len() };
    }
    Ok(sum)
}
