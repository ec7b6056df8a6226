//! A proof that a share is in an epoch's statement: everything that a verifier needs, in one document.

use anyhow::Context as _;
use radio_payouts_protocol::allocation::share_cap;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::{Kind, Node, locate, share_leaf, verify_proof};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Artefact;
use super::manifest::{Manifest, STANDING, StatementJson};
use super::payout::Payout;
use super::terms::Deployment;

/// The format of this version.
pub const FORMAT: &str = "radio-payouts/proof/v1";

/// A sibling on the way to the root.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiblingJson {
    /// Its hash.
    #[serde(with = "json::hex32")]
    #[schemars(with = "String")]
    pub hash: Hash,
    /// The sum below it.
    #[serde(with = "json")]
    #[schemars(with = "String")]
    pub sum: u64,
}

/// The share that is proven.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareJson {
    /// The DID; its hash is in the leaf.
    pub did: String,
    /// Global index of the leaf.
    pub index: u32,
    /// Who is paid; 32 zeros if the DID has no payee of its own.
    #[serde(with = "json::hex32")]
    #[schemars(with = "String")]
    pub payee: [u8; 32],
    /// The amount.
    #[serde(with = "json")]
    #[schemars(with = "String")]
    pub amount_base_units: u64,
}

/// A proof that needs nothing else but trust in the statement, which the chain holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBundle {
    /// [`FORMAT`].
    pub format: String,
    /// [`STANDING`].
    pub standing: String,
    /// Cluster and program.
    pub deployment: Deployment,
    /// The commitment, to be compared with the chain's.
    #[serde(with = "json::hex32")]
    #[schemars(with = "String")]
    pub commitment: Hash,
    /// What it commits to.
    pub statement: StatementJson,
    /// Largest share of a pool in bps.
    pub max_share_bps: u32,
    /// The share.
    pub share: ShareJson,
    /// The siblings, lowest first.
    pub siblings: Vec<SiblingJson>,
}

impl ProofBundle {
    /// The proof of a DID's share; `None` if it is not in the epoch, an error with the reason if it has no leaf.
    ///
    /// # Errors
    /// If the artefact is damaged, or the DID delivered bytes and has no leaf.
    pub fn of(artefact: &Artefact, did: &str) -> anyhow::Result<Option<Self>> {
        let payouts = artefact.payouts()?;
        let Some(payout) = payouts.iter().find(|payout| payout.did == did) else { return Ok(None) };
        let forest = artefact.forest(&payouts)?;
        Self::assemble(&artefact.manifest, payout, |index| forest.proof(index).context("the leaf is beyond the trees"))
            .map(Some)
    }

    /// The proof of a share, whose siblings `proof` finds by the leaf's index.
    ///
    /// # Errors
    /// With the reason, if the share has no leaf; if the siblings do not lead to the statement.
    pub fn assemble(
        manifest: &Manifest,
        payout: &Payout,
        proof: impl FnOnce(u32) -> anyhow::Result<Vec<Node>>,
    ) -> anyhow::Result<Self> {
        let Some(index) = payout.index else {
            let reason = payout.reason.as_deref().unwrap_or("no reason is given");
            anyhow::bail!("{} has no leaf in epoch {}: {reason}", payout.did, manifest.statement.epoch);
        };
        let bundle = Self::unchecked(manifest, payout, index, &proof(index)?);
        bundle.check()?;
        Ok(bundle)
    }

    /// The proof of a leaf by its siblings, whatever it may be worth.
    #[must_use]
    pub fn unchecked(manifest: &Manifest, payout: &Payout, index: u32, siblings: &[Node]) -> Self {
        Self {
            format: FORMAT.to_owned(),
            standing: STANDING.to_owned(),
            deployment: manifest.deployment,
            commitment: manifest.commitment,
            statement: manifest.statement.clone(),
            max_share_bps: manifest.params.max_share_bps,
            share: ShareJson { did: payout.did.clone(), index, payee: payout.payee, amount_base_units: payout.amount },
            siblings: siblings.iter().map(|node| SiblingJson { hash: node.hash, sum: node.sum }).collect(),
        }
    }

    /// SHA-256 of the DID.
    #[must_use]
    pub fn did_hash(&self) -> Hash {
        sha256(&[self.share.did.as_bytes()])
    }

    /// The siblings as the protocol crate and the program take them.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        self.siblings.iter().map(|sibling| Node { hash: sibling.hash, sum: sibling.sum }).collect()
    }

    /// Checks the proof against its own statement, and the statement against its commitment. That this commitment is
    /// the chain's is for the caller to compare.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self) -> anyhow::Result<()> {
        self.check_leaf()?;
        let cap = share_cap(Statement::from(&self.statement).pool, self.max_share_bps);
        anyhow::ensure!(self.share.amount_base_units <= cap, "the amount exceeds the cap of a share");
        Ok(())
    }

    /// As [`Self::check`], but a share may be larger than it can be paid: it is evidence all the same.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check_leaf(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.format == FORMAT, "format {:?} is unknown", self.format);
        anyhow::ensure!(self.deployment.is_consistent(), "the domain is not that of genesis hash and program");
        let domain = Domain::from_bytes(self.deployment.domain);
        let statement = Statement::from(&self.statement);
        anyhow::ensure!(
            statement.commitment(&domain) == self.commitment,
            "the statement does not lead to the commitment"
        );
        let ShareJson { index, payee, amount_base_units: amount, .. } = self.share;
        let (tree, position) = locate(index);
        let root = statement.payouts.get(tree as usize).context("the index is beyond the trees")?;
        let leaf = share_leaf(&domain, statement.epoch, index, &self.did_hash(), &payee, amount);
        verify_proof(Kind::Payouts, leaf, position, self.nodes().into_iter(), root)?;
        Ok(())
    }
}
