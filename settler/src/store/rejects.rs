//! The log of everything that was not held, with its reason: `rejects/<day>.ndjson`.
//!
//! One JSON document a line. Of the input itself at most [`KEPT_BYTES`] are kept, and its length and SHA-256, so
//! that a line of a gigabyte costs a few kilobytes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::durable::{self, FileError};

/// Most bytes of a refused input that are kept.
pub const KEPT_BYTES: usize = 4_096;

/// Most bytes of the log of one day: whoever floods a receiver with nonsense must not fill its disk. What comes after is
/// answered all the same, and not logged.
pub const DAY_BYTES: u64 = 1 << 30;

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
        let length = file.metadata().map_err(|error| FileError::new("read", &path, error))?.len();
        if length >= DAY_BYTES {
            tracing::warn!(refused = count, "the log of rejects is full for today");
            rest = later;
            continue;
        }
        file.write_all(&lines).map_err(|error| FileError::new("write", &path, error))?;
        rest = later;
    }
    Ok(())
}

/// Most bytes of the log that one look at the newest reads.
const LOOK_BYTES: u64 = 4 << 20;
/// Bytes read at a time; more than any line has.
const PIECE_BYTES: u64 = 256 << 10;

/// A place in the log: everything before it is older.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    day: String,
    end: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.day, self.end)
    }
}

impl std::str::FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (day, end) = text.rsplit_once('.').ok_or(())?;
        let is_day = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_day && day != "undated" {
            return Err(());
        }
        Ok(Self { day: day.to_owned(), end: end.parse().map_err(|_| ())? })
    }
}

/// Rejects from the newest on, as many as one look finds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Newest {
    /// Newest first.
    pub rejects: Vec<Reject>,
    /// Where the next look goes on; none at the beginning of the log.
    pub next: Option<Place>,
}

impl Newest {
    /// Reads backwards from `from`, or from the end, until `limit` rejects are `wanted` or enough of the log was read.
    ///
    /// # Errors
    /// [`StoreError`] if a file cannot be read.
    pub fn read(
        folder: &Path,
        from: Option<Place>,
        limit: usize,
        wanted: impl Fn(&Reject) -> bool,
    ) -> Result<Self, StoreError> {
        let mut found = Self::default();
        let mut budget = LOOK_BYTES;
        for path in days(folder)?.into_iter().rev() {
            // Names are those that were found in the folder: what a caller gives is only compared with them.
            let day = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let failed = |error| StoreError::from(FileError::new("read", &path, error));
            let file = File::open(&path).map_err(failed)?;
            let length = file.metadata().map_err(failed)?.len();
            let mut end = match &from {
                Some(from) if from.day < day => continue,
                Some(from) if from.day == day => from.end.min(length),
                _ => length,
            };
            while end > 0 {
                if budget < PIECE_BYTES {
                    found.next = Some(Place { day, end });
                    return Ok(found);
                }
                let start = end.saturating_sub(PIECE_BYTES);
                budget -= end - start;
                let mut piece = vec![0; usize::try_from(end - start).unwrap_or_default()];
                file.read_exact_at(&mut piece, start).map_err(failed)?;
                // The first line of a piece that begins within the file may be the end of one.
                let whole =
                    if start == 0 { 0 } else { piece.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
                let mut at = end;
                for line in piece.get(whole..).unwrap_or_default().rsplit(|byte| *byte == b'\n') {
                    if found.rejects.len() == limit {
                        found.next = Some(Place { day, end: at });
                        return Ok(found);
                    }
                    found.rejects.extend(serde_json::from_slice(line).ok().filter(&wanted));
                    at = at.saturating_sub(line.len() as u64 + 1);
                }
                end = start + whole as u64;
            }
        }
        Ok(found)
    }
}

fn days(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(paths),
        Err(error) => return Err(FileError::new("read", folder, error).into()),
    };
    for entry in entries {
        let path = entry.map_err(|error| FileError::new("read", folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// Hands every logged reject, oldest first, to `each`. A line that a crash cut short is passed over.
///
/// # Errors
/// [`StoreError`], or that of `each`.
pub fn scan<E: From<StoreError>>(folder: &Path, mut each: impl FnMut(Reject) -> Result<(), E>) -> Result<(), E> {
    for path in days(folder)? {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(number: u64, day: u64) -> Reject {
        Reject {
            at_ms: day * 86_400_000 + number,
            answer: "malformed".into(),
            reason: "x".repeat(700),
            origin: "-".into(),
            line: number,
            sfu: None,
            seq: Some(number),
            length: 1,
            input: "x".repeat(if number.is_multiple_of(7) { KEPT_BYTES } else { 10 }),
        }
    }

    #[test]
    fn the_newest_come_first_and_every_one_once() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<Reject> =
            (0..3u64).flat_map(|day| (0..3_000).map(move |number| reject(number, 20_000 + day))).collect();
        append(folder.path(), &all).unwrap();
        for limit in [1_000, 777] {
            let (mut from, mut seen, mut looks) = (None, Vec::new(), 0);
            loop {
                let look = Newest::read(folder.path(), from, limit, |_| true).unwrap();
                assert!(look.rejects.len() <= limit);
                seen.extend(look.rejects);
                looks += 1;
                match look.next {
                    Some(place) => from = Some(place.to_string().parse().unwrap()),
                    None => break,
                }
            }
            seen.reverse();
            assert!(seen == all, "{} of {} in {looks} looks", seen.len(), all.len());
        }
        // A look for what is rare ends, and says where to go on.
        let rare = |reject: &Reject| reject.seq == Some(1) && reject.at_ms < 20_001 * 86_400_000;
        let mut look = Newest::read(folder.path(), None, 10, rare).unwrap();
        let mut looks = 1;
        while look.rejects.is_empty() {
            look = Newest::read(folder.path(), look.next, 10, rare).unwrap();
            looks += 1;
        }
        assert!(looks > 1, "one look reads a bounded part");
    }
}
