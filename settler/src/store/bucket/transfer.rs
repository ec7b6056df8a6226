//! Objects to and from a bucket, several at a time, each compared with the hash that names it.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use radio_payouts_engine::record::{FileName, Sha256};

use crate::artefact::digest::Digesting;
use crate::store::durable::FileError;
use crate::store::{Place, PlaceError, StoreError};

/// Objects that are under way together. One of up to 16 MiB is in memory whole, of a larger one four parts of that length are.
const AT_A_TIME: usize = 8;

/// Does the same with all items, several at a time. After an error nothing new is begun.
///
/// # Errors
/// The first of them.
pub fn all<T: Sync, E: Send>(items: &[T], each: impl Fn(&T) -> Result<(), E> + Sync) -> Result<(), E> {
    let queue = Mutex::new(items.iter().collect::<VecDeque<_>>());
    let failed = Mutex::new(None);
    let work = || {
        loop {
            let Some(item) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else { return };
            if let Err(error) = each(item) {
                queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME.min(items.len()) {
            scope.spawn(work);
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Hash and length of a file.
pub fn digest(file: &mut File, path: &Path) -> Result<FileName, FileError> {
    let mut digesting = Digesting::new(std::io::sink());
    let _ = std::io::copy(file, &mut digesting).map_err(|error| FileError::new("read", path, error))?;
    let (found, _) = digesting.finish();
    Ok(FileName { sha256: Sha256(found.sha256), length: found.length })
}

/// Puts a file, unless an object of its length is there and it was asked to look; the bytes that were sent.
///
/// A file that is not here any more may be there.
///
/// # Errors
/// [`StoreError::Corrupt`] if the file is not the one that is wanted: it does not leave this machine.
pub fn put(path: &Path, wanted: &FileName, to: &Place, look: bool) -> Result<u64, StoreError> {
    let is_there = || Ok::<_, PlaceError>(to.length()? == Some(wanted.length));
    if look && is_there()? {
        return Ok(0);
    }
    let mut file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_there()? => return Ok(0),
        other => other.map_err(|error| FileError::new("read", path, error))?,
    };
    if digest(&mut file, path)? != *wanted {
        return Err(StoreError::corrupt(path, "its SHA-256 is not the one that it must have"));
    }
    to.write(&mut file)?;
    Ok(wanted.length)
}

/// The bytes of a small object; `None` if there is none.
///
/// # Errors
/// [`PlaceError::Changed`] if it is longer than `limit`.
pub fn read(from: &Place, limit: u64) -> Result<Option<Vec<u8>>, PlaceError> {
    let mut bytes = Vec::new();
    let mut keep = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    match from.read(limit, &mut keep) {
        Err(PlaceError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
        Ok(length) if length > limit => Err(from.changed(format!("it is longer than {limit} bytes"))),
        Ok(_) => Ok(Some(bytes)),
    }
}

/// The bytes of an object that must be this file.
///
/// # Errors
/// [`PlaceError::Changed`] if it is another one.
pub fn read_file(from: &Place, wanted: &FileName) -> Result<Vec<u8>, PlaceError> {
    let bytes = read(from, wanted.length)?.ok_or_else(|| PlaceError::Missing { url: from.url().to_owned() })?;
    let found =
        FileName { sha256: Sha256(radio_payouts_protocol::hash::sha256(&[&bytes])), length: bytes.len() as u64 };
    if found == *wanted { Ok(bytes) } else { Err(from.changed(difference(wanted, &found))) }
}

/// In what a file differs from the one that is wanted.
pub fn difference(wanted: &FileName, found: &FileName) -> String {
    let text = |file: &FileName| format!("{} bytes with SHA-256 {}", file.length, hex::encode(file.sha256.0));
    format!("{} were expected, {} are there", text(wanted), text(found))
}
