//! The files that a checkpoint names: hashed on all cores, and nothing else left beside them.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::artefact::digest::Digesting;
use crate::artefact::manifest::FileJson;
use crate::artefact::streamed::{Aggregated, Digests, Heard};
use crate::store::durable::{FileError, FileResult};

/// Bytes that are hashed together.
const PIECE: usize = 1 << 20;

/// Hashes every file of the first pass and the spill, on all cores.
///
/// # Errors
/// What is the matter with the first that is not as it was written.
pub(super) fn check(staging: &Path, spill: &Path, aggregated: &Aggregated, heard: Heard<'_>) -> Result<(), String> {
    let kept = aggregated.kept().into_iter().map(|(name, digest)| (staging.join(&name), name, digest));
    let weights = (spill.to_owned(), "the file of weights".to_owned(), aggregated.weighed.spill.clone());
    let mut files: Vec<(PathBuf, String, FileJson)> = kept.chain([weights]).collect();
    // The largest first, so that no core has one left at the end.
    files.sort_unstable_by_key(|(_, _, digest)| std::cmp::Reverse(digest.length));
    let all = files.iter().map(|(_, _, digest)| digest.length).fold(0, u64::saturating_add);
    let done = AtomicU64::new(0);
    let more = |bytes| {
        let before = done.fetch_add(bytes, Ordering::Relaxed);
        heard("bytes of an earlier run checked", before.saturating_add(bytes), Some(all));
    };
    files.into_iter().par_bridge().try_for_each(|(path, name, written)| match digest_of(&path, written.length, more) {
        Ok(Some(digest)) if digest == written => Ok(()),
        Ok(_) => Err(format!("{name} is not as it was written")),
        Err(error) => Err(format!("{name} cannot be read: {error}")),
    })
}

/// The digest of a file; `None` if it is not so long.
fn digest_of(path: &Path, length: u64, more: impl Fn(u64)) -> io::Result<Option<FileJson>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != length {
        return Ok(None);
    }
    let mut digesting = Digesting::new(io::sink());
    let mut piece = vec![0; PIECE];
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return Ok(Some(digesting.finish().0)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        io::Write::write_all(&mut digesting, piece.get(..read).unwrap_or_default())?;
        more(read as u64);
    }
}

/// Removes whatever lies below `folder` and is not in `kept`: what the second pass of a killed run left, whole or half.
///
/// # Errors
/// [`FileError`].
pub(super) fn keep_only(folder: &Path, kept: &Digests) -> FileResult<()> {
    keep_only_below(folder, "", kept)
}

fn keep_only_below(folder: &Path, before: &str, kept: &Digests) -> FileResult<()> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |error| FileError::new(doing, &path, error)
    };
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let entry = entry.map_err(failed("read", folder))?;
        let (path, name) = (entry.path(), format!("{before}{}", entry.file_name().to_string_lossy()));
        if kept.contains_key(&name) {
            continue;
        }
        if entry.file_type().map_err(failed("read", &path))?.is_dir() {
            keep_only_below(&path, &format!("{name}/"), kept)?;
        } else {
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    Ok(())
}
