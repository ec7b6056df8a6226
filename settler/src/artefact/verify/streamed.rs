//! Verification by an engine, for epochs that do not fit in memory: rows are made of the folder's batches while their signatures are
//! checked, judged and added up, and every file is written again beside.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use radio_payouts_engine::Rows;
use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::rows::SHARDS;
use radio_payouts_engine::settle::judge;
use radio_payouts_protocol::batch::Verified;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::settlement::Summary;

use super::{Checks, Computed, Fault, Found, Opened, files, judged};
use crate::artefact::files::{AGGREGATED, ALLOCATED, FileKind};
use crate::artefact::source::BatchSource as _;
use crate::artefact::streamed::{Digests, Heard, Streams, Writing, aggregate, finish};
use crate::store::rows::RowMaker;
use crate::store::{Lock, durable};

/// A folder settled again by an engine.
pub struct Streamed {
    /// The folder.
    pub opened: Opened,
    /// What its batches add up to.
    pub summary: Summary,
    /// Receipts of accepted batches.
    pub receipts: usize,
    written: PathBuf,
    digests: Digests,
}

impl Streamed {
    /// Checks every signature and settles. What is needed on disk lies below `work`, which is to be removed when the files were compared.
    ///
    /// # Errors
    /// [`Fault::Difference`] for the first thing that is not as it must be; [`Fault::Failed`] if the engine fails or its result is
    /// refused.
    pub fn settle(
        found: Found,
        engine: &(dyn Engine + Sync),
        work: &Path,
        checks: &mut Checks,
        heard: Heard<'_>,
    ) -> Result<Self, Fault> {
        let rows = Rows::new(&work.join("rows"), found.terms.deployment.calendar()?, SHARDS);
        let mut maker = RowMaker::start(rows.clone(), Arc::new(Lock::take(&work.join("rows.lock"))?), Arc::default())?;
        let opened = found.read(checks, &mut |batches| Ok(make_rows(&mut maker, batches)?), heard)?;
        maker.finish()?;
        let (folder, written) = (work.join("engine"), work.join("files"));
        for folder in [&folder, &written.join("batches")] {
            durable::create_folder(folder)?;
        }
        let Opened { terms, headers, batches, .. } = &opened;
        let count = headers.len() as u64;
        heard("batches judged", 0, Some(count));
        let load = |header: &_| batches.batch(header);
        let judged = terms.with_setting(|setting| judge(setting, headers, &rows, engine, &folder, load))??;
        heard("batches judged", count, Some(count));
        let spill = folder.join("weights");
        let writing = Writing { staging: &written, spill: &spill, heard };
        let streams = Streams { terms, judged: &judged, engine, with_envelopes: false, writing };
        let aggregated = aggregate(&streams, batches)?;
        let receipts = judged.batches.iter().map(|batch| batch.receipts.verdicts.len()).sum();
        let seals = judged.seals;
        let (summary, digests) = terms.with_setting(|setting| finish(setting, &writing, seals, &aggregated))??;
        std::fs::remove_file(&spill)?;
        Ok(Self { opened, summary, receipts, written, digests })
    }

    /// What was computed.
    #[must_use]
    pub fn computed(&self) -> Computed<'_> {
        of(&self.opened, &self.summary)
    }

    /// Compares the statement that the folder claims with the recomputed one; every field is noted.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_statement(&self, checks: &mut Checks) -> Result<(), Fault> {
        let judged = judged(&self.summary.seals, self.opened.headers.len(), self.receipts);
        self.computed().check_statement(judged, checks)
    }

    /// Compares every file with the one that was written again; every one is noted. Their number.
    ///
    /// # Errors
    /// [`Fault::Failed`] if one cannot be read.
    pub fn check_files(&self, checks: &mut Checks, heard: Heard<'_>) -> Result<usize, Fault> {
        let Self { opened, summary, written, .. } = self;
        let (folder, mut digests) = (&opened.artefact.folder, self.digests.clone());
        files::check_envelopes(opened, &summary.seals, &mut digests, checks)?;
        files::check_written(folder, &written_kinds(), written, &digests, heard, checks)?;
        files::check_manifest(&opened.artefact, &opened.terms, summary, digests, checks)
    }
}

/// What was computed of a folder.
pub(super) fn of<'a>(opened: &'a Opened, summary: &'a Summary) -> Computed<'a> {
    let Summary { seals, statement, commitment, .. } = summary;
    Computed { artefact: &opened.artefact, terms: &opened.terms, seals, statement, commitment }
}

/// All files but the manifest and the envelopes, in the order in which they are compared.
pub(super) fn written_kinds() -> Vec<FileKind> {
    [FileKind::Verdicts].into_iter().chain(AGGREGATED).chain(ALLOCATED).collect()
}

/// Makes the rows of some batches, which are a source by their hashes.
fn make_rows(maker: &mut RowMaker, batches: &[Verified<Cow<'_, str>>]) -> Result<(), crate::store::StoreError> {
    let hashes: Vec<Hash> = batches.iter().map(|verified| verified.header().hash).collect();
    if hashes.is_empty() {
        return Ok(());
    }
    for verified in batches {
        maker.add(&verified.header(), verified.batch())?;
    }
    maker.end_pack(sha256(&[hashes.as_flattened()]))
}
