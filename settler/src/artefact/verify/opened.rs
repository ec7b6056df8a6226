//! A folder whose manifest and batches were read: what every way to verify it begins with.

use std::path::Path;

use radio_payouts_protocol::batch::BatchHeader;

use super::signatures::{self, Each, Read};
use super::{Checks, Fault, Group, differs, in_folder};
use crate::artefact::batches::{FolderBatches, VERDICTS, read_verdicts};
use crate::artefact::streamed::Heard;
use crate::artefact::{Artefact, Terms, ancestors, sfu_name};

/// A folder whose manifest can be read.
pub struct Found {
    /// The folder.
    pub artefact: Artefact,
    /// What the epoch rests on besides batches, as the manifest says.
    pub terms: Terms,
}

/// A folder whose signatures hold.
pub struct Opened {
    /// The folder.
    pub artefact: Artefact,
    /// What the epoch rests on besides batches, as the manifest says.
    pub terms: Terms,
    /// The batches.
    pub batches: FolderBatches,
    /// Headers of all batches in the folder, in the order of files and lines.
    pub headers: Vec<BatchHeader>,
    /// Receipts of all batches.
    pub receipts: u64,
    /// Whether the parent's folder was beside and agrees.
    pub parent_compared: bool,
}

impl Found {
    /// Reads the manifest and the history before.
    ///
    /// # Errors
    /// [`Fault::Difference`] for the first thing that is not as it must be; [`Fault::Failed`] if there is none.
    pub fn open(folder: &Path, checks: &mut Checks) -> Result<Self, Fault> {
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
        Ok(Self { artefact, terms })
    }

    /// Reads every envelope, checks its signature and hands it to `each`; then whether all that are listed are there, and what the
    /// parent's folder says.
    ///
    /// # Errors
    /// [`Fault::Difference`] for the first thing that is not as it must be; that of `each`.
    pub fn read(self, checks: &mut Checks, each: Each<'_>, heard: Heard<'_>) -> Result<Opened, Fault> {
        let Self { artefact, terms } = self;
        let Read { batches, headers, receipts } = checks.step(Group::Signatures, "every envelope", || {
            let read = signatures::read(&artefact, each, heard)?;
            let count = read.headers.len();
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
        Ok(Opened { artefact, terms, batches, headers, receipts, parent_compared })
    }
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
