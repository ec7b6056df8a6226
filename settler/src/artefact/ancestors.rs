//! Sealed epochs beside each other: which folder is a parent's, and what ancestors judged.
//!
//! A folder counts as an ancestor only by its commitment, which the child's statement names; its name alone proves
//! nothing. Folders of epochs that were revoked and settled anew are kept under `superseded/<commitment>`.

use std::path::{Path, PathBuf};

use radio_payouts_protocol::hash::Hash;

use super::Artefact;
use super::batches::read_verdicts;

/// Where the folder of an epoch with this commitment would be if it was superseded.
#[must_use]
pub fn superseded_folder(root: &Path, commitment: &Hash) -> PathBuf {
    root.join("superseded").join(hex::encode(commitment))
}

/// The artefact of `epoch` with this commitment among the folders of `root`, if it is there.
///
/// # Errors
/// If a folder of that name is damaged.
pub fn find(root: &Path, epoch: u64, commitment: &Hash) -> anyhow::Result<Option<Artefact>> {
    for folder in [root.join(super::folder_name(epoch)), superseded_folder(root, commitment)] {
        if folder.join("manifest.json").is_file() {
            let artefact = Artefact::open(&folder)?;
            if artefact.manifest.commitment == *commitment && artefact.manifest.statement.epoch == epoch {
                return Ok(Some(artefact));
            }
        }
    }
    Ok(None)
}

/// Whether the epoch `(epoch, commitment)` or an ancestor of it judged this batch of an SFU.
///
/// Looks back until the epoch in which the `seq` was first judged: before that nothing was known under it.
///
/// # Errors
/// If an ancestor that must be looked at is not there.
pub fn was_judged(
    root: &Path,
    mut ancestor: (u64, Hash),
    key: &[u8; 32],
    seq: u64,
    hash: &Hash,
) -> anyhow::Result<bool> {
    loop {
        let (epoch, commitment) = ancestor;
        let Some(artefact) = find(root, epoch, &commitment)? else {
            anyhow::bail!(
                "the folder of epoch {epoch} with commitment {} is needed and not in {}",
                hex::encode(commitment),
                root.display()
            );
        };
        let mut found = false;
        read_verdicts(&artefact.folder, |line| {
            found |= line.header.sfu_key == *key && line.header.seq == seq && line.header.hash == *hash;
            Ok(())
        })?;
        if found {
            return Ok(true);
        }
        let name = super::sfu_name(key);
        let cursor = artefact.manifest.sfus.iter().find(|sfu| sfu.sfu == name).map_or(0, |sfu| sfu.cursor_before);
        let was_open = artefact.manifest.parent.as_ref().and_then(|parent| {
            let state = parent.sfus.iter().find(|state| state.key == *key)?;
            Some(state.gaps.iter().any(|range| range.0 <= seq && seq <= range.1))
        });
        match &artefact.manifest.parent {
            Some(parent) if seq <= cursor && was_open != Some(true) => {
                ancestor = (parent.statement.epoch, parent.commitment);
            }
            _ => return Ok(false),
        }
    }
}
