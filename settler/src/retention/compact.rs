//! `store compact`: each SFU's batches of a final epoch become one file with a high ZSTD level, which is a pack of the store and the artefact's
//! file at once.
//!
//! Step by step, so that a run that was killed anywhere is finished by the next one and nothing is ever in no place:
//!
//! 1. all envelopes are packed anew into a file aside, whose plain content must be what the manifest says;
//! 2. a record says that the rows of this pack are made, if rows are in use: they are those of the packs before;
//! 3. the file gets its name as a pack;
//! 4. the artefact's file becomes a second name of it, the plain one goes;
//! 5. the index takes all of its batches from it, in one transaction;
//! 6. packs that nothing is taken from any more are removed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use radio_payouts_protocol::calendar::Calendar;
use rayon::prelude::*;
use serde::Serialize;

use super::{Kept, Pair, Quiet, bytes_on_disk, link, remove, work_folder};
use crate::artefact::digest::Digesting;
use crate::artefact::envelopes::{self, Envelopes};
use crate::artefact::manifest::FileJson;
use crate::artefact::{Artefact, sfu_name};
use crate::crash;
use crate::outcome::{Failure, Outcome};
use crate::output::Progress;
use crate::store::compact::Placed;
use crate::store::durable::FileError;
use crate::store::frame::Compressor;
use crate::store::pack::Span;
use crate::store::{Store, rebuild};

/// The ZSTD level. Measured: see "Cold storage: layout and costs" in docs/scaling.md.
pub const LEVEL: i32 = 12;
/// Envelopes that are packed together, on all cores.
const AT_A_TIME: usize = 64;

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Compacted now.
    Compacted,
    /// It was before.
    Already,
    /// It is in cold storage.
    Archived,
}

/// One SFU's batches of an epoch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The epoch.
    #[serde(with = "radio_payouts_protocol::json")]
    pub epoch: u64,
    /// The SFU's DID.
    pub sfu: String,
    /// What became of its file.
    pub state: State,
    /// Bytes of the envelopes with their line feeds.
    #[serde(with = "radio_payouts_protocol::json")]
    pub plain_bytes: u64,
    /// Bytes of the artefact's file before.
    #[serde(with = "radio_payouts_protocol::json")]
    pub bytes_before: u64,
    /// Bytes of it now.
    #[serde(with = "radio_payouts_protocol::json")]
    pub bytes_after: u64,
}

/// What a run did.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compaction {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// By epoch and SFU.
    pub files: Vec<Line>,
    /// Packs that were removed.
    pub packs_removed: u64,
    /// Bytes on disk of all packs and of all artefacts' batches before.
    #[serde(with = "radio_payouts_protocol::json")]
    pub disk_bytes_before: u64,
    /// The same after.
    #[serde(with = "radio_payouts_protocol::json")]
    pub disk_bytes_after: u64,
}

/// An SFU's batches, packed anew.
struct Prepared {
    pair: Pair,
    /// Aside; none in a dry run.
    file: Option<PathBuf>,
    packed: FileJson,
    placed: Vec<Placed>,
    line: Line,
}

/// Compacts the batches of these epochs.
///
/// # Errors
/// Exit 3 if a file is not what its manifest says: then nothing of that epoch was changed. Otherwise by what failed; a second run goes on.
pub fn run(quiet: &mut Quiet, calendar: Calendar, epochs: &[Artefact], dry_run: bool) -> Outcome<Compaction> {
    let data = quiet.store.folder().to_owned();
    let mut done = Compaction { dry_run, disk_bytes_before: bytes_on_disk(&data)?, ..Compaction::default() };
    let progress = Progress::new();
    let all = epochs.iter().flat_map(|artefact| &artefact.manifest.files).filter(|(name, _)| is_envelopes(name));
    let all: u64 = all.map(|(_, file)| file.length).sum();
    let heard = |bytes| progress.add("bytes packed", bytes, Some(all));
    let (mut moved, mut freed, mut written) = (BTreeMap::<String, u64>::new(), 0u64, 0u64);
    for artefact in epochs {
        let prepared = prepare(&quiet.store, artefact, dry_run, &heard, &mut done.files)?;
        if prepared.is_empty() {
            continue;
        }
        if dry_run {
            for one in prepared {
                for (pack, batches) in quiet.store.standing(&one.placed)?.packs {
                    *moved.entry(pack).or_default() += batches;
                }
                freed = freed.saturating_add(one.line.bytes_before);
                written = written.saturating_add(one.line.bytes_after);
                done.files.push(one.line);
            }
            continue;
        }
        keep_rows(quiet, calendar, &prepared)?;
        for one in prepared {
            replace(&mut quiet.store, artefact, &one)?;
            done.files.push(one.line);
        }
    }
    done.files.sort_by_key(|line| line.epoch);
    if dry_run {
        for (pack, held) in quiet.store.index().batches_by_pack()? {
            if moved.get(&pack).copied().unwrap_or_default() >= held {
                let path = quiet.store.packs_folder().join(pack);
                freed = freed.saturating_add(std::fs::metadata(path).map_or(0, |found| found.len()));
                done.packs_removed += 1;
            }
        }
        done.disk_bytes_after = done.disk_bytes_before.saturating_add(written).saturating_sub(freed);
    } else {
        let parts = &progress;
        done.packs_removed = quiet.store.remove_superseded(|_| parts.add("packs removed", 1, None))?;
        done.disk_bytes_after = bytes_on_disk(&data)?;
    }
    Ok(done)
}

fn is_envelopes(name: &str) -> bool {
    name.starts_with("batches/") && name.ends_with(".ndjson")
}

/// Packs what is not compacted yet of an epoch; all of it, before anything is replaced.
fn prepare(
    store: &Store,
    artefact: &Artefact,
    dry_run: bool,
    heard: &dyn Fn(u64),
    lines: &mut Vec<Line>,
) -> Outcome<Vec<Prepared>> {
    let mut prepared = Vec::new();
    for pair in Pair::all(store, artefact)? {
        let mut line = Line {
            epoch: artefact.manifest.statement.epoch,
            sfu: sfu_name(&pair.key),
            state: State::Already,
            plain_bytes: pair.plain.length,
            bytes_before: 0,
            bytes_after: 0,
        };
        match pair.kept(store, artefact)? {
            Kept::Archived(stub) => {
                (line.state, line.bytes_before, line.bytes_after) =
                    (State::Archived, stub.packed.length, stub.packed.length);
            }
            Kept::Compacted => {
                let length = length_of(&pair.artefact)?;
                (line.bytes_before, line.bytes_after) = (length, length);
            }
            Kept::Published => {
                let kept = envelopes::kept(&artefact.folder, &pair.name)
                    .with_context(|| format!("cannot read {}", artefact.folder.join(&pair.name).display()))?;
                line.bytes_before = length_of(&kept).unwrap_or_default();
                let file = (!dry_run).then(|| work_folder(store).join(hex::encode(pair.key)));
                let (placed, packed, plain) = pack_anew(&kept, file.as_deref(), heard)?;
                if plain != pair.plain {
                    return Err(Failure::difference(format!(
                        "{} is not what manifest.json says; `settler verify {}` names the difference",
                        kept.display(),
                        line.epoch
                    )));
                }
                (line.state, line.bytes_after) = (State::Compacted, packed.length);
                prepared.push(Prepared { pair, file, packed, placed, line });
                continue;
            }
        }
        heard(pair.plain.length);
        lines.push(line);
    }
    Ok(prepared)
}

fn length_of(path: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(path).map_err(|error| FileError::new("read", path, error))?.len())
}

/// Packs all envelopes of a file into another one, made durable; into none, to know what it comes to.
fn pack_anew(
    kept: &Path,
    target: Option<&Path>,
    heard: &dyn Fn(u64),
) -> anyhow::Result<(Vec<Placed>, FileJson, FileJson)> {
    let Some(path) = target else {
        return pack_into(kept, std::io::sink(), heard).map(|(placed, packed, plain, _)| (placed, packed, plain));
    };
    let doing = |error| FileError::new("write", path, error);
    let file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(doing)?);
    let (placed, packed, plain, file) = pack_into(kept, file, heard)?;
    let file = file.into_inner().map_err(|error| doing(error.into_error()))?;
    file.sync_all().map_err(doing)?;
    Ok((placed, packed, plain))
}

fn pack_into<W: Write>(
    kept: &Path,
    target: W,
    heard: &dyn Fn(u64),
) -> anyhow::Result<(Vec<Placed>, FileJson, FileJson, W)> {
    let mut lines = Envelopes::open(kept)?.lines();
    let (mut packed, mut plain) = (Digesting::new(target), Digesting::new(std::io::sink()));
    let (mut placed, mut start) = (Vec::new(), 0u64);
    loop {
        let mut some = Vec::with_capacity(AT_A_TIME);
        while some.len() < AT_A_TIME
            && let Some((_, _, envelope)) = lines.next()?
        {
            some.push(envelope);
        }
        if some.is_empty() {
            let ((packed, target), (plain, _)) = (packed.finish(), plain.finish());
            return Ok((placed, packed, plain, target));
        }
        let frames = some.par_iter().map_init(
            || Compressor::of_level(LEVEL),
            |compressor, envelope| -> anyhow::Result<_> {
                let compressor = compressor.as_mut().map_err(|error| anyhow::anyhow!("no compressor: {error}"))?;
                let received = rebuild::read(envelope, kept)?;
                let receipts = received.batch().receipts.len() as u64;
                Ok((received.header(), receipts, compressor.compress_envelope(envelope)?))
            },
        );
        let frames = frames.collect::<anyhow::Result<Vec<_>>>()?;
        let mut bytes = 0;
        for (envelope, (header, receipts, frame)) in some.iter().zip(frames) {
            plain.write_all(envelope)?;
            plain.write_all(b"\n")?;
            packed.write_all(&frame).with_context(|| format!("{} cannot be packed anew", kept.display()))?;
            let length = frame.len() as u64;
            placed.push(Placed { header, receipts, span: Span { start, length } });
            start += length;
            bytes += envelope.len() as u64 + 1;
        }
        heard(bytes);
    }
}

/// Where rows are in use: makes those that are missing, and says that the packs to be have theirs.
fn keep_rows(quiet: &Quiet, calendar: Calendar, prepared: &[Prepared]) -> Outcome {
    let (store, rows) = (&quiet.store, quiet.store.rows(calendar));
    let sources = rows.sources()?;
    if sources.is_empty() {
        return Ok(());
    }
    let mut maker = store.row_maker_with(calendar, Arc::default(), quiet.rows.clone())?;
    maker.cover(&store.packs_folder())?;
    for one in prepared.iter().filter(|one| !sources.contains(&one.packed.sha256)) {
        maker.end_pack(one.packed.sha256)?;
    }
    let _ = maker.finish()?;
    Ok(())
}

/// Puts the new file in the place of the old ones.
fn replace(store: &mut Store, artefact: &Artefact, one: &Prepared) -> Outcome {
    let Some(file) = &one.file else { return Ok(()) };
    let standing = store.standing(&one.placed)?;
    let name = Store::compacted_name(&standing, one.packed.sha256);
    let pack = store.packs_folder().join(name.path());
    crash::point("compact.before_pack");
    store.place_pack(file, &name)?;
    crash::point("compact.after_pack");
    link(store, &pack, &one.pair.artefact)?;
    crash::point("compact.after_link");
    remove(&artefact.folder.join(&one.pair.name))?;
    crash::point("compact.after_plain");
    store.index_to(&name, one.packed.length, &one.placed)?;
    crash::point("compact.after_index");
    Ok(())
}
