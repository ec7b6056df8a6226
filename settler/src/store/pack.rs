//! Packs: files of signed envelopes, named by their content and written once.
//!
//! One round of ingest writes one pack, so the cost of an fsync is shared by all batches of the round. `<day>/<received_ms>-<sha256>.ndjson.zst`
//! keeps when the round was received, which section 5.4 asks for, and lets anybody check the file. Every envelope, with its line feed, is a
//! ZSTD frame of its own: it is read by its place alone, `zstd -dc` gives the lines, and frames can be copied into other files as they are.
//!
//! When an epoch is final, its batches are packed anew, smaller ([`super::compact`]); that pack may be archived ([`super::cold`]).
//!
//! Packs of former versions are plain lines (`.ndjson`). They are read like the others; canonical JSON has no line feed in it.

use std::borrow::Cow;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::hash::{Hash, sha256};

use super::durable::{self, FileError};
use super::{StoreError, cold, frame};

/// How the envelopes of a pack are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Form {
    /// Lines.
    Plain,
    /// A ZSTD frame a line.
    Frames,
}

impl Form {
    /// The form of a file of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Frames, Self::Plain].into_iter().find(|form| name.ends_with(form.ending()))
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Plain => ".ndjson",
            Self::Frames => ".ndjson.zst",
        }
    }
}

/// A pack file below `batches/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PackName {
    /// When its batches were received, in Unix milliseconds.
    pub received_ms: u64,
    /// SHA-256 of the file.
    pub hash: Hash,
    /// How it is written.
    pub form: Form,
}

impl PackName {
    /// The path below `batches/`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let day = i64::try_from(self.received_ms)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .map_or_else(|| "undated".to_owned(), |time| time.strftime("%Y-%m-%d").to_string());
        PathBuf::from(day).join(format!("{:013}-{}{}", self.received_ms, hex::encode(self.hash), self.form.ending()))
    }

    /// The pack of a path; `None` if it is not named like one.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let form = Form::of(name)?;
        let (received, hash) = name.strip_suffix(form.ending())?.split_once('-')?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).ok()?;
        Some(Self { received_ms: received.parse().ok()?, hash: bytes, form })
    }
}

/// Where in a pack an envelope stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// Number of bytes: of the frame, or of the line without its line feed.
    pub length: u64,
}

/// Writes frames as a pack below `root` and returns its name and length.
///
/// # Errors
/// [`StoreError`]; then there is no pack.
pub fn write(root: &Path, received_ms: u64, frames: &[&[u8]]) -> Result<(PackName, u64), StoreError> {
    let content = frames.concat();
    let name = PackName { received_ms, hash: sha256(&[&content]), form: Form::Frames };
    durable::write(&root.join(name.path()), &content)?;
    Ok((name, content.len() as u64))
}

/// Reads one envelope.
///
/// # Errors
/// [`StoreError`] if the file is away, shorter, or damaged there.
pub fn read(root: &Path, name: &str, span: Span) -> Result<Vec<u8>, StoreError> {
    let bytes = read_span(root, name, span)?;
    match Form::of(name) {
        Some(Form::Frames) => frame::decompress(&bytes).map_err(|why| StoreError::corrupt(&root.join(name), why)),
        Some(Form::Plain) | None => Ok(bytes),
    }
}

/// Reads one envelope with its line feed as a frame.
///
/// # Errors
/// As [`read`].
pub fn read_frame(root: &Path, name: &str, span: Span) -> Result<Vec<u8>, StoreError> {
    let bytes = read_span(root, name, span)?;
    match Form::of(name) {
        Some(Form::Frames) => Ok(bytes),
        Some(Form::Plain) | None => {
            let framed = frame::Compressor::new().and_then(|mut compressor| compressor.compress_envelope(&bytes));
            framed.map_err(|error| FileError::new("compress", &root.join(name), error).into())
        }
    }
}

fn read_span(root: &Path, name: &str, span: Span) -> Result<Vec<u8>, StoreError> {
    let path = root.join(name);
    let file = cold::open(&path)?;
    let mut bytes =
        vec![0; usize::try_from(span.length).map_err(|_| StoreError::corrupt(&path, "a span is too long"))?];
    file.read_exact_at(&mut bytes, span.start).map_err(|error| FileError::new("read", &path, error))?;
    Ok(bytes)
}

/// Every pack below `root`, in order of reception. The files of those that are archived are not there; [`Pack::open`] fetches them.
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
            let path = cold::file_of(&path).unwrap_or(path);
            if let Some(name) = PackName::parse(&path) {
                packs.push((name, path));
            }
        }
    }
    packs.sort_unstable();
    // Between the two, a file and its stub are there.
    packs.dedup();
    Ok(packs)
}

/// A pack in memory.
#[derive(Debug)]
pub struct Pack {
    form: Form,
    path: PathBuf,
    content: Vec<u8>,
    /// Where its envelopes stand, in order.
    pub spans: Vec<Span>,
}

impl Pack {
    /// Reads a pack whole and checks that it is the one that its name says.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is not.
    pub fn open(name: &PackName, path: &Path) -> Result<Self, StoreError> {
        let mut content = Vec::new();
        let read = cold::open(path)?.read_to_end(&mut content);
        let _ = read.map_err(|error| FileError::new("read", path, error))?;
        if sha256(&[&content]) != name.hash {
            return Err(StoreError::corrupt(path, "its SHA-256 is not the one in its name"));
        }
        let mut pack = Self { form: name.form, path: path.to_owned(), content, spans: Vec::new() };
        let (mut rest, mut start) = (pack.content.as_slice(), 0);
        while !rest.is_empty() {
            let (length, whole) = match name.form {
                Form::Frames => frame::length(rest).map(|length| (length, length)),
                Form::Plain => {
                    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    Ok((length, length.saturating_add(1).min(rest.len())))
                }
            }
            .map_err(|why| StoreError::corrupt(path, why))?;
            pack.spans.push(Span { start, length: length as u64 });
            rest = rest.get(whole..).unwrap_or_default();
            start += whole as u64;
        }
        Ok(pack)
    }

    /// Its length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.content.len() as u64
    }

    /// One of its envelopes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it does not decompress.
    pub fn envelope(&self, span: Span) -> Result<Cow<'_, [u8]>, StoreError> {
        let corrupt = |why: String| StoreError::corrupt(&self.path, why);
        let bytes = usize::try_from(span.start)
            .ok()
            .zip(usize::try_from(span.length).ok())
            .and_then(|(start, length)| self.content.get(start..start.checked_add(length)?))
            .ok_or_else(|| corrupt("a span lies outside of it".to_owned()))?;
        match self.form {
            Form::Frames => frame::decompress(bytes).map(Cow::Owned).map_err(corrupt),
            Form::Plain => Ok(Cow::Borrowed(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_of_frames_is_read_whole_and_by_place_and_a_plain_one_is_too() {
        let folder = tempfile::tempdir().unwrap();
        let envelopes: [&[u8]; 3] = [b"{\"one\":1}", b"{}", b"{\"three\":[3,3,3]}"];
        let mut compressor = frame::Compressor::new().unwrap();
        let frames: Vec<Vec<u8>> =
            envelopes.iter().map(|envelope| compressor.compress(&[envelope, &b"\n"[..]].concat()).unwrap()).collect();
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let (name, length) = write(folder.path(), 1_760_000_000_000, &frames).unwrap();
        let lines: Vec<u8> = envelopes.iter().flat_map(|envelope| [envelope, &b"\n"[..]].concat()).collect();
        // What `zstd -dc` gives.
        let all = zstd::decode_all(std::fs::read(folder.path().join(name.path())).unwrap().as_slice()).unwrap();
        assert_eq!(all, lines);
        let plain = PackName { received_ms: 7, hash: sha256(&[&lines]), form: Form::Plain };
        durable::write(&folder.path().join(plain.path()), &lines).unwrap();

        let found = list(folder.path()).unwrap();
        assert_eq!(found.iter().map(|(name, _)| name).collect::<Vec<_>>(), [&plain, &name]);
        for (name, path) in found {
            let pack = Pack::open(&name, &path).unwrap();
            assert_eq!(pack.length(), if name == plain { lines.len() as u64 } else { length });
            let relative = name.path().to_str().unwrap().to_owned();
            for (span, envelope) in pack.spans.iter().zip(envelopes) {
                assert_eq!(&*pack.envelope(*span).unwrap(), envelope);
                assert_eq!(read(folder.path(), &relative, *span).unwrap(), envelope);
            }
            assert_eq!(pack.spans.len(), 3);
        }
    }

    #[test]
    fn a_pack_that_is_not_what_its_name_says_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let junk = b"these are no frames".to_vec();
        let path = folder.path().join("pack");
        durable::write(&path, &junk).unwrap();
        let name = |hash, form| PackName { received_ms: 7, hash, form };
        assert!(Pack::open(&name([1; 32], Form::Plain), &path).unwrap_err().to_string().contains("SHA-256"));
        let error = Pack::open(&name(sha256(&[&junk]), Form::Frames), &path).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
}
