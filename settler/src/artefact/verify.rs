//! Verification: from the signed batches of a folder to the statement and every byte of every file, again.
//!
//! Nothing in the folder is believed but signatures. What an epoch rests on besides batches (parameters, registry,
//! the parent's state) stands in the manifest and is compared with the chain by [`crate::epoch::audit`], the parent's
//! history with the commitment that the statement names, its cursors and judged batches with its folder if that is
//! beside. The first difference is named: which SFU and seq, which DID, which field, which file.

use std::collections::BTreeMap;
use std::path::Path;

use radio_payouts_protocol::batch::{BatchHeader, Envelope};
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::statement::Statement;

use super::batches::{FolderBatches, VERDICTS, read_verdicts};
use super::digest::{Comparing, Digesting};
use super::envelopes;
use super::files::{Contents, FileKind};
use super::manifest::Manifest;
use super::{Artefact, Terms, ancestors, differ, sfu_name, source};
use crate::store::cold;

pub mod checks;

pub use checks::{Check, Checks, Ending, Group};

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
fn in_folder<T>(result: anyhow::Result<T>) -> Result<T, Fault> {
    result.map_err(|error| match cold::cause(&error) {
        Some(cold) if cold.is_temporary() => Fault::Failed(error),
        _ => Fault::Difference(format!("{error:#}")),
    })
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
        if !folder.join("manifest.json").is_file() {
            return Err(Fault::Failed(anyhow::anyhow!("{} has no manifest.json", folder.display())));
        }
        let artefact = checks.step(Group::Manifest, "format and commitment", || {
            let artefact = in_folder(Artefact::open(folder))?;
            let commitment = hex::encode(artefact.manifest.commitment);
            Ok((artefact, commitment))
        })?;
        checks.step(Group::Manifest, "deployment.domain", || {
            if !artefact.manifest.deployment.is_consistent() {
                return differs("manifest.json: field deployment.domain is not that of genesis_hash and program_id");
            }
            Ok(((), hex::encode(artefact.manifest.deployment.domain)))
        })?;
        let terms = checks.step(Group::Manifest, "parent and history", || {
            let terms = in_folder(artefact.terms())?;
            let detail = terms.parent.as_ref().map_or_else(
                || "the first epoch has no parent".to_owned(),
                |parent| format!("the history leads to the statement of epoch {}", parent.state.epoch),
            );
            Ok((terms, detail))
        })?;
        let (batches, headers) = checks.step(Group::Signatures, "every envelope", || {
            let read = read_batches(&artefact)?;
            let count = read.1.len();
            Ok((read, format!("{count} canonical, each with a strict signature")))
        })?;
        checks.step(Group::Batches, VERDICTS, || {
            compare_listing(&artefact, &headers)?;
            Ok(((), format!("{} batches, there and listed", headers.len())))
        })?;
        let parent_compared = checks.step(Group::Batches, "parent", || {
            let compared = compare_parent(&artefact, &terms, &headers)?;
            let detail = match (compared, &terms.parent) {
                (true, None) => "there is none",
                (true, Some(_)) => "cursors and judged batches are those of the parent's folder",
                (false, _) => "the parent's folder is not beside: its cursors were taken from the manifest",
            };
            Ok((compared, detail.to_owned()))
        })?;
        let settlement = source::settle(&terms, &headers, &batches)?;
        Ok(Self { artefact, terms, settlement, batches, headers, parent_compared })
    }

    /// Compares the statement that the folder claims with the recomputed one; every field is noted.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_statement(&self, checks: &mut Checks) -> Result<(), Fault> {
        let (manifest, ours) = (&self.artefact.manifest, &self.settlement);
        let difference = manifest.compare_sfus(ours)?.map(|difference| format!("manifest.json: {difference}"));
        let receipts: usize = ours.batches.iter().map(|batch| batch.receipts.verdicts.len()).sum();
        let judged = format!(
            "{} SFUs, {} batches and {receipts} receipts judged again: cursors, stops, gaps, carried, accepted, rejected",
            ours.seals.len(),
            self.headers.len()
        );
        checks.note(Group::Verdicts, "sfus", difference, judged);
        for (field, theirs, ours) in differ::statement_fields(&self.artefact.statement(), &ours.statement) {
            let difference = (theirs != ours)
                .then(|| format!("manifest.json: field statement.{field} is {theirs}, recomputed {ours}"));
            checks.note(Group::Statement, field, difference, ours);
        }
        Ok(())
    }

    /// Compares the recomputed statement with the one on chain; every field is noted.
    pub fn check_with_chain(&self, on_chain: &Statement, checks: &mut Checks) {
        let epoch = self.terms.epoch;
        for (field, theirs, ours) in differ::statement_fields(on_chain, &self.settlement.statement) {
            let difference = (theirs != ours)
                .then(|| format!("statement of epoch {epoch}: field {field} is {theirs} on chain, recomputed {ours}"));
            checks.note(Group::Chain, field, difference, ours);
        }
    }

    /// Compares the recomputed statement with the one on chain.
    ///
    /// # Errors
    /// [`Fault::Difference`] with the first field that differs.
    pub fn compare_with_chain(&self, on_chain: &Statement) -> Result<(), Fault> {
        Checks::first_of(|checks| {
            self.check_with_chain(on_chain, checks);
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
        let mut files = BTreeMap::new();
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
                    (writer.finish().0, Some(format!("{} is missing", file.name())))
                }
            };
            let detail = format!("{} bytes, SHA-256 {}", digest.length, hex::encode(digest.sha256));
            checks.note(Group::Files, file.name(), difference, detail);
            files.insert(file.name().to_owned(), digest);
        }
        let manifest = Manifest::of(&self.terms, &self.settlement.to_summary(), files);
        let found = std::fs::read(self.artefact.folder.join("manifest.json"))?;
        let expected = manifest.to_bytes()?;
        let difference = if found == expected {
            None
        } else {
            let theirs = serde_json::from_slice(&found)?;
            let difference = differ::json(&theirs, &serde_json::to_value(&manifest)?);
            Some(format!("manifest.json: {}", difference.unwrap_or_else(|| "it is written in another form".into())))
        };
        checks.note(Group::Files, "manifest.json", difference, format!("{} bytes", expected.len()));
        checks.note(Group::Files, "no other file", self.find_stranger(&manifest)?, "none is there");
        Ok(manifest.files.len() + 1)
    }

    fn name_difference(&self, contents: &Contents<'_>, file: &FileKind, at: u64) -> Result<String, Fault> {
        let theirs = self.plain(file)?;
        let ours = tempfile::NamedTempFile::new()?;
        contents.write(file, ours.as_file())?;
        let named = match Path::new(file.name()).extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => differ::tables((*theirs).as_ref(), ours.path()).ok().flatten(),
            _ => differ::lines((*theirs).as_ref(), ours.path())?,
        };
        let named =
            named.unwrap_or_else(|| "no row differs, so the file was damaged or written by another version".into());
        Ok(format!("{}: differs from byte {at} on: {named}", file.name()))
    }

    /// A file of the folder with its plain content: itself, or unpacked beside.
    fn plain(&self, file: &FileKind) -> Result<Box<dyn AsRef<Path>>, Fault> {
        let folder = &self.artefact.folder;
        let kept = envelopes::kept(folder, file.name())?;
        if kept == folder.join(file.name()) {
            return Ok(Box::new(kept));
        }
        let unpacked = tempfile::NamedTempFile::new()?;
        std::io::copy(&mut envelopes::open_plain(folder, file.name())?, &mut unpacked.as_file())?;
        Ok(Box::new(unpacked))
    }

    fn find_stranger(&self, manifest: &Manifest) -> Result<Option<String>, Fault> {
        let folder = &self.artefact.folder;
        for (below, prefix) in [(folder.clone(), ""), (folder.join("batches"), "batches/")] {
            for entry in std::fs::read_dir(below)? {
                let entry = entry?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                let plain = if prefix.is_empty() { &name } else { envelopes::listed_name(&name) };
                let is_known = manifest.files.contains_key(plain) || name == "manifest.json" || name == "batches";
                if !is_known {
                    return Ok(Some(format!("{name} is no file of this epoch")));
                }
            }
        }
        Ok(None)
    }
}

/// Parses and verifies every envelope.
fn read_batches(artefact: &Artefact) -> Result<(FolderBatches, Vec<BatchHeader>), Fault> {
    let domain = artefact.domain();
    let listed = listed_by_file(artefact);
    in_folder(FolderBatches::open(&artefact.folder, |path, number, envelope| {
        let received = Envelope::parse(envelope).and_then(|received| received.verify(&domain));
        received.map(|verified| verified.header()).map_err(|answer| {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let listed = usize::try_from(number).ok().and_then(|number| listed.get(&file)?.get(number.checked_sub(1)?));
            let which = listed.map_or_else(String::new, |header: &BatchHeader| {
                format!(" (SFU {}, seq {})", sfu_name(&header.sfu_key), header.seq)
            });
            anyhow::anyhow!("batches/{file} line {number}{which}: {}: {}", answer.as_str(), answer.explanation())
        })
    }))
}

/// The headers that `verdicts.csv` lists, by file, to name an envelope that cannot be read.
fn listed_by_file(artefact: &Artefact) -> BTreeMap<String, Vec<BatchHeader>> {
    let mut listed: BTreeMap<String, Vec<BatchHeader>> = BTreeMap::new();
    let _ = read_verdicts(&artefact.folder, |line| {
        let file = format!("{}.ndjson", hex::encode(line.header.sfu_key));
        listed.entry(file).or_default().push(line.header);
        Ok(())
    });
    listed
}

/// Names a batch that is listed and not there, or there and not listed.
fn compare_listing(artefact: &Artefact, headers: &[BatchHeader]) -> Result<(), Fault> {
    let mut there: Vec<_> = headers.iter().map(|header| (header.sfu_key, header.seq, header.hash)).collect();
    there.sort_unstable();
    if let Some(pair) = there.windows(2).find(|pair| pair.first() == pair.last())
        && let Some((key, seq, _)) = pair.first()
    {
        return differs(format!("SFU {}, seq {seq}: the batch is in batches/ twice", sfu_name(key)));
    }
    let mut listed = Vec::with_capacity(there.len());
    in_folder(read_verdicts(&artefact.folder, |line| {
        listed.push((line.header.sfu_key, line.header.seq, line.header.hash));
        Ok(())
    }))?;
    listed.sort_unstable();
    let missing = listed.iter().find(|entry| there.binary_search(entry).is_err());
    if let Some((key, seq, _)) = missing {
        return differs(format!(
            "SFU {}, seq {seq}: the batch is listed in {VERDICTS} and missing in batches/",
            sfu_name(key)
        ));
    }
    let unlisted = there.iter().find(|entry| listed.binary_search(entry).is_err());
    if let Some((key, seq, _)) = unlisted {
        return differs(format!(
            "SFU {}, seq {seq}: the batch is in batches/ and not listed in {VERDICTS}",
            sfu_name(key)
        ));
    }
    Ok(())
}

/// Compares the parent's state in the manifest with the parent's folder, if that is beside.
fn compare_parent(artefact: &Artefact, terms: &Terms, headers: &[BatchHeader]) -> Result<bool, Fault> {
    let Some(parent) = &terms.parent else { return Ok(true) };
    // A name like `.` has no parent; the folder itself may be given by a relative path.
    let folder = artefact.folder.canonicalize()?;
    let Some(root) = folder.parent() else { return Ok(false) };
    let (epoch, commitment) = (parent.state.epoch, parent.state.commitment);
    let Some(found) = in_folder(ancestors::find(root, epoch, &commitment))? else { return Ok(false) };
    if let Some(difference) = artefact.manifest.compare_parent(&found.manifest)? {
        let difference = difference.to_string().replace("recomputed", "in the parent's folder");
        return differs(format!("manifest.json: {difference}"));
    }
    for header in headers {
        let state = parent.state.sfus.get(&header.sfu_key);
        let is_open = state.is_none_or(|state| header.seq > state.cursor || state.gaps.contains(header.seq));
        // An ancestor's folder that is away leaves this open, as for a folder copied alone.
        if !is_open
            && matches!(
                ancestors::was_judged(root, (epoch, commitment), &header.sfu_key, header.seq, &header.hash),
                Ok(true)
            )
        {
            return differs(format!(
                "SFU {}, seq {}: an earlier epoch judged this batch",
                sfu_name(&header.sfu_key),
                header.seq
            ));
        }
    }
    Ok(true)
}
