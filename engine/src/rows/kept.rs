//! Files of rows that are kept somewhere else, and may be missing on this disk.
//!
//! An engine reads local files that were compared with their records, nothing else. What a record names and is not here is fetched before.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use radio_payouts_protocol::hash::sha256;
use rayon::prelude::*;

use super::{Rows, dids_folder, file_path, part_folder};
use crate::record::{FileName, Record};
use crate::{EngineError, durable};

/// Files that are fetched together; each of them is in memory while it is.
const AT_A_TIME: usize = 8;

/// Where files of rows are kept for good.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// The bytes of the file that has this path below the folder of rows.
    ///
    /// # Errors
    /// Why it cannot be had, or is another file.
    fn bring(&self, path: &Path, file: &FileName) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

impl Rows {
    /// The same folder, of which files that are missing are kept by somebody.
    #[must_use]
    pub fn kept_by(self, keeper: std::sync::Arc<dyn Keeper>) -> Self {
        Self { keeper: Some(keeper), ..self }
    }

    /// The files of a record, by their paths below the folder of rows.
    #[must_use]
    pub fn files(record: &Record) -> Vec<(PathBuf, FileName)> {
        let here = Path::new("");
        let side = [("batches", &record.batches), ("tracks", &record.tracks)];
        let side = side.into_iter().filter_map(|(table, file)| file.map(|file| (file_path(here, table, &file), file)));
        let dids = record.dids.iter().map(|part| (file_path(here, &dids_folder(part.shard), &part.file), part.file));
        let parts = record.receipts.iter().chain(&record.rows);
        let parts = parts.map(|part| (file_path(here, &part_folder(part), &part.file), part.file));
        side.chain(dids).chain(parts).collect()
    }

    /// Sees to it that these files are here, and are what their records say. What is missing is fetched, if somebody keeps it.
    ///
    /// # Errors
    /// [`EngineError::Kept`] if one cannot be had; [`EngineError::Damaged`] if one is another file.
    pub(crate) fn require(&self, files: &[(PathBuf, FileName)]) -> Result<(), EngineError> {
        if let Some(keeper) = &self.keeper {
            let missing = Mutex::new(files.iter().filter(|(path, _)| !path.exists()).collect::<VecDeque<_>>());
            let queue = || missing.lock().unwrap_or_else(PoisonError::into_inner);
            let fetch = || {
                loop {
                    let Some((path, file)) = queue().pop_front() else { return Ok(()) };
                    let fetched = self.fetch(keeper.as_ref(), path, file);
                    if fetched.is_err() {
                        // The others end with what they have begun.
                        queue().clear();
                        return fetched;
                    }
                }
            };
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(fetch)).collect();
                let failed = |_| EngineError::Engine("a thread that fetches files panicked".to_owned());
                threads.into_iter().try_for_each(|thread| thread.join().map_err(failed)?)
            })?;
        }
        files.par_iter().try_for_each(|(path, file)| check(path, &durable::read(path)?, file))
    }

    fn fetch(&self, keeper: &dyn Keeper, path: &Path, file: &FileName) -> Result<(), EngineError> {
        let name = path.strip_prefix(&self.root).unwrap_or(path);
        let bytes = keeper.bring(name, file).map_err(EngineError::Kept)?;
        check(path, &bytes, file)?;
        durable::put(path, &bytes)
    }
}

fn check(path: &Path, bytes: &[u8], file: &FileName) -> Result<(), EngineError> {
    if bytes.len() as u64 != file.length || sha256(&[bytes]) != file.sha256.0 {
        return Err(EngineError::damaged(path, "it is not the file that its record names"));
    }
    Ok(())
}
