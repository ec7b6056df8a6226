//! The statement of an epoch as the program receives and stores it; its bytes are the protocol crate's.

use anchor_lang::prelude::*;
use radio_payouts_protocol::statement as protocol;
use radio_payouts_protocol::tree;

use crate::error::PayoutsError;

/// What is committed of a tree.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TreeRoot {
    /// The root's hash.
    pub root: [u8; 32],
    /// The root's sum: base units or bytes.
    pub sum: u64,
    /// Number of leaves.
    pub count: u32,
}

/// One sibling of a proof: hash and sum, 40 bytes.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProofNode {
    /// The node's hash.
    pub hash: [u8; 32],
    /// The sum below it.
    pub sum: u64,
}

/// Everything that a commitment covers, except domain and epoch number (section 5.2).
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, PartialEq, Eq, Debug, Default)]
pub struct EpochStatement {
    /// Commitment of the parent; 32 zeros if there is none.
    pub parent: [u8; 32],
    /// Version of the parameters.
    pub params_version: u32,
    /// Version of the registry at the time of the post.
    pub registry_version: u64,
    /// Hash over the inputs of every SFU.
    pub inputs_hash: [u8; 32],
    /// Hash over the activity history.
    pub history_hash: [u8; 32],
    /// The tree of accepted batches.
    pub batches: TreeRoot,
    /// Base units to be split.
    pub pool: u64,
    /// The payout trees.
    #[max_len(12)]
    pub payouts: Vec<TreeRoot>,
}

impl From<TreeRoot> for tree::TreeRoot {
    fn from(root: TreeRoot) -> Self {
        Self { root: root.root, sum: root.sum, count: root.count }
    }
}

impl From<tree::TreeRoot> for TreeRoot {
    fn from(root: tree::TreeRoot) -> Self {
        Self { root: root.root, sum: root.sum, count: root.count }
    }
}

impl From<ProofNode> for tree::Node {
    fn from(node: ProofNode) -> Self {
        Self { hash: node.hash, sum: node.sum }
    }
}

impl From<tree::Node> for ProofNode {
    fn from(node: tree::Node) -> Self {
        Self { hash: node.hash, sum: node.sum }
    }
}

impl EpochStatement {
    /// The statement in the protocol crate's terms.
    pub fn to_protocol(&self, epoch: u64) -> Box<protocol::Statement> {
        Box::new(protocol::Statement {
            epoch,
            parent: self.parent,
            params_version: self.params_version,
            registry_version: self.registry_version,
            inputs_hash: self.inputs_hash,
            history_hash: self.history_hash,
            batches: self.batches.into(),
            pool: self.pool,
            payouts: self.payouts.iter().map(|root| (*root).into()).collect(),
        })
    }

    /// Sum of all payout trees in base units.
    pub fn payouts_sum(&self) -> Result<u64> {
        let sum = self.payouts.iter().try_fold(0u64, |sum, tree| sum.checked_add(tree.sum));
        Ok(sum.ok_or(PayoutsError::PayoutsOverflow)?)
    }
}

impl From<&protocol::Statement> for EpochStatement {
    fn from(statement: &protocol::Statement) -> Self {
        Self {
            parent: statement.parent,
            params_version: statement.params_version,
            registry_version: statement.registry_version,
            inputs_hash: statement.inputs_hash,
            history_hash: statement.history_hash,
            batches: statement.batches.into(),
            pool: statement.pool,
            payouts: statement.payouts.iter().map(|root| (*root).into()).collect(),
        }
    }
}
