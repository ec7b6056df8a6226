//! A proof that a share is in an epoch's statement: everything that a verifier needs, in one document.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::manifest::{Manifest, STANDING, StatementJson};
use super::payout::Payout;
use super::terms::Deployment;
use crate::allocation::share_cap;
use crate::domain::Domain;
use crate::hash::{Hash, sha256};
use crate::statement::Statement;
use crate::tree::{Kind, Node, ProofError, TreeRoot, locate, share_leaf, verify_proof};

/// The format of this version.
pub const FORMAT: &str = "radio-payouts/proof/v1";

/// A sibling on the way to the root.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SiblingJson {
    /// Its hash.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub hash: Hash,
    /// The sum below it.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub sum: u64,
}

/// The share that is proven.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShareJson {
    /// The DID; its hash is in the leaf.
    pub did: String,
    /// Global index of the leaf.
    pub index: u32,
    /// Who is paid; 32 zeros if the DID has no payee of its own.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub payee: [u8; 32],
    /// The amount.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub amount_base_units: u64,
}

/// A proof that needs nothing else but trust in the statement, which the chain holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProofBundle {
    /// [`FORMAT`].
    pub format: String,
    /// [`STANDING`].
    pub standing: String,
    /// Cluster and program.
    pub deployment: Deployment,
    /// The commitment, to be compared with the chain's.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
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

/// Why a bundle proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BundleFault {
    /// Written in another format.
    #[error("format {0:?} is unknown")]
    Format(String),
    /// The domain is made up.
    #[error("the domain is not that of genesis hash and program")]
    Domain,
    /// The statement is not the committed one.
    #[error("the statement does not lead to the commitment")]
    Commitment,
    /// There is no such tree.
    #[error("the index is beyond the trees")]
    BeyondTrees,
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The amount is larger than a share can be.
    #[error("the amount exceeds the cap of a share")]
    OverCap,
}

impl ProofBundle {
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

    /// The siblings as the tree and the program take them.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        self.siblings.iter().map(|sibling| Node { hash: sibling.hash, sum: sibling.sum }).collect()
    }

    /// Checks the proof against its own statement, and the statement against its commitment. That this commitment is
    /// the chain's is for the caller to compare.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check(&self) -> Result<(), BundleFault> {
        self.check_leaf()?;
        self.check_cap()
    }

    /// As [`Self::check`], but a share may be larger than it can be paid: it is evidence all the same.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check_leaf(&self) -> Result<(), BundleFault> {
        let statement = self.checked_statement()?;
        let (tree, _) = locate(self.share.index);
        let root = statement.payouts.get(tree as usize).ok_or(BundleFault::BeyondTrees)?;
        Ok(self.check_against(root)?)
    }

    /// The bundle's own statement, which leads to its commitment; nothing says yet that this is the chain's.
    ///
    /// # Errors
    /// [`BundleFault::Format`], [`BundleFault::Domain`], [`BundleFault::Commitment`].
    pub fn checked_statement(&self) -> Result<Statement, BundleFault> {
        if self.format != FORMAT {
            return Err(BundleFault::Format(self.format.clone()));
        }
        if !self.deployment.is_consistent() {
            return Err(BundleFault::Domain);
        }
        let statement = Statement::from(&self.statement);
        if statement.commitment(&Domain::from_bytes(self.deployment.domain)) != self.commitment {
            return Err(BundleFault::Commitment);
        }
        Ok(statement)
    }

    /// Checks that the share's leaf stands in the tree that is committed as `root`.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check_against(&self, root: &TreeRoot) -> Result<(), ProofError> {
        let ShareJson { index, payee, amount_base_units: amount, .. } = self.share;
        let domain = Domain::from_bytes(self.deployment.domain);
        let leaf = share_leaf(&domain, self.statement.epoch, index, &self.did_hash(), &payee, amount);
        verify_proof(Kind::Payouts, leaf, locate(index).1, self.nodes().into_iter(), root)
    }

    /// Checks that the share is not larger than `max_share_bps` of the statement's pool.
    ///
    /// # Errors
    /// [`BundleFault::OverCap`].
    pub fn check_cap(&self) -> Result<(), BundleFault> {
        let cap = share_cap(self.statement.pool, self.max_share_bps);
        if self.share.amount_base_units > cap { Err(BundleFault::OverCap) } else { Ok(()) }
    }
}
