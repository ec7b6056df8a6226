//! `DATA/cold-cache/`: archived files that were read lately, named by their SHA-256; the one that was used longest ago goes first.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{ColdError, Stub};
use crate::store::durable::{self, FileError};

/// The folder below that of a store.
pub const FOLDER: &str = "cold-cache";
/// Most bytes that are kept; a single file may be larger.
pub const LIMIT: u64 = 16 << 30;

/// Opens an archived file out of the cache, fetching it first if it is not there.
///
/// # Errors
/// [`ColdError`].
pub fn open(file: &Path, stub: &Stub) -> Result<File, ColdError> {
    match folder_for(file) {
        Some(folder) => open_in(&folder, stub, LIMIT),
        None => {
            let doing = |error| FileError::new("create a file in", &std::env::temp_dir(), error);
            let mut target = tempfile::tempfile().map_err(doing)?;
            stub.fetch(&mut target)?;
            target.seek(SeekFrom::Start(0)).map_err(doing)?;
            Ok(target)
        }
    }
}

/// The cache of the store that a file belongs to: a pack's `DATA/batches/DAY/FILE`, or an epoch's `DATA/epochs/EPOCH/batches/FILE`.
fn folder_for(file: &Path) -> Option<PathBuf> {
    let folder = file.parent()?.canonicalize().ok()?;
    let above = |levels: usize| folder.ancestors().nth(levels);
    let is_named = |path: Option<&Path>, name: &str| path.and_then(Path::file_name).is_some_and(|it| it == name);
    let data = if is_named(above(0), "batches") && is_named(above(2), "epochs") {
        above(3)
    } else if is_named(above(1), "batches") {
        above(2)
    } else {
        None
    };
    data.map(|data| data.join(FOLDER))
}

fn open_in(folder: &Path, stub: &Stub, limit: u64) -> Result<File, ColdError> {
    let path = folder.join(format!("{}.ndjson.zst", hex::encode(stub.packed.sha256)));
    if let Ok(file) = File::open(&path)
        && file.metadata().is_ok_and(|metadata| metadata.len() == stub.packed.length)
    {
        // Only what goes first depends on it.
        let _ = file.set_modified(SystemTime::now());
        return Ok(file);
    }
    durable::create_folder(folder)?;
    tracing::info!(url = stub.url, "fetching from cold storage");
    durable::write_with(&path, |file| stub.fetch(file))?;
    let file = File::open(&path).map_err(|error| FileError::new("read", &path, error))?;
    make_room(folder, &path, limit)?;
    Ok(file)
}

/// Removes what was used longest ago until no more than `limit` bytes are left, but never `kept`. Whoever has a removed file open goes on
/// reading it.
fn make_room(folder: &Path, kept: &Path, limit: u64) -> Result<(), ColdError> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|error| FileError::new("read", folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| FileError::new("read", folder, error))?;
        // Another process may have removed it.
        if let Ok(found) = entry.metadata() {
            files.push((found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len(), entry.path()));
        }
    }
    files.sort_unstable();
    let mut sum: u64 = files.iter().map(|(_, length, _)| length).sum();
    for (_, length, path) in files {
        if sum <= limit {
            break;
        }
        if path != kept {
            crate::durable::remove(&path).map_err(|error| FileError::new("remove", &path, error))?;
            sum = sum.saturating_sub(length);
        }
    }
    Ok(())
}

/// Removes an archived file's copy from the cache of the store that `file` belongs to.
///
/// # Errors
/// [`ColdError::Place`].
pub fn forget(file: &Path, stub: &Stub) -> Result<(), ColdError> {
    let Some(folder) = folder_for(file) else { return Ok(()) };
    let path = folder.join(format!("{}.ndjson.zst", hex::encode(stub.packed.sha256)));
    Ok(crate::durable::remove(&path).map_err(|error| FileError::new("remove", &path, error))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artefact::manifest::FileJson;
    use radio_payouts_protocol::hash::sha256;
    use std::ffi::OsString;
    use std::io::Read as _;

    #[test]
    fn the_cache_stays_within_its_limit_and_keeps_what_was_used_last() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join(FOLDER);
        let stub = |content: &[u8]| {
            let object = folder.path().join(hex::encode(sha256(&[content])));
            std::fs::write(&object, content).unwrap();
            let packed = FileJson { sha256: sha256(&[content]), length: content.len() as u64 };
            let url = reqwest::Url::from_file_path(object).unwrap().to_string();
            Stub { url, plain: packed.clone(), packed }
        };
        let stubs = [stub(b"one!"), stub(b"two!"), stub(b"four")];
        let age = |stub: &Stub, seconds| {
            let path = cache.join(format!("{}.ndjson.zst", hex::encode(stub.packed.sha256)));
            let time = SystemTime::now() - std::time::Duration::from_secs(seconds);
            File::open(path).unwrap().set_modified(time).unwrap();
        };
        let open = |stub: &Stub| {
            let mut text = String::new();
            open_in(&cache, stub, 9).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!([open(&stubs[0]), open(&stubs[1])], ["one!", "two!"]);
        age(&stubs[0], 50);
        age(&stubs[1], 20);
        // Used again: now the second goes first.
        assert_eq!(open(&stubs[0]), "one!");
        assert_eq!(open(&stubs[2]), "four");
        let mut left: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let name = |stub: &Stub| OsString::from(format!("{}.ndjson.zst", hex::encode(stub.packed.sha256)));
        let mut expected = [name(&stubs[0]), name(&stubs[2])];
        left.sort();
        expected.sort();
        assert_eq!(left, expected);
        // What is kept is read without the object.
        std::fs::remove_file(folder.path().join(hex::encode(sha256(&[b"four"])))).unwrap();
        assert_eq!(open(&stubs[2]), "four");
    }

    #[test]
    fn packs_and_epochs_of_a_store_share_its_cache_and_a_copied_folder_has_none() {
        let data = tempfile::tempdir().unwrap();
        let root = data.path().canonicalize().unwrap();
        for (folder, expected) in [
            ("batches/2026-01-01", true),
            ("epochs/epoch-000001/batches", true),
            ("copies/epoch-000001/batches", false),
            ("epochs/epoch-000001", false),
        ] {
            let folder = root.join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            let found = folder_for(&folder.join("a.ndjson.zst"));
            assert_eq!(found, expected.then(|| root.join(FOLDER)), "{}", folder.display());
        }
    }
}
