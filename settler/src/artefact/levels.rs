//! Level files: the payout trees of a sealed epoch on disk, so that a proof needs no tree in memory.
//!
//! ```text
//! DATA/trees/<commitment>.levels
//!
//! 32 bytes   "radio-payouts/levels/v1", filled up with zeros
//! 32 bytes   the commitment of the epoch's statement
//! tree after tree, of each tree its levels 0, 7, 14 below the root, 40 bytes a node: hash, sum (u64, little-endian)
//! ```
//!
//! Levels have no empty positions (section 8 of the protocol page), so the roots' counts say how long the file is. Those between are computed when
//! they are wanted, out of sections of at most 128 nodes: a proof of twenty siblings is three reads of 5 KiB and about 300 hashes. A
//! file of 10 million leaves has 403 MB, half of what all levels would take.
//!
//! A level file is no part of an artefact and is never trusted. It follows from `payouts.parquet` ([`derive()`]), and [`Levels`] hands out
//! nothing that does not lead to a root of the statement, section by section from the top down. One that is of another epoch, has another length or
//! a wrong node is refused with [`Damaged`]; deleting it is always safe.

use std::path::{Path, PathBuf};
use std::time::Duration;

use radio_payouts_protocol::hash::Hash;

use super::Artefact;
use crate::store::durable;

mod derive;
mod layout;
mod read;
mod write;

pub use derive::derive;
pub use read::{Group, Levels, Run};
pub use write::Writer;

/// A level file cannot be what its name says.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: {fault}; delete this file, it is made anew from payouts.parquet", path.display())]
pub struct Damaged {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a level file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// It does not begin as one of this version.
    #[error("this is no level file of this version")]
    Format,
    /// It says that it is of another statement.
    #[error("this is the level file of commitment {}, another epoch's", hex::encode(.0))]
    OtherEpoch(Hash),
    /// It is longer or shorter than the trees are.
    #[error("it has {has} bytes where the committed trees take {takes}")]
    Length {
        /// Bytes of the file.
        has: u64,
        /// Bytes that it must have.
        takes: u64,
    },
    /// Nodes do not lead to the committed root.
    #[error("a node of tree {tree}, level {level} does not lead to the committed root")]
    Node {
        /// Number of the tree, from 0.
        tree: u32,
        /// The level, from 0 at the leaves.
        level: u32,
    },
}

/// No level file takes as long to write: older temporary files are left-overs.
const LEFT_OVER: Duration = Duration::from_hours(1);

/// Where level files are, below a settler's data folder.
#[must_use]
pub fn folder(data: &Path) -> PathBuf {
    data.join("trees")
}

/// The level file of the statement with this commitment, in `folder`.
#[must_use]
pub fn file(folder: &Path, commitment: &Hash) -> PathBuf {
    folder.join(format!("{}.levels", hex::encode(commitment)))
}

/// Opens an artefact's level file in `folder`; one that is missing is derived first. `derived` is told how many leaves are done.
///
/// # Errors
/// [`Damaged`]; as [`derive()`].
pub fn open(artefact: &Artefact, folder: &Path, derived: impl FnMut(u64)) -> anyhow::Result<Levels> {
    let path = file(folder, &artefact.manifest.commitment);
    if !path.is_file() {
        durable::create_folder(folder)?;
        remove_left_overs(folder);
        derive(artefact, &path, derived)?;
    }
    Levels::open(&path, &artefact.domain(), &artefact.manifest.commitment, &artefact.statement().payouts)
}

/// Removes what killed processes left half written long ago. What is younger may be another process's work.
fn remove_left_overs(folder: &Path) {
    let is_left_over = |entry: &std::fs::DirEntry| {
        let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|time| time.elapsed().ok());
        entry.file_name().to_string_lossy().starts_with(".tmp") && age.is_some_and(|age| age > LEFT_OVER)
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().filter(is_left_over) {
        // One that cannot be removed takes space and does no other harm.
        let _ = std::fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests;
