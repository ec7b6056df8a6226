//! The folder `batches/` of an artefact: every judged batch as it was signed, and the list of their verdicts.
//!
//! `<SFU key as hex>.ndjson` has one envelope a line, by (seq, hash), accepted or not; large ones are packed ([`super::envelopes`]). `verdicts.csv` has one line for
//! each in the same order; it is what later settlements look up to tell what an ancestor judged.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::AcceptedBatch;

use super::envelopes::{self, Envelopes};
use super::source::BatchSource;

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
#[derive(Debug)]
pub struct FolderBatches {
    files: HashMap<[u8; 32], Envelopes>,
    places: HashMap<Hash, (u64, usize)>,
}

impl FolderBatches {
    /// Reads every envelope of `folder/batches` once and hands it with its file, as listed, and line to `each`, which yields the
    /// header of those that are to be found later.
    ///
    /// # Errors
    /// If a file cannot be read; of `each`.
    pub fn open(
        folder: &Path,
        mut each: impl FnMut(&Path, u64, &[u8]) -> anyhow::Result<BatchHeader>,
    ) -> anyhow::Result<(Self, Vec<BatchHeader>)> {
        let (mut files, mut places, mut headers) = (HashMap::new(), HashMap::new(), Vec::new());
        for name in envelope_files(folder)? {
            let path = folder.join(&name);
            let kept = envelopes::kept(folder, &name).with_context(|| format!("cannot read {}", path.display()))?;
            let envelopes = Envelopes::open(&kept)?;
            let (mut key, mut number) = (None, 0u64);
            envelopes.each(|start, length, envelope| {
                number += 1;
                let header = each(&path, number, envelope)?;
                key = Some(header.sfu_key);
                places.insert(header.hash, (start, length));
                headers.push(header);
                Ok(())
            })?;
            if let Some(key) = key {
                files.insert(key, envelopes);
            }
        }
        Ok((Self { files, places }, headers))
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
        let (start, length) = *self.places.get(&header.hash).with_context(missing)?;
        self.files.get(&header.sfu_key).with_context(missing)?.read(start, length)
    }
}
