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
use std::io;
use std::path::Path;
use std::sync::mpsc::SyncSender;

use radio_payouts_engine::engine::Engine;
use radio_payouts_engine::settle::Judged;
use radio_payouts_protocol::hash::ZERO_HASH;
use radio_payouts_protocol::inputs::inputs_hash;
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::{Setting, Summary};
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::TreeRoot;

use super::digest::Digesting;
use super::manifest::FileJson;
use super::terms::Terms;
use crate::store::StoreError;
use crate::store::durable::{self, FileError};

pub mod aggregate;
pub mod shares;
pub mod spill;
pub mod weights;

pub use aggregate::{Aggregated, aggregate};

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
    /// Whether the envelopes are copied too: who verifies has them.
    pub with_envelopes: bool,
    /// How its files are written.
    pub writing: Writing<'a>,
}

/// How files are written, whatever adds up what stands in them.
#[derive(Clone, Copy)]
pub struct Writing<'a> {
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

/// The second pass: splits the pool and writes what is left of the epoch's files but its manifest. What it all came to, and the digests of
/// all files, of both passes.
///
/// `seals` are those of the sealed batches. It asks no engine and no batch: [`Aggregated`], the files that it names and the spill are enough.
///
/// # Errors
/// If a file cannot be read or written, or a sum overflows; what was written then counts for nothing.
pub fn finish(
    setting: &Setting<'_>,
    writing: &Writing<'_>,
    seals: Vec<SfuSeal>,
    aggregated: &Aggregated,
) -> anyhow::Result<(Summary, Digests)> {
    let Aggregated { weighed, batches, .. } = aggregated;
    let shares = shares::share(setting, writing, weighed)?;
    durable::sync_folder(writing.staging)?;
    let mut files = aggregated.listed();
    files.extend(shares.files.iter().map(|(name, digest)| (name.clone(), digest.clone())));
    Ok((conclude(setting, seals, batches.into(), weighed, shares)?, files))
}

/// What it all came to.
pub(super) fn conclude(
    setting: &Setting<'_>,
    seals: Vec<SfuSeal>,
    batches: TreeRoot,
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
        batches,
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
    let error = match error.downcast::<io::Error>() {
        Ok(error) => return StoreError::from(FileError::new("write", path, error)).into(),
        Err(error) => error,
    };
    // Parquet wraps the error of what it writes to.
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(full @ (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) => {
            StoreError::from(FileError::new("write", path, full.into())).into()
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use parquet::errors::ParquetError;

    use super::*;

    #[test]
    fn a_full_disk_is_told_as_such_however_deep_it_lies_and_nothing_else_is() {
        let wrapped = |kind: io::ErrorKind| ParquetError::External(Box::new(io::Error::from(kind))).into();
        let path = Path::new("payouts.parquet");
        for error in [wrapped(io::ErrorKind::StorageFull), io::Error::from(io::ErrorKind::StorageFull).into()] {
            let told = told(error, path).to_string();
            assert!(told.contains("the disk is full: payouts.parquet"), "{told}");
        }
        let other = told(wrapped(io::ErrorKind::PermissionDenied), path);
        assert!(other.is::<ParquetError>(), "{other}");
    }
}
