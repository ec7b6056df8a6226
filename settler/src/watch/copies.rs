//! Published folders of an epoch, and whether a copy is whole.
//!
//! Copies come over networks, and one that is still under way looks like a forged one. So a copy counts only if every file
//! that its manifest lists is there with that hash; until then it is as if nothing had been published.

use std::path::{Path, PathBuf};

use radio_payouts_protocol::hash::{Hash, sha256};

use crate::artefact::digest::Digesting;
use crate::artefact::{Artefact, ancestors, folder_name};

/// Where published folders are looked for.
#[derive(Clone, Debug)]
pub struct Places(Vec<PathBuf>);

impl Places {
    /// Folders of others, and this host's own.
    #[must_use]
    pub fn new(from: &[PathBuf], own: PathBuf) -> Self {
        Self(from.iter().cloned().chain([own]).collect())
    }

    /// Every folder that says it is this epoch, with a manifest that holds in itself; those with `commitment` first.
    #[must_use]
    pub fn of_epoch(&self, epoch: u64, commitment: &Hash) -> Vec<Artefact> {
        let name = folder_name(epoch);
        let below = |root: &Path| [root.join(&name), ancestors::superseded_folder(root, commitment)];
        let folders = self.0.iter().flat_map(|given| {
            let [direct, superseded] = below(given);
            let [data, data_superseded] = below(&given.join("epochs"));
            [given.clone(), direct, superseded, data, data_superseded]
        });
        let mut found: Vec<Artefact> = folders
            .filter(|folder| folder.join("manifest.json").is_file())
            .filter_map(|folder| Artefact::open(&folder).ok())
            .filter(|artefact| artefact.manifest.statement.epoch == epoch)
            .collect();
        found.sort_by_key(|artefact| artefact.manifest.commitment != *commitment);
        found
    }

    /// A folder of this epoch and commitment.
    #[must_use]
    pub fn find(&self, epoch: u64, commitment: &Hash) -> Option<Artefact> {
        self.of_epoch(epoch, commitment).into_iter().find(|artefact| artefact.manifest.commitment == *commitment)
    }
}

/// SHA-256 of a folder's manifest as it is on disk.
///
/// # Errors
/// If it cannot be read.
pub fn manifest_hash(artefact: &Artefact) -> anyhow::Result<Hash> {
    Ok(sha256(&[&std::fs::read(artefact.folder.join("manifest.json"))?]))
}

/// Why a copy is not whole; `None` if it is.
#[must_use]
pub fn missing(artefact: &Artefact) -> Option<String> {
    artefact.manifest.files.iter().find_map(|(name, listed)| {
        let path = artefact.folder.join(name);
        let Ok(mut file) = std::fs::File::open(&path) else { return Some(format!("{name} is missing")) };
        let mut digest = Digesting::new(std::io::sink());
        match std::io::copy(&mut file, &mut digest) {
            Ok(_) if digest.finish().0 == *listed => None,
            Ok(_) => Some(format!("{name} is not the file that the manifest lists")),
            Err(error) => Some(format!("{name} cannot be read: {error}")),
        }
    })
}
