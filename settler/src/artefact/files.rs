//! Which files an artefact has, and how each is written from a settlement: to a folder, or against one.

use std::io::{BufWriter, Write};
use std::path::Path;

use radio_payouts_protocol::settlement::Settlement;

use super::manifest::FileJson;
use super::source::BatchSource;
use super::terms::Terms;
use super::{batches, envelopes, payout, tables};

/// What the files are written from.
pub struct Contents<'a> {
    /// What the epoch rests on besides batches.
    pub terms: &'a Terms,
    /// What it came to.
    pub settlement: &'a Settlement,
    /// Where its batches are.
    pub batches: &'a dyn BatchSource,
}

/// A file of an artefact, all but the manifest, in the order in which they are written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// Envelopes of the SFU at this place of the settlement's seals.
    Envelopes(usize, String),
    /// `batches/verdicts.csv`.
    Verdicts,
    /// `receipts.parquet`.
    Receipts,
    /// `cells.parquet`.
    Cells,
    /// `tracks.parquet`.
    Tracks,
    /// `history.parquet`.
    History,
    /// `payouts.parquet`.
    Payouts,
    /// `payouts.csv`.
    PayoutsCsv,
}

impl FileKind {
    /// The name below the artefact's folder.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Envelopes(_, name) => name,
            Self::Verdicts => batches::VERDICTS,
            Self::Receipts => "receipts.parquet",
            Self::Cells => "cells.parquet",
            Self::Tracks => "tracks.parquet",
            Self::History => "history.parquet",
            Self::Payouts => "payouts.parquet",
            Self::PayoutsCsv => "payouts.csv",
        }
    }
}

impl Contents<'_> {
    /// The batches as they were judged.
    #[must_use]
    pub fn sealed_files(&self) -> Vec<FileKind> {
        let seals = self.settlement.seals.iter().enumerate().filter(|(_, seal)| !seal.judged.is_empty());
        let mut files: Vec<_> =
            seals.map(|(place, seal)| FileKind::Envelopes(place, batches::file_name(&seal.key))).collect();
        files.push(FileKind::Verdicts);
        files
    }

    /// All files but the manifest.
    #[must_use]
    pub fn files(&self) -> Vec<FileKind> {
        let mut files = self.sealed_files();
        files.extend(AGGREGATED);
        files.extend(ALLOCATED);
        files
    }

    /// Writes the envelopes of the SFU at this place below `folder`, packed if they are large; the digest of the plain content.
    ///
    /// # Errors
    /// If a batch is not there or the file cannot be written.
    pub fn write_envelopes(&self, place: usize, name: &str, folder: &Path) -> anyhow::Result<FileJson> {
        let seal = self.settlement.seals.get(place).ok_or_else(|| anyhow::anyhow!("there is no SFU {place}"))?;
        Ok(envelopes::write(folder, name, seal, self.batches, envelopes::PACK_FROM)?.plain)
    }

    /// Writes one file; envelopes as the plain file.
    ///
    /// # Errors
    /// If a batch is not there or `writer` fails.
    pub fn write(&self, file: &FileKind, writer: impl Write + Send) -> anyhow::Result<()> {
        let Self { terms, settlement, batches: source } = self;
        let mut writer = BufWriter::with_capacity(1 << 20, writer);
        match file {
            FileKind::Envelopes(place, _) => match settlement.seals.get(*place) {
                Some(seal) => batches::write_envelopes(seal, *source, &mut writer)?,
                None => anyhow::bail!("there is no SFU {place}"),
            },
            FileKind::Verdicts => batches::write_verdicts(&settlement.seals, &settlement.batches, &mut writer)?,
            FileKind::Receipts => tables::receipts(&settlement.batches, *source, &mut writer)?,
            FileKind::Cells => tables::cells(terms, settlement, &mut writer)?,
            FileKind::Tracks => tables::tracks(&settlement.cells.tracks, &mut writer)?,
            FileKind::History => {
                let before = terms.parent.as_ref().map(|parent| &parent.state.history);
                tables::history(before, &settlement.history, &mut writer)?;
            }
            FileKind::Payouts => tables::payouts(settlement, &mut writer)?,
            FileKind::PayoutsCsv => payout::write_csv(payout::all(settlement), &mut writer)?,
        }
        Ok(writer.flush()?)
    }
}

/// What stage Aggregated writes.
pub const AGGREGATED: [FileKind; 4] = [FileKind::Receipts, FileKind::Cells, FileKind::Tracks, FileKind::History];
/// What stage Allocated writes.
pub const ALLOCATED: [FileKind; 2] = [FileKind::Payouts, FileKind::PayoutsCsv];
