//! [`crate::durable`] with errors that tell a full disk from a read-only one, and files written piece by piece.
//!
//! A full or read-only disk is an error of its own; the temporary file goes away and nothing else was touched.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use radio_payouts_engine::EngineError;

use crate::durable;

/// Why a file or folder of ours could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No space, or over a quota.
    #[error("the disk is full: {} was not written; nothing that was acknowledged is lost, free space and run it again", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// The file system or the folder refuses writes.
    #[error("{} cannot be written: the file system is read-only or permission is missing", path.display())]
    ReadOnly {
        /// What was being written.
        path: PathBuf,
    },
    /// Anything else.
    #[error("cannot {doing} {}", path.display())]
    Other {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    /// Sorts an I/O error.
    #[must_use]
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied if doing != "read" => Self::ReadOnly { path },
            _ => Self::Other { doing, path, source },
        }
    }

    /// Whether the file is simply not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Other { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Result of a file operation.
pub type FileResult<T> = Result<T, FileError>;

/// Reads a whole file.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path) -> FileResult<Vec<u8>> {
    fs::read(path).map_err(|error| FileError::new("read", path, error))
}

/// Creates a folder with its parents; each new one is made durable in its parent.
///
/// # Errors
/// [`FileError`].
pub fn create_folder(path: &Path) -> FileResult<()> {
    durable::create_folder(path).map_err(|error| FileError::new("create", path, error))
}

/// Writes a file whole, replacing one of that name.
///
/// # Errors
/// [`FileError`]; the old file is then still there.
pub fn write(path: &Path, bytes: &[u8]) -> FileResult<()> {
    durable::write(path, bytes).map_err(|error| FileError::new("write", path, error))
}

/// Writes a file whole through `fill`, replacing one of that name.
///
/// # Errors
/// That of `fill`, or [`FileError`]; the old file is then still there.
pub fn write_with<T, E: From<FileError>>(path: &Path, fill: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    let folder = durable::folder_of(path);
    create_folder(folder)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(|error| FileError::new("create a file in", folder, error))?;
    let result = fill(temporary.as_file_mut())?;
    temporary.as_file().sync_all().map_err(|error| FileError::new("write", path, error))?;
    temporary.persist(path).map_err(|error| FileError::new("rename to", path, error.error))?;
    sync_folder(folder)?;
    Ok(result)
}

/// Creates a file that must never change; `false` if one of that name is there, which is then left as it is.
///
/// # Errors
/// [`FileError`].
pub fn create_once(path: &Path, bytes: &[u8]) -> FileResult<bool> {
    radio_payouts_engine::durable::create_once(path, bytes).map_err(|error| match error {
        EngineError::File { doing, path, source } => FileError::new(doing, &path, source),
        other => FileError::new("create", path, io::Error::other(other)),
    })
}

/// Makes the names in a folder durable.
///
/// # Errors
/// [`FileError`].
pub fn sync_folder(path: &Path) -> FileResult<()> {
    durable::sync_folder(path).map_err(|error| FileError::new("sync", path, error))
}

/// Moves a file or folder and makes both names durable.
///
/// # Errors
/// [`FileError`].
pub fn rename(from: &Path, to: &Path) -> FileResult<()> {
    fs::rename(from, to).map_err(|error| FileError::new("rename to", to, error))?;
    sync_folder(durable::folder_of(from))?;
    sync_folder(durable::folder_of(to))
}

/// Removes a folder with all that is in it; one that is not there is no error.
///
/// # Errors
/// [`FileError`].
pub fn remove_folder(path: &Path) -> FileResult<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::new("remove", path, error)),
        _ => Ok(()),
    }
}

/// What the names of files begin with that are not whole yet.
pub(super) const TEMPORARY: &str = ".tmp";

/// Removes temporary files that a killed process left in `folder`.
///
/// # Errors
/// [`FileError`].
pub fn sweep(folder: &Path) -> FileResult<()> {
    let entries = fs::read_dir(folder).map_err(|error| FileError::new("read", folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| FileError::new("read", folder, error))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) && path.is_file() {
            fs::remove_file(&path).map_err(|error| FileError::new("remove", &path, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old").unwrap();
        let full: Result<(), FileError> = write_with(&path, |file| {
            file.write_all(b"half").unwrap();
            Err(FileError::new("write", &path, io::ErrorKind::StorageFull.into()))
        });
        assert!(matches!(full, Err(FileError::DiskFull { .. })), "{full:?}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn dev_full_is_told_as_a_full_disk() {
        let error =
            File::options().write(true).open("/dev/full").and_then(|mut file| file.write_all(b"x")).unwrap_err();
        assert!(matches!(FileError::new("write", Path::new("x"), error), FileError::DiskFull { .. }));
    }
}
