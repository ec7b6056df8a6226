//! Files that survive a crash, whole or absent. `object_store` never calls fsync on local files; this does.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::EngineError;

const TEMPORARY: &str = ".tmp";

/// Puts a file that is named by its content: temporary file, fsync, rename, fsync of the folder. One that is there is replaced by
/// the same bytes.
///
/// # Errors
/// [`EngineError::File`]; then it is absent, or as it was.
pub fn put(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let file = temporary(path, bytes)?;
    file.persist(path).map_err(|error| EngineError::file("rename to", path, error.error))?;
    sync_folder(folder_of(path))
}

/// Creates a file that must never change; `false` if one of that name is there, which is then left as it is.
///
/// # Errors
/// [`EngineError::File`].
pub fn create_once(path: &Path, bytes: &[u8]) -> Result<bool, EngineError> {
    let file = temporary(path, bytes)?;
    let created = match file.persist_noclobber(path) {
        Ok(_) => true,
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(EngineError::file("create", path, error.error)),
    };
    sync_folder(folder_of(path))?;
    Ok(created)
}

fn temporary(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, EngineError> {
    let folder = folder_of(path);
    create_folder(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(folder).map_err(|error| EngineError::file("create a file in", folder, error))?;
    let written = file.write_all(bytes).and_then(|()| file.as_file().sync_all());
    written.map_err(|error| EngineError::file("write", path, error))?;
    Ok(file)
}

/// Reads a whole file.
///
/// # Errors
/// [`EngineError::File`].
pub fn read(path: &Path) -> Result<Vec<u8>, EngineError> {
    fs::read(path).map_err(|error| EngineError::file("read", path, error))
}

/// Creates a folder and its missing parents, and makes their names durable.
///
/// # Errors
/// [`EngineError::File`].
pub fn create_folder(folder: &Path) -> Result<(), EngineError> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder_of(folder);
    if parent != folder {
        create_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(EngineError::file("create", folder, error)),
        Ok(()) => sync_folder(parent),
    }
}

/// The paths in a folder, sorted; none if it is not there.
///
/// # Errors
/// [`EngineError::File`].
pub fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, EngineError> {
    let failed = |error| EngineError::file("read", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect::<Result<Vec<_>, EngineError>>()?;
    paths.sort_unstable();
    Ok(paths)
}

fn sync_folder(folder: &Path) -> Result<(), EngineError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| EngineError::file("sync", folder, error))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_created_once_and_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/record");
        assert!(create_once(&path, b"one").unwrap());
        assert!(!create_once(&path, b"two").unwrap());
        assert_eq!(read(&path).unwrap(), b"one");
        put(&path, b"three").unwrap();
        assert_eq!(read(&path).unwrap(), b"three");
        assert_eq!(list(path.parent().unwrap()).unwrap(), [path]);
        assert!(list(&folder.path().join("none")).unwrap().is_empty());
    }
}
