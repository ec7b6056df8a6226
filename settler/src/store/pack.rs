//! Packs: files of signed envelopes, one a line, named by their content and written once.
//!
//! One round of ingest writes one pack, so the cost of an fsync is shared by all batches of the round. Canonical
//! JSON has no line feed in it, so a line is an envelope as received. `<day>/<received_ms>-<sha256>.ndjson` keeps
//! when the round was received, which section 5.4 asks for, and lets anybody check the file.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::hash::{Hash, sha256};

use super::StoreError;
use super::durable::{self, FileError};

/// A pack file below `batches/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PackName {
    /// When its batches were received, in Unix milliseconds.
    pub received_ms: u64,
    /// SHA-256 of the file.
    pub hash: Hash,
}

impl PackName {
    /// The path below `batches/`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let day = i64::try_from(self.received_ms)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .map_or_else(|| "undated".to_owned(), |time| time.strftime("%Y-%m-%d").to_string());
        PathBuf::from(day).join(format!("{:013}-{}.ndjson", self.received_ms, hex::encode(self.hash)))
    }

    /// The pack of a path; `None` if it is not named like one.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let stem = path.file_name()?.to_str()?.strip_suffix(".ndjson")?;
        let (received, hash) = stem.split_once('-')?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).ok()?;
        Some(Self { received_ms: received.parse().ok()?, hash: bytes })
    }
}

/// Where in a pack an envelope stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// Number of bytes, without the line feed.
    pub length: u64,
}

/// Writes envelopes as a pack below `root` and returns its name and length.
///
/// # Errors
/// [`StoreError`]; then there is no pack.
pub fn write(root: &Path, received_ms: u64, envelopes: &[&[u8]]) -> Result<(PackName, u64), StoreError> {
    let length: usize = envelopes.iter().map(|envelope| envelope.len() + 1).sum();
    let mut content = Vec::with_capacity(length);
    for envelope in envelopes {
        content.extend_from_slice(envelope);
        content.push(b'\n');
    }
    let name = PackName { received_ms, hash: sha256(&[&content]) };
    let path = root.join(name.path());
    durable::write(&path, &content)?;
    Ok((name, content.len() as u64))
}

/// Reads one envelope.
///
/// # Errors
/// [`StoreError`] if the file is away or shorter.
pub fn read(root: &Path, name: &str, span: Span) -> Result<Vec<u8>, StoreError> {
    let path = root.join(name);
    let file = File::open(&path).map_err(|error| FileError::new("read", &path, error))?;
    let mut bytes =
        vec![0; usize::try_from(span.length).map_err(|_| StoreError::corrupt(&path, "a span is too long"))?];
    file.read_exact_at(&mut bytes, span.start).map_err(|error| FileError::new("read", &path, error))?;
    Ok(bytes)
}

/// Every pack below `root`, in order of reception.
///
/// # Errors
/// [`StoreError`].
pub fn list(root: &Path) -> Result<Vec<(PackName, PathBuf)>, StoreError> {
    let mut packs = Vec::new();
    let read_folder = |folder: &Path| std::fs::read_dir(folder).map_err(|error| FileError::new("read", folder, error));
    for day in read_folder(root)? {
        let day = day.map_err(|error| FileError::new("read", root, error))?.path();
        if !day.is_dir() {
            continue;
        }
        for entry in read_folder(&day)? {
            let path = entry.map_err(|error| FileError::new("read", &day, error))?.path();
            if let Some(name) = PackName::parse(&path) {
                packs.push((name, path));
            }
        }
    }
    packs.sort_unstable();
    Ok(packs)
}

/// Hands every envelope of a pack to `each` after checking that the file is the one that its name says.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is not; [`StoreError`] of `each`.
pub fn scan(
    name: &PackName,
    path: &Path,
    mut each: impl FnMut(Span, &[u8]) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let content = durable::read(path)?;
    if sha256(&[&content]) != name.hash {
        return Err(StoreError::corrupt(path, "its SHA-256 is not the one in its name"));
    }
    let mut start = 0u64;
    let mut reader = BufReader::new(content.as_slice());
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(|error| FileError::new("read", path, error))? > 0 {
        let envelope = line.strip_suffix(b"\n").unwrap_or(&line);
        each(Span { start, length: envelope.len() as u64 }, envelope)?;
        start += line.len() as u64;
        line.clear();
    }
    Ok(content.len() as u64)
}
