//! First pass: history and weights of everybody, run after run.

use std::io::BufWriter;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use anyhow::Context as _;
use radio_payouts_engine::merge::Run;
use radio_payouts_protocol::cells::{Cell, Contributor, Track};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::history::{History, HistoryChange, HistoryRecord, Succession};
use radio_payouts_protocol::settlement::{Setting, history_before, payee_of};
use radio_payouts_protocol::weights::WeightSums;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::spill::{self, Weighed};
use super::{Closed, Digests, RUNS_AHEAD, Writing, file, hand_on};
use crate::artefact::Terms;
use crate::artefact::digest::Digesting;
use crate::artefact::files::FileKind;
use crate::artefact::manifest::FileJson;
use crate::artefact::tables::{CellsTable, HistoryTable};

/// What cells are weighed with, and how that is written.
#[derive(Clone, Copy)]
pub struct Weighing<'a> {
    /// What the epoch rests on besides batches.
    pub terms: &'a Terms,
    /// Its tracks, by (SFU key, track id).
    pub tracks: &'a [Track],
    /// How files are written.
    pub writing: Writing<'a>,
}

/// What everybody's cells came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllWeighed {
    /// The sums of section 6.
    pub sums: WeightSums,
    /// Number of contributors.
    pub contributors: u32,
    /// `history_hash` after the epoch.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    pub history_hash: Hash,
    /// `cells.parquet` and `history.parquet`.
    pub files: Digests,
    /// Everybody's weight, for the second pass.
    pub spill: FileJson,
}

/// A run with everybody's history after the epoch.
struct Remembered {
    run: Run,
    records: Vec<Option<HistoryRecord>>,
}

/// Weighs all runs: cells and history become files, and everybody a line of the spill.
///
/// # Errors
/// If a file cannot be written or a sum overflows.
pub fn weigh(setting: &Setting<'_>, weighing: &Weighing<'_>, runs: Receiver<Run>) -> anyhow::Result<AllWeighed> {
    let Weighing { terms, tracks, writing: Writing { staging, .. } } = *weighing;
    let (to_cells, of_cells) = sync_channel::<Arc<Remembered>>(RUNS_AHEAD);
    let (to_history, of_history) = sync_channel::<Vec<HistoryChange>>(RUNS_AHEAD);
    std::thread::scope(|scope| {
        let cells = scope.spawn(move || {
            file(&staging.join(FileKind::Cells.name()), |writer| {
                let mut table = CellsTable::new(buffered(writer), terms, tracks)?;
                for remembered in of_cells {
                    let Remembered { run, records } = &*remembered;
                    for cell in &run.cells {
                        let place = cell.contributor as usize;
                        let contributor = run.contributors.get(place).context("a cell of nobody")?;
                        table.cell(&contributor.did_hash, cell, records.get(place).and_then(Option::as_ref))?;
                    }
                }
                table.finish()
            })
        });
        let history = scope.spawn(move || {
            file(&staging.join(FileKind::History.name()), |writer| {
                let mut table = HistoryTable::new(buffered(writer))?;
                of_history.into_iter().flatten().try_for_each(|change| table.change(&change))?;
                table.finish()
            })
        });
        let weighed = weigh_runs(setting, weighing, runs, |message| match message {
            Message::Cells(run) => hand_on(&to_cells, run),
            Message::History(changes) => hand_on(&to_history, changes),
        });
        drop((to_cells, to_history));
        let cells = cells.join().map_err(|_| anyhow::anyhow!("writing cells panicked"))?;
        let history = history.join().map_err(|_| anyhow::anyhow!("writing the history panicked"))?;
        let files = [(FileKind::Cells, cells?), (FileKind::History, history?)];
        let files = files.into_iter().map(|(kind, digest)| (kind.name().to_owned(), digest)).collect();
        Ok(AllWeighed { files, ..weighed? })
    })
}

fn buffered<W: std::io::Write>(writer: W) -> BufWriter<W> {
    BufWriter::with_capacity(1 << 20, writer)
}

enum Message {
    Cells(Arc<Remembered>),
    History(Vec<HistoryChange>),
}

/// Weighs all runs, and hands on what becomes files.
fn weigh_runs(
    setting: &Setting<'_>,
    weighing: &Weighing<'_>,
    runs: Receiver<Run>,
    mut hand_on: impl FnMut(Message) -> Result<(), Closed>,
) -> anyhow::Result<AllWeighed> {
    let Writing { spill, heard, .. } = weighing.writing;
    let empty = History::default();
    let (before, is_fresh) = match history_before(setting, (setting.mode_of)(setting.epoch)) {
        Some(before) => (before, false),
        None => (&empty, true),
    };
    // What the parent remembers is listed even where the epoch starts afresh.
    let forgotten = setting.parent.map(|parent| &parent.history).filter(|_| is_fresh);
    let mut forgotten = Forgotten::new(forgotten);
    let mut succession = Succession::new(before, setting.epoch);
    let mut sums = WeightSums::default();
    let mut contributors = 0u32;
    let spilled = std::fs::File::create(spill).map_err(|error| super::told(error.into(), spill))?;
    let mut lines = buffered(Digesting::new(spilled));
    for run in runs {
        let mut changes = Vec::with_capacity(run.contributors.len());
        let records: Vec<Option<HistoryRecord>> = run
            .contributors
            .iter()
            .map(|one| {
                let is_active = one.bytes >= setting.params.active_min_bytes;
                succession.take(&one.did_hash, is_active, &mut |change| forgotten.pass(change, &mut changes))
            })
            .collect();
        let weighed = weigh_run(setting, weighing, &run, &records)?;
        for (contributor, (weighed, own)) in run.contributors.iter().zip(&weighed) {
            sums.join(own)?;
            spill::write(&mut lines, contributor, weighed).map_err(|error| super::told(error.into(), spill))?;
        }
        let count = u32::try_from(run.contributors.len())?;
        contributors = contributors.checked_add(count).context("more than 2^32 contributors")?;
        hand_on(Message::History(changes))?;
        hand_on(Message::Cells(Arc::new(Remembered { run, records })))?;
        heard("contributors weighed", contributors.into(), None);
    }
    let mut changes = Vec::new();
    let history_hash = succession.finish(&mut |change| forgotten.pass(change, &mut changes));
    forgotten.finish(&mut changes);
    hand_on(Message::History(changes))?;
    let spilled = lines.into_inner().map_err(|error| super::told(error.into_error().into(), spill))?;
    Ok(AllWeighed { sums, contributors, history_hash, files: Digests::new(), spill: spilled.finish().0 })
}

/// Weighs a run on all cores.
fn weigh_run(
    setting: &Setting<'_>,
    weighing: &Weighing<'_>,
    run: &Run,
    records: &[Option<HistoryRecord>],
) -> anyhow::Result<Vec<(Weighed, WeightSums)>> {
    let mut rest = run.cells.as_slice();
    let owned: Vec<&[Cell]> = (0..run.contributors.len())
        .map(|place| {
            let count = rest.partition_point(|cell| cell.contributor as usize <= place);
            let (own, others) = rest.split_at(count);
            rest = others;
            own
        })
        .collect();
    let (params, epoch, reference) = (setting.params, setting.epoch, setting.cluster_reference);
    let tracks = weighing.tracks;
    let weigh = |((contributor, cells), record): ((&Contributor, &&[Cell]), &Option<HistoryRecord>)| {
        let mut sums = WeightSums::default();
        let effective_bytes = sums.add(params, epoch, tracks, cells, record.as_ref())?;
        Ok((Weighed { payee: payee_of(&contributor.did, reference), effective_bytes }, sums))
    };
    run.contributors.par_iter().zip(&owned).zip(records).with_min_len(256).map(weigh).collect()
}

/// The records of a parent whose history ends with it, beside those that begin.
struct Forgotten<'a> {
    before: std::iter::Peekable<Box<dyn Iterator<Item = (&'a Hash, &'a HistoryRecord)> + 'a>>,
}

impl<'a> Forgotten<'a> {
    fn new(history: Option<&'a History>) -> Self {
        let records: Box<dyn Iterator<Item = _>> = match history {
            Some(history) => Box::new(history.iter()),
            None => Box::new(std::iter::empty()),
        };
        Self { before: records.peekable() }
    }

    fn pass(&mut self, change: HistoryChange, to: &mut Vec<HistoryChange>) {
        while let Some((did_hash, record)) = self.before.next_if(|(key, _)| **key < change.did_hash) {
            to.push(HistoryChange { did_hash: *did_hash, before: Some(*record), after: None });
        }
        let same = self.before.next_if(|(key, _)| **key == change.did_hash);
        to.push(HistoryChange { before: change.before.or(same.map(|(_, record)| *record)), ..change });
    }

    fn finish(self, to: &mut Vec<HistoryChange>) {
        to.extend(self.before.map(|(did_hash, record)| HistoryChange {
            did_hash: *did_hash,
            before: Some(*record),
            after: None,
        }));
    }
}
