//! `cells.parquet` read in runs of contributors, weighed again by the code that settles.

use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::Context as _;
use arrow::array::AsArray as _;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use radio_payouts_engine::merge::Run;
use radio_payouts_protocol::batch::Role;
use radio_payouts_protocol::cells::{Cell, Contributor, Track};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::settlement::Setting;

use super::sample::Sample;
use super::{Fault, too_much};
use crate::artefact::cells::{self, CellRow};
use crate::artefact::streamed::Closed;
use crate::artefact::streamed::weights::{self, Weighing};
use crate::artefact::{Artefact, sfu_name, sheet};

/// Contributors of a run.
const RUN: usize = 8_192;

/// Weighs all cells of the folder again, and has `sample` compare those of its DIDs. What everybody's cells came to, and the bytes of
/// every track's cells.
///
/// # Errors
/// [`Fault::Difference`] if rows are not in order, or of nobody or nothing.
pub fn weigh_again(
    setting: &Setting<'_>,
    weighing: &Weighing<'_>,
    artefact: &Artefact,
    sample: Option<&mut Sample>,
) -> Result<(weights::AllWeighed, Vec<u128>), Fault> {
    std::thread::scope(|scope| {
        let (runs, coming) = sync_channel(4);
        let reading = scope.spawn(move || Reading::start(weighing.tracks, artefact, runs, sample)?.all(artefact));
        let weighed = weights::weigh(setting, weighing, coming);
        let sums = reading.join().map_err(|_| anyhow::anyhow!("reading cells.parquet panicked"))?;
        match (sums, weighed) {
            (Err(error), Err(first)) if error.is::<Closed>() => Err(too_much(first)),
            (Err(error), _) => Err(Fault::Difference(format!("{error:#}"))),
            (Ok(_), Err(error)) => Err(too_much(error)),
            (Ok(sums), Ok(weighed)) => Ok((weighed, sums)),
        }
    })
}

/// The cells on their way to runs.
struct Reading<'a> {
    tracks: &'a [Track],
    names: Names,
    runs: SyncSender<Run>,
    sample: Option<&'a mut Sample>,
    run: Run,
    /// Where the cells of the last contributor of the run begin.
    first: usize,
    sums: Vec<u128>,
}

impl<'a> Reading<'a> {
    fn start(
        tracks: &'a [Track],
        artefact: &Artefact,
        runs: SyncSender<Run>,
        sample: Option<&'a mut Sample>,
    ) -> anyhow::Result<Self> {
        let names = Names::open(artefact)?;
        Ok(Self { tracks, names, runs, sample, run: Run::default(), first: 0, sums: vec![0; tracks.len()] })
    }

    fn all(mut self, artefact: &Artefact) -> anyhow::Result<Vec<u128>> {
        cells::each(artefact, |row| self.row(&row))?;
        self.end_contributor();
        if let Some((did, _)) = self.names.next()? {
            anyhow::bail!("cells.parquet: DID {did} of payouts.parquet has no cell");
        }
        self.runs.send(self.run).map_err(|_| Closed)?;
        Ok(self.sums)
    }

    fn row(&mut self, row: &CellRow<'_>) -> anyhow::Result<()> {
        if self.run.contributors.last().is_none_or(|last| last.did_hash != *row.did_hash) {
            self.begin_contributor(row.did_hash)?;
        }
        let place =
            self.tracks.binary_search_by(|track| (&track.sfu_key, &*track.track_id).cmp(&(row.sfu, row.track_id)));
        let track = place.map_err(|_| anyhow::anyhow!("{}: tracks.parquet has no such track", named(row)))?;
        let role = Role::ALL.into_iter().find(|role| role.as_str() == row.role);
        let role = role.with_context(|| format!("{}: there is no role {:?}", named(row), row.role))?;
        anyhow::ensure!(row.hour_utc < 24, "{}: there is no hour {}", named(row), row.hour_utc);
        let contributor = u32::try_from(self.run.contributors.len().saturating_sub(1))?;
        let cell = Cell { contributor, track: u32::try_from(track)?, role, hour: row.hour_utc, bytes: row.bytes };
        let order = |cell: &Cell| (cell.track, cell.role as u8, cell.hour);
        let before = self.run.cells.get(self.first..).and_then(<[Cell]>::last);
        anyhow::ensure!(before.is_none_or(|before| order(before) < order(&cell)), "{} is not in its place", named(row));
        self.run.cells.push(cell);
        if let Some(sum) = self.sums.get_mut(track) {
            *sum += u128::from(row.bytes);
        }
        let last = self.run.contributors.last_mut().context("a cell of nobody")?;
        last.bytes =
            last.bytes.checked_add(row.bytes).with_context(|| format!("{}: its bytes overflow", named(row)))?;
        Ok(())
    }

    fn begin_contributor(&mut self, did_hash: &Hash) -> anyhow::Result<()> {
        self.end_contributor();
        if self.run.contributors.len() >= RUN {
            self.runs.send(std::mem::take(&mut self.run)).map_err(|_| Closed)?;
        }
        self.first = self.run.cells.len();
        match self.names.next()? {
            Some((did, hash)) if hash == *did_hash => {
                self.run.contributors.push(Contributor { did, did_hash: hash, bytes: 0 });
                Ok(())
            }
            Some((did, hash)) if hash < *did_hash => {
                anyhow::bail!("cells.parquet: DID {did} of payouts.parquet has no cell")
            }
            _ => anyhow::bail!(
                "cells.parquet: did_hash {} is not in payouts.parquet, or not in its place",
                hex::encode(did_hash)
            ),
        }
    }

    fn end_contributor(&mut self) {
        let own = self.run.cells.get(self.first..).unwrap_or_default();
        if let (Some(sample), Some(last)) = (self.sample.as_deref_mut(), self.run.contributors.last()) {
            sample.compare(last, own, self.tracks);
        }
    }
}

/// What a reader calls a cell.
fn named(row: &CellRow<'_>) -> String {
    let (did, sfu) = (hex::encode(row.did_hash), sfu_name(row.sfu));
    format!(
        "cells.parquet: did_hash {did}, sfu {sfu}, track_id {}, role {}, hour {}",
        row.track_id, row.role, row.hour_utc
    )
}

/// The DIDs of `payouts.parquet`, a piece of the file at a time.
pub(super) struct Names {
    reader: ParquetRecordBatchReader,
    rows: VecDeque<(String, Hash)>,
    last: Option<Hash>,
}

impl Names {
    /// Opens the file.
    pub(super) fn open(artefact: &Artefact) -> anyhow::Result<Self> {
        let reader = sheet::open(&artefact.folder.join("payouts.parquet"))?;
        Ok(Self { reader, rows: VecDeque::new(), last: None })
    }

    /// The next DID with its hash; each is valid, and they are in the order of their hashes.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<(String, Hash)>> {
        while self.rows.is_empty() {
            let Some(rows) = self.reader.next() else { return Ok(None) };
            let rows = rows.context("payouts.parquet")?;
            let did = rows.column_by_name("did").and_then(|column| column.as_string_opt::<i32>());
            let did = did.context("payouts.parquet: no column did of text")?;
            for row in 0..rows.num_rows() {
                let did = did.value(row);
                let hash = Did::parse(did).map(|did| did.hash());
                let hash = hash.map_err(|error| anyhow::anyhow!("payouts.parquet: did {did}: {error}"))?;
                self.rows.push_back((did.to_owned(), hash));
            }
        }
        let next = self.rows.pop_front();
        if let Some((did, hash)) = &next {
            anyhow::ensure!(
                self.last.is_none_or(|last| last < *hash),
                "payouts.parquet: DID {did} is not in its place"
            );
            self.last = Some(*hash);
        }
        Ok(next)
    }
}
