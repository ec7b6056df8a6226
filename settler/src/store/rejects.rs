//! The log of everything that was not held, with its reason: `rejects/<day>.ndjson`.
//!
//! One JSON document a line. Of the input itself at most [`KEPT_BYTES`] are kept, and its length and SHA-256, so
//! that a line of a gigabyte costs a few kilobytes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::durable::{self, FileError};

/// Most bytes of a refused input that are kept.
pub const KEPT_BYTES: usize = 4_096;

/// A refused input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reject {
    /// When it was refused, in Unix milliseconds.
    pub at_ms: u64,
    /// The answer, a word of section 4.4.
    pub answer: String,
    /// What exactly was wrong.
    pub reason: String,
    /// File or address that it came from.
    pub origin: String,
    /// Line there, from 1; 0 if it has none.
    pub line: u64,
    /// The SFU that it names, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sfu: Option<String>,
    /// The `seq` that it names, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Length of the input in bytes.
    pub length: u64,
    /// Its first bytes; what is not UTF-8 is replaced.
    pub input: String,
}

/// The first bytes of an input, as they stand in a [`Reject`].
#[must_use]
pub fn excerpt(input: &[u8]) -> String {
    String::from_utf8_lossy(input.get(..KEPT_BYTES).unwrap_or(input)).into_owned()
}

/// Appends rejects to the log of their day.
///
/// # Errors
/// [`StoreError`]; lines already written stay.
pub fn append(folder: &Path, rejects: &[Reject]) -> Result<(), StoreError> {
    let mut rest = rejects;
    while let Some(first) = rest.first() {
        let path = day_path(folder, first.at_ms);
        let count = rest.partition_point(|reject| day_path(folder, reject.at_ms) == path);
        let (today, later) = rest.split_at(count.max(1));
        let mut lines = Vec::new();
        for reject in today {
            serde_json::to_writer(&mut lines, reject).map_err(|error| FileError::new("write", &path, error.into()))?;
            lines.push(b'\n');
        }
        durable::create_folder(folder)?;
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| FileError::new("open", &path, error))?;
        file.write_all(&lines).map_err(|error| FileError::new("write", &path, error))?;
        rest = later;
    }
    Ok(())
}

/// Hands every logged reject, oldest first, to `each`. A line that a crash cut short is passed over.
///
/// # Errors
/// [`StoreError`], or that of `each`.
pub fn scan<E: From<StoreError>>(folder: &Path, mut each: impl FnMut(Reject) -> Result<(), E>) -> Result<(), E> {
    let mut paths = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::from(FileError::new("read", folder, error)).into()),
    };
    for entry in entries {
        let path = entry.map_err(|error| StoreError::from(FileError::new("read", folder, error)))?.path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    for path in paths {
        let failed = |error| StoreError::from(FileError::new("read", &path, error));
        for line in BufReader::new(File::open(&path).map_err(failed)?).split(b'\n') {
            if let Ok(reject) = serde_json::from_slice(&line.map_err(failed)?) {
                each(reject)?;
            }
        }
    }
    Ok(())
}

fn day_path(folder: &Path, at_ms: u64) -> PathBuf {
    let day = i64::try_from(at_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| "undated".to_owned(), |time| time.strftime("%Y-%m-%d").to_string());
    folder.join(format!("{day}.ndjson"))
}
