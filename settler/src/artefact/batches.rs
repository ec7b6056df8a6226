//! The folder `batches/` of an artefact: every judged batch as it was signed, and the list of their verdicts.
//!
//! `<SFU key as hex>.ndjson` has one envelope a line, by (seq, hash), accepted or not; large ones are packed ([`super::envelopes`]). `verdicts.csv` has one line for
//! each in the same order; it is what later settlements look up to tell what an ancestor judged.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::Context as _;
use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::AcceptedBatch;

use super::digest::Digesting;
use super::envelopes::{self, Envelopes, PACKED};
use super::manifest::FileJson;
use super::source::BatchSource;
use super::streamed::Closed;

/// Name of the list of verdicts.
pub const VERDICTS: &str = "batches/verdicts.csv";
const HEAD: &str = "sfu,seq,hash,prev,from_ms,to_ms,verdict,receipts,accepted_bytes,leaf";

/// Name of an SFU's file.
#[must_use]
pub fn file_name(key: &[u8; 32]) -> String {
    format!("batches/{}.ndjson", hex::encode(key))
}

/// Writes the envelopes of one SFU, one a line.
///
/// # Errors
/// If one is not there or the file cannot be written.
pub fn write_envelopes(seal: &SfuSeal, batches: &dyn BatchSource, mut writer: impl Write) -> anyhow::Result<()> {
    for judged in &seal.judged {
        writer.write_all(&batches.envelope(&judged.header)?)?;
        writer.write_all(b"\n")?;
    }
    Ok(writer.flush()?)
}

/// Writes the list of verdicts of judged batches; `accepted` are those that count, by (SFU, seq).
///
/// # Errors
/// If the file cannot be written.
pub fn write_verdicts(seals: &[SfuSeal], accepted: &[AcceptedBatch], writer: impl Write) -> anyhow::Result<()> {
    let mut writer = BufWriter::with_capacity(1 << 20, writer);
    writeln!(writer, "{HEAD}")?;
    let mut accepted = (0u32..).zip(accepted);
    for judged in seals.iter().flat_map(|seal| &seal.judged) {
        let BatchHeader { sfu_key, seq, hash, prev, from_ms, to_ms } = judged.header;
        let (sfu, hash, prev) = (hex::encode(sfu_key), hex::encode(hash), hex::encode(prev));
        write!(writer, "{sfu},{seq},{hash},{prev},{from_ms},{to_ms},")?;
        match judged.verdict {
            Some(verdict) => writeln!(writer, "{verdict},,,")?,
            None => {
                let (leaf, batch) = accepted.next().context("an accepted batch without a leaf")?;
                let (receipts, bytes) = (batch.receipts.verdicts.len(), batch.receipts.accepted_bytes);
                writeln!(writer, "accepted,{receipts},{bytes},{leaf}")?;
            }
        }
    }
    Ok(writer.flush()?)
}

/// A line of `verdicts.csv`.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct VerdictLine {
    /// The batch.
    pub header: BatchHeader,
    /// Its verdict; `accepted` if it counts.
    pub verdict: String,
    /// Its receipts, if it counts.
    pub receipts: Option<u64>,
    /// Its accepted bytes, if it counts.
    pub accepted_bytes: Option<u64>,
    /// Its place in the batch tree, if it counts.
    pub leaf: Option<u32>,
}

/// Reads the list of verdicts of the artefact in `folder`.
///
/// # Errors
/// If it is not there or damaged; of `each`.
pub fn read_verdicts(folder: &Path, mut each: impl FnMut(VerdictLine) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let path = folder.join(VERDICTS);
    let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for (number, line) in (1u64..).zip(BufReader::new(file).lines()) {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        if number == 1 {
            anyhow::ensure!(line == HEAD, "{}: unknown columns", path.display());
            continue;
        }
        each(parse_line(&line).with_context(|| format!("{} line {number}", path.display()))?)?;
    }
    Ok(())
}

fn parse_line(line: &str) -> anyhow::Result<VerdictLine> {
    let fields: Vec<&str> = line.split(',').collect();
    let [sfu, seq, hash, prev, from, to, verdict, receipts, bytes, leaf] = fields[..] else {
        anyhow::bail!("expected ten fields");
    };
    let bytes32 = |text: &str| -> anyhow::Result<Hash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(bytes)
    };
    let optional = |text: &str| if text.is_empty() { Ok(None) } else { text.parse::<u64>().map(Some) };
    Ok(VerdictLine {
        header: BatchHeader {
            sfu_key: bytes32(sfu)?,
            seq: seq.parse()?,
            hash: bytes32(hash)?,
            prev: bytes32(prev)?,
            from_ms: from.parse()?,
            to_ms: to.parse()?,
        },
        verdict: verdict.to_owned(),
        receipts: optional(receipts)?,
        accepted_bytes: optional(bytes)?,
        leaf: optional(leaf)?.map(u32::try_from).transpose()?,
    })
}

/// The batches of an artefact's folder, found by their hash.
#[derive(Debug, Default)]
pub struct FolderBatches {
    files: Vec<Envelopes>,
    /// Of every batch its file, first byte and number of bytes.
    places: HashMap<Hash, (usize, u64, usize)>,
    read: BTreeMap<String, FileRead>,
}

/// A file of envelopes that was read whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileRead {
    /// Its plain content, every line with its line feed.
    pub digest: FileJson,
    /// Whether there is nothing else in it: the last line has its line feed too.
    pub is_whole: bool,
    /// Which of all headers are of it.
    pub headers: Range<usize>,
}

/// Envelopes of one file, one after the other.
#[derive(Debug)]
pub struct Piece {
    /// The file.
    pub path: PathBuf,
    /// Line of the first.
    pub first: u64,
    /// The envelopes, each with its first byte and number of bytes in the file.
    pub lines: Vec<(u64, usize, Vec<u8>)>,
    /// What is known of the file at its end.
    end: Option<(FileJson, bool)>,
}

/// Envelopes of a piece, so that every core has some.
const ENVELOPES: usize = 1_024;
/// Bytes of a piece from which on it gets no more envelopes.
const BYTES: usize = 16 << 20;

impl FolderBatches {
    /// Reads every envelope of `folder/batches` once and hands them over in the order of files and lines, some at a time, while the next are
    /// read. `each` yields the header of each.
    ///
    /// # Errors
    /// If a file cannot be read, after what stands before that was handed over; of `each`.
    pub fn open(
        folder: &Path,
        mut each: impl FnMut(&Piece) -> anyhow::Result<Vec<BatchHeader>>,
    ) -> anyhow::Result<(Self, Vec<BatchHeader>)> {
        let kept = |name: &String| envelopes::kept(folder, name).with_context(|| format!("cannot read {name}"));
        let paths = envelope_files(folder)?.iter().map(kept).collect::<anyhow::Result<Vec<_>>>()?;
        let (mut batches, mut headers) = (Self::default(), Vec::new());
        std::thread::scope(|scope| {
            let (pieces, coming) = sync_channel(1);
            scope.spawn(move || paths.into_iter().try_for_each(|path| read_ahead(path, &pieces)));
            let mut start = 0;
            for piece in coming {
                let piece: Piece = piece?;
                if piece.first == 1 {
                    start = headers.len();
                    batches.files.push(Envelopes::open(&piece.path)?);
                }
                let own = each(&piece)?;
                let file = batches.files.len().saturating_sub(1);
                let places = piece.lines.iter().map(|(start, length, _)| (file, *start, *length));
                batches.places.extend(own.iter().map(|header| header.hash).zip(places));
                headers.extend(own);
                if let Some((digest, is_whole)) = piece.end {
                    let read = FileRead { digest, is_whole, headers: start..headers.len() };
                    batches.read.insert(plain_name(&piece.path), read);
                }
            }
            Ok((batches, headers))
        })
    }

    /// The file of this name, as it was read.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FileRead> {
        self.read.get(name)
    }
}

/// The name that a manifest has for a file of envelopes.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("batches/{}", name.strip_suffix(PACKED).unwrap_or(&name))
}

/// Reads one file piece by piece. An error of the file is handed on; one of its own means that nobody listens any more.
fn read_ahead(path: PathBuf, pieces: &SyncSender<anyhow::Result<Piece>>) -> Result<(), Closed> {
    let send = |piece| pieces.send(piece).map_err(|_| Closed);
    let mut lines = match Envelopes::open(&path).map(|envelopes| envelopes.lines()) {
        Ok(lines) => lines,
        Err(error) => return send(Err(error)),
    };
    let is_packed = path.to_string_lossy().ends_with(PACKED);
    let mut content = Digesting::new(std::io::sink());
    let new = |first| Piece { path: path.clone(), first, lines: Vec::new(), end: None };
    let (mut piece, mut bytes, mut is_whole) = (new(1), 0, true);
    loop {
        match lines.next() {
            Ok(Some((start, length, envelope))) => {
                is_whole &= is_packed || length > envelope.len();
                let fed = content.write_all(&envelope).and_then(|()| content.write_all(b"\n"));
                if let Err(error) = fed {
                    return send(Err(error.into()));
                }
                bytes += envelope.len();
                piece.lines.push((start, length, envelope));
                if piece.lines.len() >= ENVELOPES || bytes >= BYTES {
                    let next = new(piece.first + piece.lines.len() as u64);
                    send(Ok(std::mem::replace(&mut piece, next)))?;
                    bytes = 0;
                }
            }
            Ok(None) => {
                piece.end = Some((content.finish().0, is_whole));
                return send(Ok(piece));
            }
            Err(error) => {
                send(Ok(piece))?;
                return send(Err(error));
            }
        }
    }
}

/// Names of the files of envelopes below `folder`, each once however it is kept.
fn envelope_files(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let batches = folder.join("batches");
    let doing = || format!("cannot read {}", batches.display());
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(&batches).with_context(doing)? {
        let name = entry.with_context(doing)?.file_name();
        let name = envelopes::listed_name(name.to_str().unwrap_or_default());
        if name.ends_with(".ndjson") {
            names.insert(format!("batches/{name}"));
        }
    }
    Ok(names)
}

impl BatchSource for FolderBatches {
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        let missing = || format!("seq {} of SFU {} is not in batches/", header.seq, super::sfu_name(&header.sfu_key));
        let (file, start, length) = *self.places.get(&header.hash).with_context(missing)?;
        self.files.get(file).with_context(missing)?.read(start, length)
    }
}
