//! The result of one query: a folder of Parquet files, of which exactly those are read that the driver named.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use crate::EngineError;
use crate::engine::Each;

/// A complete result. It is deleted with this value.
#[derive(Debug)]
pub(super) struct Output {
    files: Vec<PathBuf>,
    _folder: TempDir,
}

impl Output {
    /// A folder that was never there, for the result of one attempt at one query.
    pub(super) fn folder(work: &Path) -> Result<TempDir, EngineError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("result-");
        // Workers may run as somebody else of this user's group: as far as the umask lets them.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        builder.tempdir_in(work).map_err(|error| EngineError::file("create a folder in", work, error))
    }

    /// Where in it Spark writes; it creates that itself.
    pub(super) fn path(folder: &TempDir) -> PathBuf {
        folder.path().join("parts")
    }

    /// Checks that these files, in this order, have as many rows as the query had.
    pub(super) fn open(folder: TempDir, files: Vec<String>, rows: u64) -> Result<Self, String> {
        let parts = Self::path(&folder);
        let mut found = 0i64;
        let mut paths = Vec::with_capacity(files.len());
        for name in files {
            let mut names = Path::new(&name).components();
            if !matches!((names.next(), names.next()), (Some(std::path::Component::Normal(_)), None)) {
                return Err(format!("`{name}` is no file of a result"));
            }
            let path = parts.join(name);
            let reader = reader(&path).map_err(|error| error.to_string())?;
            found = found.saturating_add(reader.metadata().file_metadata().num_rows());
            paths.push(path);
        }
        if u64::try_from(found) != Ok(rows) {
            return Err(format!("the query had {rows} rows, but there are {found} in its files"));
        }
        Ok(Self { files: paths, _folder: folder })
    }

    /// Hands over the rows of all files, in order.
    pub(super) fn read(self, each: Each<'_>) -> Result<(), EngineError> {
        for path in &self.files {
            let pieces = reader(path)?.build().map_err(|error| EngineError::damaged(path, error))?;
            for piece in pieces {
                each(&piece.map_err(|error| EngineError::damaged(path, error))?)?;
            }
        }
        Ok(())
    }
}

fn reader(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, EngineError> {
    let file = File::open(path).map_err(|error| EngineError::file("read", path, error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| EngineError::damaged(path, error))
}
