//! Writing a level file, tree after tree.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use radio_payouts_protocol::forest::MerkleSumTree;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::tree::Node;
use tempfile::NamedTempFile;

use super::layout::{FORMAT, HEADER_BYTES, NODE_BYTES, kept};
use crate::crash;
use crate::durable;
use crate::store::durable::FileError;

/// Nodes that are turned to bytes at a time.
const NODES_AT_A_TIME: usize = 1 << 14;

/// A level file that is being written: a temporary file beside its place, which takes the place when it is [`finished`](Writer::finish). If
/// that is never called, or the process dies, nothing is under the name.
pub struct Writer {
    file: NamedTempFile,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins the file that will be `path`, in a folder that is there.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let folder = durable::folder_of(path);
        let mut file = tempfile::Builder::new()
            .prefix(".tmp")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(|error| FileError::new("create a file in", folder, error))?;
        let failed = |error| FileError::new("write", path, error);
        file.as_file_mut().write_all(&[0; HEADER_BYTES as usize]).map_err(failed)?;
        Ok(Self { file, path: path.to_owned(), bytes: Vec::with_capacity(NODES_AT_A_TIME * NODE_BYTES) })
    }

    /// Adds the next tree.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn tree(&mut self, tree: &MerkleSumTree) -> anyhow::Result<()> {
        let count = tree.root().count;
        if count == 0 {
            return Ok(());
        }
        for height in kept(count) {
            let level = tree.levels().nth(height as usize).context("a tree without a level")?;
            for nodes in level.chunks(NODES_AT_A_TIME) {
                self.bytes.clear();
                for Node { hash, sum } in nodes {
                    self.bytes.extend_from_slice(hash);
                    self.bytes.extend_from_slice(&sum.to_le_bytes());
                }
                let written = self.file.as_file_mut().write_all(&self.bytes);
                written.map_err(|error| FileError::new("write", &self.path, error))?;
            }
            crash::point("levels.level_written");
        }
        Ok(())
    }

    /// Ends: the file is of the statement with this commitment, synced, and takes its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self, commitment: &Hash) -> anyhow::Result<()> {
        let Self { file, path, .. } = self;
        let failed = |error| FileError::new("write", &path, error);
        let header = [FORMAT, *commitment].concat();
        std::os::unix::fs::FileExt::write_all_at(file.as_file(), &header, 0).map_err(failed)?;
        File::sync_all(file.as_file()).map_err(failed)?;
        crash::point("levels.before_rename");
        let _: File = file.persist(&path).map_err(|error| failed(error.error))?;
        durable::sync_folder(durable::folder_of(&path)).map_err(failed)?;
        Ok(())
    }
}
