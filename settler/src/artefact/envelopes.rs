//! A file of envelopes, one a line, plain (`.ndjson`) or packed (`.ndjson.zst`: one ZSTD frame an envelope with its line feed).
//!
//! What the manifest names and hashes is the plain content; how it is kept is nobody's business but the disk's. Files of [`PACK_FROM`]
//! bytes and more are packed when they are written, others when they are compacted. `zstd -dc` gives the plain file. A packed file may be
//! archived ([`cold`]): then it is fetched when it is opened.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use radio_payouts_protocol::batch::{BatchHeader, MAX_ENVELOPE_BYTES};
use radio_payouts_protocol::seal::SfuSeal;
use rayon::prelude::*;

use super::digest::Digesting;
use super::manifest::FileJson;
use super::source::BatchSource;
use super::streamed::told;
use crate::store::{cold, durable, frame};

/// What is appended to the name of a packed file.
pub const PACKED: &str = ".zst";
/// Plain bytes from which on a file is packed when it is written.
pub const PACK_FROM: usize = 64 << 20;

/// Envelopes that are looked at together, on all cores.
pub(super) const AT_A_TIME: usize = 64;

/// The path under which a file of an artefact is kept: as it is named, or packed. A packed one may be archived: then [`Envelopes::open`]
/// and [`open_plain`] fetch it.
///
/// # Errors
/// If none is there.
pub fn kept(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let plain = folder.join(name);
    let packed = packed_path(&plain);
    if plain.is_file() {
        Ok(plain)
    } else if packed.is_file() || cold::stub_path(&packed).is_file() {
        Ok(packed)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Where a file of an artefact is when it is packed.
#[must_use]
pub fn packed_path(plain: &Path) -> PathBuf {
    let mut path = plain.as_os_str().to_owned();
    path.push(PACKED);
    path.into()
}

/// The name under which a manifest lists a file of this name: without what packing and archiving append.
#[must_use]
pub fn listed_name(name: &str) -> &str {
    let packed = name.strip_suffix(cold::STUB).filter(|name| name.ends_with(PACKED)).unwrap_or(name);
    packed.strip_suffix(PACKED).unwrap_or(packed)
}

/// Opens a file as it is kept; whether it is packed. It may have been packed since it was looked for.
fn open_kept(path: &Path) -> io::Result<(File, bool)> {
    if is_packed(path) {
        return Ok((cold::open(path)?, true));
    }
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((cold::open(&packed_path(path))?, true)),
        other => Ok((other?, false)),
    }
}

/// Opens a file of an artefact for reading its plain content, however it is kept.
///
/// # Errors
/// If it is not there.
pub fn open_plain(folder: &Path, name: &str) -> io::Result<Box<dyn Read + Send>> {
    let (file, is_packed) = open_kept(&kept(folder, name)?)?;
    if is_packed { Ok(Box::new(zstd::Decoder::new(file)?)) } else { Ok(Box::new(file)) }
}

fn is_packed(path: &Path) -> bool {
    path.to_string_lossy().ends_with(PACKED)
}

/// The envelope in a frame.
fn unpack(frame: &[u8]) -> anyhow::Result<Vec<u8>> {
    frame::decompress(frame).map_err(anyhow::Error::msg)
}

/// A file of envelopes that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Its plain content, which the manifest lists.
    pub plain: FileJson,
    /// The bytes on disk, if it is packed.
    pub packed: Option<FileJson>,
}

/// Writes the envelopes of one SFU below `folder`, packed if they are large.
///
/// # Errors
/// If one is not there or the file cannot be written.
pub fn write(
    folder: &Path,
    name: &str,
    seal: &SfuSeal,
    batches: &dyn BatchSource,
    pack_from: usize,
) -> anyhow::Result<Written> {
    // Plain until it turns out to be large.
    let mut plain = Digesting::new(Vec::new());
    let headers: Vec<BatchHeader> = seal.judged.iter().map(|judged| judged.header).collect();
    for (number, some) in headers.chunks(AT_A_TIME).enumerate() {
        for envelope in batches.envelopes(some)? {
            plain.write_all(&envelope)?;
            plain.write_all(b"\n")?;
        }
        if plain.inner().len() >= pack_from {
            let path = folder.join(format!("{name}{PACKED}"));
            let done = number.saturating_add(1).saturating_mul(AT_A_TIME);
            return durable::write_with(&path, |file| {
                write_packed(file, &headers, batches, done, plain).map_err(|error| told(error, &path))
            });
        }
    }
    let (plain, content) = plain.finish();
    durable::write(&folder.join(name), &content)?;
    Ok(Written { plain, packed: None })
}

/// All envelopes as frames; the first `done` are in `plain` already, which goes on as a digest only.
fn write_packed(
    file: &mut File,
    headers: &[BatchHeader],
    batches: &dyn BatchSource,
    done: usize,
    plain: Digesting<Vec<u8>>,
) -> anyhow::Result<Written> {
    let mut writer = Digesting::new(BufWriter::with_capacity(1 << 20, file));
    let mut digest = plain.map(|_| io::sink());
    for (number, some) in headers.chunks(AT_A_TIME).enumerate() {
        let frames = some.iter().map(|header| batches.frame(header)).collect::<anyhow::Result<Vec<_>>>()?;
        if number.saturating_mul(AT_A_TIME) >= done {
            let lines = frames.par_iter().map(|frame| unpack(frame)).collect::<anyhow::Result<Vec<_>>>()?;
            for line in lines {
                digest.write_all(&line)?;
                digest.write_all(b"\n")?;
            }
        }
        frames.iter().try_for_each(|frame| writer.write_all(frame))?;
    }
    writer.flush()?;
    Ok(Written { plain: digest.finish().0, packed: Some(writer.finish().0) })
}

/// A file of envelopes, open for reading.
#[derive(Debug)]
pub struct Envelopes {
    file: Arc<File>,
    path: PathBuf,
    is_packed: bool,
}

impl Envelopes {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is not there.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let (file, is_packed) = open_kept(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { file: Arc::new(file), path: path.to_owned(), is_packed })
    }

    /// Hands over every envelope with its place in the file: first byte and number of bytes.
    ///
    /// # Errors
    /// If the file cannot be read; of `each`.
    pub fn each(&self, mut each: impl FnMut(u64, usize, &[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut lines = self.lines();
        while let Some((start, length, envelope)) = lines.next()? {
            each(start, length, &envelope)?;
        }
        Ok(())
    }

    /// The envelopes one after the other.
    #[must_use]
    pub fn lines(&self) -> Lines {
        let reader = BufReader::with_capacity(1 << 20, FromStart { file: self.file.clone(), at: 0 });
        Lines { reader, path: self.path.clone(), is_packed: self.is_packed, start: 0 }
    }

    /// The envelope at a place.
    ///
    /// # Errors
    /// If the file cannot be read there.
    pub fn read(&self, start: u64, length: usize) -> anyhow::Result<Vec<u8>> {
        let doing = || format!("cannot read {}", self.path.display());
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start).with_context(doing)?;
        if self.is_packed { unpack(&bytes).with_context(doing) } else { Ok(bytes) }
    }
}

/// Reads an open file from its start, whoever else reads it.
#[derive(Debug)]
struct FromStart {
    file: Arc<File>,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The envelopes of a file, in its order.
#[derive(Debug)]
pub struct Lines {
    reader: BufReader<FromStart>,
    path: PathBuf,
    is_packed: bool,
    start: u64,
}

impl Lines {
    /// The next envelope with its place in the file: first byte and number of bytes; `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    #[expect(clippy::should_implement_trait, reason = "it fails")]
    pub fn next(&mut self) -> anyhow::Result<Option<(u64, usize, Vec<u8>)>> {
        let doing = || format!("cannot read {}", self.path.display());
        let (start, mut bytes) = (self.start, Vec::new());
        let is_there = if self.is_packed {
            next_frame(&mut self.reader, &mut bytes).with_context(doing)?
        } else {
            self.reader.read_until(b'\n', &mut bytes).with_context(doing)? > 0
        };
        if !is_there {
            return Ok(None);
        }
        self.start += bytes.len() as u64;
        if self.is_packed {
            return Ok(Some((start, bytes.len(), unpack(&bytes).with_context(doing)?)));
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok(Some((start, bytes.len(), bytes)))
    }
}

/// Reads the next frame into `frame`; `false` at the end.
fn next_frame(reader: &mut impl io::BufRead, frame: &mut Vec<u8>) -> io::Result<bool> {
    frame.clear();
    loop {
        let ahead = reader.fill_buf()?;
        if ahead.is_empty() {
            return if frame.is_empty() { Ok(false) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let before = frame.len();
        frame.extend_from_slice(ahead);
        let taken = frame.len() - before;
        match frame::length(frame) {
            Ok(length) => {
                frame.truncate(length);
                reader.consume(length - before);
                return Ok(true);
            }
            // Not all of it is there yet.
            Err(_) if frame.len() <= 2 * MAX_ENVELOPE_BYTES => reader.consume(taken),
            Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "no frame of one envelope")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_envelopes_are_found_one_by_one_and_read_as_a_plain_file() {
        let folder = tempfile::tempdir().unwrap();
        let long: String = (0..300_000u32).map(|number| format!("{:x}", number.wrapping_mul(2_654_435_761))).collect();
        let texts = ["{}", r#"{"batch":1}"#, &long, "x"];
        let mut compressor = frame::Compressor::new().unwrap();
        let frames: Vec<u8> =
            texts.iter().flat_map(|text| compressor.compress_envelope(text.as_bytes()).unwrap()).collect();
        let path = folder.path().join("a.ndjson.zst");
        std::fs::write(&path, &frames).unwrap();
        let envelopes = Envelopes::open(&path).unwrap();
        let mut places = Vec::new();
        envelopes
            .each(|start, length, envelope| {
                assert_eq!(envelope, texts[places.len()].as_bytes());
                places.push((start, length));
                Ok(())
            })
            .unwrap();
        assert_eq!(places.len(), texts.len());
        for ((start, length), text) in places.iter().zip(texts) {
            assert_eq!(envelopes.read(*start, *length).unwrap(), text.as_bytes());
        }
        let mut plain = String::new();
        open_plain(folder.path(), "a.ndjson").unwrap().read_to_string(&mut plain).unwrap();
        assert_eq!(plain, texts.join("\n") + "\n");

        std::fs::write(&path, &frames[..frames.len() - 3]).unwrap();
        assert!(Envelopes::open(&path).unwrap().each(|_, _, _| Ok(())).is_err(), "cut off");
        std::fs::write(&path, zstd::bulk::compress(b"{}", 1).unwrap()).unwrap();
        assert!(Envelopes::open(&path).unwrap().each(|_, _, _| Ok(())).is_err(), "no line feed");
        assert!(open_plain(folder.path(), "b.ndjson").is_err());
    }
}
