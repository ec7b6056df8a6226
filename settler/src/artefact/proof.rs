//! Finding the proof that a share is in an epoch's statement.

use anyhow::Context as _;
pub use radio_payouts_protocol::artefact::proof::{BundleFault, FORMAT, ProofBundle, ShareJson, SiblingJson};
use radio_payouts_protocol::tree::Node;

use super::Artefact;
use super::manifest::Manifest;
use super::payout::{self, Payout};

mod all;

pub use all::write_all;

/// The proof of a DID's share, whose siblings `siblings` finds by the leaf's index; `None` if the DID is not in the epoch, an error with
/// the reason if it has no leaf.
///
/// # Errors
/// If the artefact is damaged, or the DID delivered bytes and has no leaf; those of `siblings`.
pub fn of(
    artefact: &Artefact,
    did: &str,
    siblings: impl FnOnce(u32) -> anyhow::Result<Vec<Node>>,
) -> anyhow::Result<Option<ProofBundle>> {
    let payout = payout::find(&artefact.folder.join("payouts.parquet"), did)?;
    payout.map(|payout| assemble(&artefact.manifest, &payout, siblings)).transpose()
}

/// The siblings of a leaf, from trees that are built in memory for it: for folders beside which nothing can be written.
///
/// # Errors
/// If the artefact is damaged, or there is no such leaf.
pub fn siblings_in_memory(artefact: &Artefact, index: u32) -> anyhow::Result<Vec<Node>> {
    let forest = artefact.forest(&artefact.payouts()?)?;
    forest.proof(index).context("the leaf is beyond the trees")
}

/// The proof of a share, whose siblings `siblings` finds by the leaf's index.
///
/// # Errors
/// With the reason, if the share has no leaf; if the siblings do not lead to the statement.
pub fn assemble(
    manifest: &Manifest,
    payout: &Payout,
    siblings: impl FnOnce(u32) -> anyhow::Result<Vec<Node>>,
) -> anyhow::Result<ProofBundle> {
    let Some(index) = payout.index else {
        let reason = payout.reason.as_deref().unwrap_or("no reason is given");
        anyhow::bail!("{} has no leaf in epoch {}: {reason}", payout.did, manifest.statement.epoch);
    };
    let bundle = ProofBundle::unchecked(manifest, payout, index, &siblings(index)?);
    bundle.check()?;
    Ok(bundle)
}
