//! Objects in a folder of this machine.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::{PIECE, PlaceError};
use crate::store::durable;

/// Length of a file; `None` if it is not there.
pub fn length(path: &Path) -> io::Result<Option<u64>> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(found.len())),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Names of the files in a folder, sorted; none if it is not there.
pub fn list(path: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with(durable::TEMPORARY)
            && entry.file_type()?.is_file()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Hands over a file piece by piece until `take` has enough.
pub fn read(url: &str, path: &Path, take: &mut dyn FnMut(&[u8]) -> Result<bool, PlaceError>) -> Result<(), PlaceError> {
    let away = |error: io::Error| PlaceError::Away { url: url.to_owned(), why: error.to_string() };
    let mut file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => PlaceError::Missing { url: url.to_owned() },
        _ => away(error),
    })?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).map_err(away)?;
        if read == 0 || !take(piece.get(..read).unwrap_or_default())? {
            return Ok(());
        }
    }
}
