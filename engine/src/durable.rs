//! Files that survive a crash, whole or absent. `object_store` never calls fsync on local files; this does.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

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

/// A file whose bytes are written and which has no name yet.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
    file: NamedTempFile,
}

impl Pending {
    /// Writes the bytes of `path` to a file in `folder`, which is on the same file system.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn write(folder: &Path, path: PathBuf, bytes: &[u8]) -> Result<Self, EngineError> {
        let mut file = temporary_in(folder)?;
        file.write_all(bytes).map_err(|error| EngineError::file("write", &path, error))?;
        Ok(Self { path, file })
    }
}

/// Threads that sync: they wait for the disk, and the more wait together, the fewer times it turns.
const SYNCING: usize = 16;

/// Gives files their names, all of them synced before: files, names, folders, each folder once. Files that are there are replaced by the same
/// bytes.
///
/// # Errors
/// [`EngineError::File`]; then some may have their names and others not.
pub fn put_all(files: Vec<Pending>, fault: &(dyn Fn(&'static str) + Sync)) -> Result<(), EngineError> {
    in_parallel(&files, |Pending { path, file }| {
        file.as_file().sync_all().map_err(|error| EngineError::file("write", path, error))
    })?;
    fault("rows.files_synced");
    let mut folders = BTreeSet::new();
    for Pending { path, file } in files {
        let folder = folder_of(&path);
        if !folders.contains(folder) {
            create_folder(folder)?;
            folders.insert(folder.to_owned());
        }
        file.persist(&path).map_err(|error| EngineError::file("rename to", &path, error.error))?;
        fault("rows.file_named");
    }
    let folders: Vec<PathBuf> = folders.into_iter().collect();
    in_parallel(&folders, |folder| sync_folder(folder))
}

fn in_parallel<T: Sync>(items: &[T], each: impl Fn(&T) -> Result<(), EngineError> + Sync) -> Result<(), EngineError> {
    let share = items.len().div_ceil(SYNCING).max(1);
    let each = &each;
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            items.chunks(share).map(|items| scope.spawn(move || items.iter().try_for_each(each))).collect();
        let failed = |_| EngineError::Engine("a thread that writes files panicked".to_owned());
        threads.into_iter().try_for_each(|thread| thread.join().map_err(failed)?)
    })
}

/// Removes the files in a folder that is there, and nothing below it.
///
/// # Errors
/// [`EngineError::File`].
pub fn remove_files(folder: &Path) -> Result<(), EngineError> {
    for path in list(folder)?.into_iter().filter(|path| path.is_file()) {
        fs::remove_file(&path).map_err(|error| EngineError::file("remove", &path, error))?;
    }
    Ok(())
}

fn temporary_in(folder: &Path) -> Result<NamedTempFile, EngineError> {
    create_folder(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder).map_err(|error| EngineError::file("create a file in", folder, error))
}

fn temporary(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, EngineError> {
    let mut file = temporary_in(folder_of(path))?;
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
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
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
