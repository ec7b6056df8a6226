//! The statement of an epoch (section 5.2): what settlers agree on, and what the program stores.

use alloc::vec::Vec;

use crate::allocation::pool_limit;
use crate::domain::Domain;
use crate::hash::{Hash, sha256};
use crate::tree::{MAX_TREES, TREE_CAPACITY, TreeRoot};
use thiserror::Error;

const PREFIX: &[u8] = b"radio/epoch/v1";

/// Everything that a commitment covers. It contains no clock, no state and no file hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Number of the epoch.
    pub epoch: u64,
    /// Commitment of the epoch before it on the chain of posted epochs; 32 zeros if there is none.
    pub parent: Hash,
    /// Version of the parameters in force in `epoch`.
    pub params_version: u32,
    /// Version of the registry at the time of the post.
    pub registry_version: u64,
    /// Hash over the inputs (cursors, stops, gaps, carried and rejected batches) of every SFU.
    pub inputs_hash: Hash,
    /// Hash over the activity history after this epoch.
    pub history_hash: Hash,
    /// The tree of accepted batches; its sum is the accepted bytes.
    pub batches: TreeRoot,
    /// Base units to be split.
    pub pool: u64,
    /// The payout trees, at most 12, all but the last full.
    pub payouts: Vec<TreeRoot>,
}

/// Why a statement cannot be true, whatever the batches were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum StatementError {
    /// More than twelve payout trees.
    #[error("more than {MAX_TREES} payout trees")]
    TooManyTrees,
    /// A tree is empty, over-full, or not full although another follows.
    #[error("payout trees must be full, all but the last, and none empty")]
    TreeCount,
    /// The payout sums exceed `u64`.
    #[error("the payout sums overflow")]
    SumOverflow,
    /// The payouts exceed the pool.
    #[error("the payouts exceed the pool")]
    PayoutsOverPool,
    /// The pool exceeds what the accepted bytes are worth at the base rate.
    #[error("the pool exceeds the accepted bytes at the base rate")]
    PoolOverRate,
    /// The pool exceeds the epoch's cap.
    #[error("the pool exceeds the epoch cap")]
    PoolOverCap,
    /// Bytes are claimed by a tree without batches.
    #[error("a batch tree without leaves has a sum")]
    BytesWithoutBatches,
}

impl Statement {
    /// `SHA-256("radio/epoch/v1" || domain || fields in the order of section 5.2)`.
    #[must_use]
    pub fn commitment(&self, domain: &Domain) -> Hash {
        let mut trees = Vec::with_capacity(self.payouts.len().saturating_mul(44));
        for tree in &self.payouts {
            trees.extend_from_slice(&tree.root);
            trees.extend_from_slice(&tree.sum.to_le_bytes());
            trees.extend_from_slice(&tree.count.to_le_bytes());
        }
        #[expect(clippy::cast_possible_truncation, reason = "check() allows at most twelve trees")]
        let tree_count = self.payouts.len() as u8;
        sha256(&[
            PREFIX,
            domain.as_bytes(),
            &self.epoch.to_le_bytes(),
            &self.parent,
            &self.params_version.to_le_bytes(),
            &self.registry_version.to_le_bytes(),
            &self.inputs_hash,
            &self.history_hash,
            &self.batches.root,
            &self.batches.sum.to_le_bytes(),
            &self.batches.count.to_le_bytes(),
            &self.pool.to_le_bytes(),
            &[tree_count],
            &trees,
        ])
    }

    /// Sum of all payout trees in base units.
    ///
    /// # Errors
    /// [`StatementError::SumOverflow`].
    pub fn payouts_sum(&self) -> Result<u64, StatementError> {
        self.payouts.iter().try_fold(0u64, |sum, tree| sum.checked_add(tree.sum)).ok_or(StatementError::SumOverflow)
    }

    /// Refuses what no batches could have led to: the checks that the program makes on every post.
    ///
    /// # Errors
    /// The first [`StatementError`] that applies, in the order of its variants.
    pub fn check(&self, rate: u64, epoch_cap: u64) -> Result<(), StatementError> {
        if self.payouts.len() > MAX_TREES {
            return Err(StatementError::TooManyTrees);
        }
        let last = self.payouts.len().saturating_sub(1);
        let well_filled = self.payouts.iter().enumerate().all(|(number, tree)| {
            if number == last { (1..=TREE_CAPACITY).contains(&tree.count) } else { tree.count == TREE_CAPACITY }
        });
        if !well_filled {
            return Err(StatementError::TreeCount);
        }
        if self.payouts_sum()? > self.pool {
            return Err(StatementError::PayoutsOverPool);
        }
        if u128::from(self.pool) > pool_limit(self.batches.sum, rate) {
            return Err(StatementError::PoolOverRate);
        }
        if self.pool > epoch_cap {
            return Err(StatementError::PoolOverCap);
        }
        if self.batches.count == 0 && self.batches.sum != 0 {
            return Err(StatementError::BytesWithoutBatches);
        }
        Ok(())
    }
}
