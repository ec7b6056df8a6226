//! An epoch's files written from streams: what [`super::files`] writes from a settlement in memory, byte for byte, for epochs that
//! do not fit there.
//!
//! ```text
//! judged batches ─▶ contributors with their cells, in runs by did_hash ─▶ history ─▶ weights ─▶ cells.parquet, history.parquet
//!                                                                                       └──▶ one line each, on disk
//! sums of all weights ─▶ those lines again ─▶ shares ─▶ payouts.parquet, payouts.csv ─▶ leaves ─▶ tree after tree ─▶ statement
//! ```
//!
//! In memory are the tracks, the list of batches, the history of the epoch before, one run of contributors for each thread and one payout tree.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::Context as _;
use radio_payouts_engine::EngineError;
use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::settle::Judged;
use radio_payouts_protocol::cells::Track;
use radio_payouts_protocol::forest::MerkleSumTree;
use radio_payouts_protocol::hash::ZERO_HASH;
use radio_payouts_protocol::inputs::inputs_hash;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::{AcceptedBatch, Setting, Summary};
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{Kind, TreeRoot, batch_leaf};

use super::digest::Digesting;
use super::files::FileKind;
use super::manifest::FileJson;
use super::source::BatchSource;
use super::terms::Terms;
use super::{batches, envelopes, tables};
use crate::crash;
use crate::store::durable::{self, FileError};

pub mod shares;
pub mod spill;
pub mod weights;

/// Digests of the files that were written, by name.
pub type Digests = BTreeMap<String, FileJson>;

/// What an epoch is written from.
#[derive(Clone, Copy)]
pub struct Streams<'a> {
    /// What it rests on besides batches.
    pub terms: &'a Terms,
    /// Its batches, judged.
    pub judged: &'a Judged,
    /// What adds up the rest.
    pub engine: &'a (dyn Engine + Sync),
    /// Folder that takes the files.
    pub staging: &'a Path,
    /// Folder for what is needed on the way.
    pub work: &'a Path,
    /// Whether the envelopes are copied too: who verifies has them.
    pub with_envelopes: bool,
    /// Hears how far it is.
    pub heard: Heard<'a>,
}

/// How files are written, whatever adds up what stands in them.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
    /// What the epoch rests on besides batches.
    pub terms: &'a Terms,
    /// Its tracks, by (SFU key, track id).
    pub tracks: &'a [Track],
    /// Folder that takes the files.
    pub staging: &'a Path,
    /// File that takes everybody's weight on the way.
    pub spill: &'a Path,
    /// Hears how far it is.
    pub heard: Heard<'a>,
}

/// Hears how far a part is: its name, how much is done, and of how much if that is known.
pub type Heard<'a> = &'a (dyn Fn(&'static str, u64, Option<u64>) + Sync);

/// Nobody takes what a thread hands on, because the one that takes it failed: that one says why.
#[derive(Debug, thiserror::Error)]
#[error("another part of the settlement failed")]
pub(super) struct Closed;

/// Hands something on to another thread.
fn hand_on<T>(to: &SyncSender<T>, what: T) -> Result<(), Closed> {
    to.send(what).map_err(|_| Closed)
}

/// Writes every file of the epoch but its manifest; their digests are added to `files`. `batches` yields the envelopes, `aggregated` hears when
/// everything is added up and only shares are left.
///
/// # Errors
/// If the engine's result is refused, a batch is not there or a file cannot be written; what was written then counts for nothing.
pub fn write(
    streams: &Streams<'_>,
    batches: &dyn BatchSource,
    files: &mut Digests,
    aggregated: &mut dyn FnMut(),
) -> anyhow::Result<Summary> {
    streams.terms.with_setting(|setting| write_with(setting, streams, batches, files, aggregated))?
}

fn write_with(
    setting: &Setting<'_>,
    streams: &Streams<'_>,
    batches: &dyn BatchSource,
    files: &mut Digests,
    aggregated: &mut dyn FnMut(),
) -> anyhow::Result<Summary> {
    let Streams { terms, judged, staging, heard, .. } = *streams;
    let spill = streams.work.join("weights");
    let writing = Writing { terms, tracks: judged.tracks(), staging, spill: &spill, heard };
    let (runs, weighing) = sync_channel(RUNS_AHEAD);
    let weighed = std::thread::scope(|scope| {
        let engine = scope.spawn(move || {
            let mut each = |run| hand_on(&runs, run).map_err(|closed| EngineError::Engine(closed.to_string()));
            judged.contributors(streams.engine, &terms.params, &mut each)
        });
        let weights = scope.spawn(|| weights::weigh(setting, &writing, weighing));
        let sealed = sealed_files(streams, batches);
        let weighed = weights.join().map_err(|_| anyhow::anyhow!("weighing panicked"))?;
        let engine = engine.join().map_err(|_| anyhow::anyhow!("the engine panicked"))?;
        files.extend(sealed?);
        // The first cause: who hands on to somebody that failed fails too.
        match weighed {
            Err(error) if error.is::<Closed>() => engine.map_err(anyhow::Error::from).and(Err(error)),
            Err(error) => Err(error),
            Ok(weighed) => engine.map(|()| weighed).map_err(anyhow::Error::from),
        }
    })?;
    crash::point("epoch.aggregated");
    aggregated();
    files.extend(weighed.files.iter().map(|(name, digest)| (name.clone(), digest.clone())));
    let shares = shares::share(setting, &writing, &weighed)?;
    files.extend(shares.files.iter().map(|(name, digest)| (name.clone(), digest.clone())));
    std::fs::remove_file(&spill).with_context(|| format!("cannot remove {}", spill.display()))?;
    durable::sync_folder(staging)?;
    conclude(setting, judged.seals.clone(), &judged.batches, &weighed, shares)
}

/// What it all came to.
pub(super) fn conclude(
    setting: &Setting<'_>,
    seals: Vec<SfuSeal>,
    accepted: &[AcceptedBatch],
    weighed: &weights::AllWeighed,
    shares: shares::Shares,
) -> anyhow::Result<Summary> {
    let statement = Statement {
        epoch: setting.epoch,
        parent: setting.parent.map_or(ZERO_HASH, |parent| parent.commitment),
        params_version: setting.params_version,
        registry_version: setting.registry_version,
        inputs_hash: inputs_hash(&seals),
        history_hash: weighed.history_hash,
        batches: batch_root(setting, accepted)?,
        pool: shares.division.pool,
        payouts: shares.roots,
    };
    Ok(Summary {
        commitment: statement.commitment(setting.domain),
        statement,
        mode: (setting.mode_of)(setting.epoch),
        seals,
        paid_bytes: weighed.sums.paid_bytes()?,
        effective_bytes: weighed.sums.total,
        cap: shares.division.cap,
        minimum: shares.division.minimum,
        allocated: shares.allocated,
        contributors: weighed.contributors,
    })
}

/// Runs that may wait for the next thread.
const RUNS_AHEAD: usize = 4;

/// Envelopes, verdicts, rejected receipts and tracks.
fn sealed_files(streams: &Streams<'_>, source: &dyn BatchSource) -> anyhow::Result<Digests> {
    let Streams { judged, staging, heard, with_envelopes, .. } = *streams;
    let mut files = Digests::new();
    let seals: Vec<_> = judged.seals.iter().filter(|seal| with_envelopes && !seal.judged.is_empty()).collect();
    for (done, seal) in (1u64..).zip(&seals) {
        let name = batches::file_name(&seal.key);
        files.insert(name.clone(), envelopes::write(staging, &name, seal, source, envelopes::PACK_FROM)?);
        heard("SFUs' envelopes copied", done, Some(seals.len() as u64));
    }
    files.extend(judged_files(&judged.seals, &judged.batches, judged.tracks(), source, staging)?);
    Ok(files)
}

/// Verdicts, rejected receipts and tracks.
pub(super) fn judged_files(
    seals: &[SfuSeal],
    accepted: &[AcceptedBatch],
    measured: &[Track],
    source: &dyn BatchSource,
    staging: &Path,
) -> anyhow::Result<Digests> {
    let mut files = Digests::new();
    let mut put = |kind: FileKind, fill: &mut dyn FnMut(&mut Digesting<&mut std::fs::File>) -> anyhow::Result<()>| {
        let digest = file(&staging.join(kind.name()), |writer| fill(writer))?;
        files.insert(kind.name().to_owned(), digest);
        anyhow::Ok(())
    };
    put(FileKind::Verdicts, &mut |writer| batches::write_verdicts(seals, accepted, writer))?;
    put(FileKind::Receipts, &mut |writer| tables::receipts(accepted, source, writer))?;
    put(FileKind::Tracks, &mut |writer| tables::tracks(measured, writer))?;
    Ok(files)
}

/// Writes a file whole; its digest.
fn file(
    path: &Path,
    fill: impl FnOnce(&mut Digesting<&mut std::fs::File>) -> anyhow::Result<()>,
) -> anyhow::Result<FileJson> {
    durable::write_with(path, |file| -> anyhow::Result<FileJson> {
        let mut writer = Digesting::new(file);
        fill(&mut writer).map_err(|error| told(error, path))?;
        Ok(writer.finish().0)
    })
}

/// An I/O error deep inside a writer is told as what it is: a full disk, mostly.
pub(crate) fn told(error: anyhow::Error, path: &Path) -> anyhow::Error {
    match error.downcast::<std::io::Error>() {
        Ok(error) => crate::store::StoreError::from(FileError::new("write", path, error)).into(),
        Err(error) => error,
    }
}

/// What is committed of the batch tree.
fn batch_root(setting: &Setting<'_>, batches: &[AcceptedBatch]) -> anyhow::Result<TreeRoot> {
    let leaves = (0u32..).zip(batches).map(|(index, AcceptedBatch { header, receipts })| {
        let (domain, bytes) = (setting.domain, receipts.accepted_bytes);
        batch_leaf(domain, setting.epoch, index, &header.sfu_key, header.seq, &header.hash, bytes)
    });
    Ok(MerkleSumTree::build(Kind::Batches, setting.domain, leaves.collect())?.root())
}
