//! Verification: from the signed batches of a folder to the statement and every byte of every file, again.
//!
//! Nothing in the folder is believed but signatures. What an epoch rests on besides batches (parameters, registry,
//! the parent's state) stands in the manifest and is compared with the chain by [`crate::epoch::audit`], the parent's
//! history with the commitment that the statement names, its cursors and judged batches with its folder if that is
//! beside. The first difference is named: which SFU and seq, which DID, which field, which file.
//!
//! [`Recomputed`] holds everything in memory, [`streamed`] has an engine add up and writes the files again beside. [`fast`] judges no
//! receipt, or only those of some DIDs.

use std::path::Path;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::statement::Statement;

use super::batches::FolderBatches;
use super::digest::{Comparing, Digesting};
use super::envelopes;
use super::files::{Contents, FileKind};
use super::streamed::Digests;
use super::{Artefact, Terms, differ, source};
use crate::store::place;

pub mod checks;
pub mod fast;
pub mod files;
pub mod opened;
pub mod signatures;
pub mod streamed;

pub use checks::{Check, Checks, Ending, Group};
pub use opened::{Found, Opened};

/// Why a folder was not found to be right.
#[derive(Debug)]
pub enum Fault {
    /// It differs from what the batches say, or from the chain.
    Difference(String),
    /// It could not be checked.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn differs<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Difference(what.into()))
}

/// Any error of a step that only reads what the folder says is a difference, unless it is archived and cannot be had now.
pub(crate) fn in_folder<T>(result: anyhow::Result<T>) -> Result<T, Fault> {
    result.map_err(|error| match place::cause(&error) {
        Some(place) if place.is_temporary() => Fault::Failed(error),
        _ => Fault::Difference(format!("{error:#}")),
    })
}

/// What was computed of a folder besides its files.
#[derive(Clone, Copy)]
pub struct Computed<'a> {
    /// The folder as found.
    pub artefact: &'a Artefact,
    /// What the epoch rests on besides batches, as the manifest says.
    pub terms: &'a Terms,
    /// Sealing of every SFU, by key.
    pub seals: &'a [SfuSeal],
    /// The statement.
    pub statement: &'a Statement,
    /// Its commitment.
    pub commitment: &'a Hash,
}

impl Computed<'_> {
    /// Compares the SFUs' inputs and the statement that the folder claims with the recomputed ones; every field is noted. `judged` says
    /// what was judged again.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_statement(&self, judged: String, checks: &mut Checks) -> Result<(), Fault> {
        let manifest = &self.artefact.manifest;
        let difference = manifest.compare_sfus(self.seals)?.map(|difference| format!("manifest.json: {difference}"));
        checks.note(Group::Verdicts, "sfus", difference, judged);
        for (field, theirs, ours) in differ::statement_fields(&self.artefact.statement(), self.statement) {
            let difference = (theirs != ours)
                .then(|| format!("manifest.json: field statement.{field} is {theirs}, recomputed {ours}"));
            checks.note(Group::Statement, field, difference, ours);
        }
        Ok(())
    }

    /// Compares the recomputed statement with the one on chain; every field is noted.
    pub fn check_with_chain(&self, on_chain: &Statement, checks: &mut Checks) {
        let epoch = self.terms.epoch;
        for (field, theirs, ours) in differ::statement_fields(on_chain, self.statement) {
            let difference = (theirs != ours)
                .then(|| format!("statement of epoch {epoch}: field {field} is {theirs} on chain, recomputed {ours}"));
            checks.note(Group::Chain, field, difference, ours);
        }
    }
}

/// A folder with everything computed from its batches.
pub struct Recomputed {
    /// The folder as found.
    pub artefact: Artefact,
    /// What the epoch rests on besides batches, as the manifest says.
    pub terms: Terms,
    /// What the batches add up to.
    pub settlement: Settlement,
    /// The batches.
    pub batches: FolderBatches,
    /// Headers of all batches in the folder.
    pub headers: Vec<BatchHeader>,
    /// Whether the parent's folder was beside and agrees.
    pub parent_compared: bool,
}

impl Recomputed {
    /// Reads the folder, checks every signature and settles.
    ///
    /// # Errors
    /// [`Fault::Difference`] for the first thing that is not as it must be.
    pub fn from_folder(folder: &Path) -> Result<Self, Fault> {
        Checks::first_of(|checks| {
            let recomputed = Self::check_batches(folder, checks)?;
            recomputed.check_statement(checks)?;
            Ok(recomputed)
        })
    }

    /// Reads the folder, checks every signature and settles, whatever statement the folder itself claims.
    ///
    /// # Errors
    /// As [`Recomputed::from_folder`].
    pub fn settle_folder(folder: &Path) -> Result<Self, Fault> {
        Checks::first_of(|checks| Self::check_batches(folder, checks))
    }

    /// As [`Recomputed::settle_folder`]; every check is noted.
    ///
    /// # Errors
    /// As [`Recomputed::from_folder`].
    pub fn check_batches(folder: &Path, checks: &mut Checks) -> Result<Self, Fault> {
        Self::settle(Found::open(folder, checks)?.read(checks, &mut |_| Ok(()), &|_, _, _| ())?)
    }

    /// Settles what was read.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn settle(opened: Opened) -> Result<Self, Fault> {
        let Opened { artefact, terms, batches, headers, parent_compared, .. } = opened;
        let settlement = source::settle(&terms, &headers, &batches)?;
        Ok(Self { artefact, terms, settlement, batches, headers, parent_compared })
    }

    /// What was computed.
    #[must_use]
    pub fn computed(&self) -> Computed<'_> {
        let Self { artefact, terms, settlement, .. } = self;
        let Settlement { seals, statement, commitment, .. } = settlement;
        Computed { artefact, terms, seals, statement, commitment }
    }

    /// Compares the statement that the folder claims with the recomputed one; every field is noted.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_statement(&self, checks: &mut Checks) -> Result<(), Fault> {
        let settlement = &self.settlement;
        let receipts: usize = settlement.batches.iter().map(|batch| batch.receipts.verdicts.len()).sum();
        self.computed().check_statement(judged(&settlement.seals, self.headers.len(), receipts), checks)
    }

    /// Compares the recomputed statement with the one on chain.
    ///
    /// # Errors
    /// [`Fault::Difference`] with the first field that differs.
    pub fn compare_with_chain(&self, on_chain: &Statement) -> Result<(), Fault> {
        Checks::first_of(|checks| {
            self.computed().check_with_chain(on_chain, checks);
            Ok(())
        })
    }

    /// Writes every file again and compares it byte by byte. Returns their number.
    ///
    /// # Errors
    /// [`Fault::Difference`] with the first file that differs and where.
    pub fn compare_files(&self) -> Result<usize, Fault> {
        Checks::first_of(|checks| self.check_files(checks))
    }

    /// As [`Recomputed::compare_files`]; every file is noted.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_files(&self, checks: &mut Checks) -> Result<usize, Fault> {
        let contents = Contents { terms: &self.terms, settlement: &self.settlement, batches: &self.batches };
        let mut written = Digests::new();
        for file in contents.files() {
            let (digest, difference) = match envelopes::open_plain(&self.artefact.folder, file.name()) {
                Ok(theirs) => {
                    let mut writer = Digesting::new(Comparing::new(theirs));
                    contents.write(&file, &mut writer)?;
                    let (digest, comparing) = writer.finish();
                    let at = comparing.finish()?;
                    (digest, at.map(|at| self.name_difference(&contents, &file, at)).transpose()?)
                }
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return in_folder(Err(anyhow::Error::from(error).context(format!("cannot read {}", file.name()))));
                }
                Err(_) => {
                    let mut writer = Digesting::new(std::io::sink());
                    contents.write(&file, &mut writer)?;
                    (writer.finish().0, Some(files::is_missing(file.name())))
                }
            };
            files::note(checks, file.name(), difference, &digest);
            written.insert(file.name().to_owned(), digest);
        }
        files::check_manifest(&self.artefact, &self.terms, &self.settlement.to_summary(), written, checks)
    }

    fn name_difference(&self, contents: &Contents<'_>, file: &FileKind, at: u64) -> Result<String, Fault> {
        let ours = tempfile::NamedTempFile::new()?;
        contents.write(file, ours.as_file())?;
        files::name_difference(&self.artefact.folder, file.name(), ours.path(), at)
    }
}

/// What a verification says that it judged again.
fn judged(seals: &[SfuSeal], batches: usize, receipts: usize) -> String {
    format!(
        "{} SFUs, {batches} batches and {receipts} receipts judged again: cursors, stops, gaps, carried, accepted, rejected",
        seals.len()
    )
}
