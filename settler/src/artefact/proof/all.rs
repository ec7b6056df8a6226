//! The proofs of all shares of an epoch, one after the other.
//!
//! One thread reads `payouts.parquet`, all cores read groups of the level file, check them and put proofs into words, in order. What is in
//! memory is a few groups of 2^14 leaves.

use std::io::Write;
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::Context as _;
use radio_payouts_protocol::allocation::share_cap;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::tree::{Node, share_leaf};
use rayon::prelude::*;
use serde::Serialize;

use super::{BundleFault, FORMAT, ShareJson, SiblingJson};
use crate::artefact::Artefact;
use crate::artefact::levels::{Levels, Run};
use crate::artefact::manifest::{Manifest, STANDING, StatementJson};
use crate::artefact::payout::{self, Payout};
use crate::artefact::terms::Deployment;

/// Groups of leaves that are taken at once for every core.
const GROUPS_A_CORE: usize = 2;

/// The fields of a [`super::ProofBundle`] before the share, the same in all of an epoch.
#[derive(Serialize)]
struct Head<'a> {
    format: &'a str,
    standing: &'a str,
    deployment: &'a Deployment,
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    commitment: &'a Hash,
    statement: &'a StatementJson,
    max_share_bps: u32,
}

/// Writes the proof of every share with a leaf, in the order of their indices: one JSON document a line, the same as [`super::of`] finds,
/// checked in the same way. `done` is told how many more are written. Returns their number.
///
/// # Errors
/// If the level file or `payouts.parquet` is damaged, or a share is larger than it can be paid; if `writer` fails.
pub fn write_all(
    artefact: &Artefact,
    levels: &Levels,
    mut writer: impl Write,
    mut done: impl FnMut(u64),
) -> anyhow::Result<u64> {
    anyhow::ensure!(artefact.manifest.deployment.is_consistent(), BundleFault::Domain);
    let words = Words::new(&artefact.manifest)?;
    let (give, take) = sync_channel::<Vec<Vec<Payout>>>(1);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || read(artefact, levels, &give));
        let mut written = 0;
        let mut groups = levels.groups();
        // Memory of texts that were written is used again.
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for pieces in take {
            let with_ranges: Vec<_> = groups.by_ref().take(pieces.len()).zip(pieces).collect();
            texts.resize_with(with_ranges.len(), Vec::new);
            with_ranges.par_iter().zip(&mut texts).try_for_each(|((range, payouts), text)| {
                text.clear();
                let group = levels.group(range)?;
                let mut rest = &payouts[..];
                for run in group.runs() {
                    let (of_run, later) = rest.split_at_checked(run.leaves().len()).context("a share is missing")?;
                    words.run(&run, of_run, text)?;
                    rest = later;
                }
                anyhow::Ok(())
            })?;
            for ((range, _), text) in with_ranges.iter().zip(&texts) {
                writer.write_all(text)?;
                written += range.len() as u64;
                done(range.len() as u64);
            }
        }
        // Whatever stopped it is the reason for what is missing.
        reader.join().map_err(|_| anyhow::anyhow!("the reader of payouts.parquet died"))??;
        anyhow::ensure!(
            written == u64::from(levels.leaves()),
            "payouts.parquet has {written} shares of {}",
            levels.leaves()
        );
        Ok(written)
    })
}

/// Reads the shares with a leaf and gives them away in pieces that are as long as the groups.
fn read(artefact: &Artefact, levels: &Levels, give: &SyncSender<Vec<Vec<Payout>>>) -> anyhow::Result<()> {
    let most = GROUPS_A_CORE * rayon::current_num_threads();
    let mut lengths = levels.groups().map(|range| range.len());
    let (mut pieces, mut piece) = (Vec::with_capacity(most), Vec::new());
    let mut length = lengths.next().unwrap_or_default();
    payout::each(&artefact.folder.join("payouts.parquet"), |payout| {
        if payout.index.is_none() {
            return Ok(());
        }
        anyhow::ensure!(length > 0, "payouts.parquet has more shares than the trees have leaves");
        piece.push(payout);
        if piece.len() == length {
            pieces.push(std::mem::take(&mut piece));
            length = lengths.next().unwrap_or_default();
            if pieces.len() == most {
                give.send(std::mem::take(&mut pieces)).context("stopped")?;
            }
        }
        Ok(())
    })?;
    if !pieces.is_empty() {
        give.send(pieces).context("stopped")?;
    }
    Ok(())
}

/// Puts proofs of one epoch into words.
struct Words {
    head: String,
    domain: Domain,
    epoch: u64,
    cap: u64,
}

impl Words {
    fn new(manifest: &Manifest) -> anyhow::Result<Self> {
        let head = Head {
            format: FORMAT,
            standing: STANDING,
            deployment: &manifest.deployment,
            commitment: &manifest.commitment,
            statement: &manifest.statement,
            max_share_bps: manifest.params.max_share_bps,
        };
        let mut head = serde_json::to_string(&head)?;
        // The share and the siblings come before the brace.
        let _ = head.pop();
        head.push_str(",\"share\":");
        Ok(Self {
            head,
            domain: Domain::from_bytes(manifest.deployment.domain),
            epoch: manifest.statement.epoch,
            cap: share_cap(manifest.statement.pool, manifest.params.max_share_bps),
        })
    }

    /// Adds the lines of a run, whose siblings lead to the statement: what is left to check is that the leaves are these shares.
    fn run(&self, run: &Run<'_>, payouts: &[Payout], text: &mut Vec<u8>) -> anyhow::Result<()> {
        let mut above = Vec::new();
        for node in run.above() {
            above.push(b',');
            sibling(node, &mut above)?;
        }
        for (place, (payout, leaf)) in payouts.iter().zip(run.leaves()).enumerate() {
            let index = run.first + u32::try_from(place)?;
            let did_hash = radio_payouts_protocol::hash::sha256(&[payout.did.as_bytes()]);
            let of_share = share_leaf(&self.domain, self.epoch, index, &did_hash, &payout.payee, payout.amount);
            anyhow::ensure!(
                of_share == *leaf && payout.index == Some(index),
                "{}: not the share of leaf {index}",
                payout.did
            );
            anyhow::ensure!(payout.amount <= self.cap, BundleFault::OverCap);
            text.extend_from_slice(self.head.as_bytes());
            let Payout { did, payee, amount, .. } = payout;
            let share = ShareJson { did: did.clone(), index, payee: *payee, amount_base_units: *amount };
            serde_json::to_writer(&mut *text, &share)?;
            text.extend_from_slice(b",\"siblings\":[");
            for (height, node) in run.below(place).enumerate() {
                if height > 0 {
                    text.push(b',');
                }
                sibling(node, text)?;
            }
            text.extend_from_slice(&above);
            text.extend_from_slice(b"]}\n");
        }
        Ok(())
    }
}

fn sibling(node: &Node, text: &mut Vec<u8>) -> anyhow::Result<()> {
    Ok(serde_json::to_writer(text, &SiblingJson { hash: node.hash, sum: node.sum })?)
}
