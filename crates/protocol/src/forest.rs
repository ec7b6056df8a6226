//! Building Merkle-sum trees and the forest of payout trees, and taking proofs from them (section 8).
//!
//! Levels are stored without the empty positions: level `k` has `ceil(n / 2^k)` nodes, and where a sibling is
//! missing it is `empty_k`. With the feature `parallel` levels are hashed on all cores; the result is the same.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::domain::Domain;
use crate::tree::{Kind, MAX_TREES, Node, ProofError, TREE_CAPACITY, TreeRoot, depth, locate, parent_within};

mod builder;
mod section;

pub use builder::ForestBuilder;
pub use section::{Section, empties};

/// A tree with all its levels in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MerkleSumTree {
    count: u32,
    /// Lowest first; the last has one node.
    levels: Vec<Vec<Node>>,
    /// `empty_k` for every level.
    empties: Vec<Node>,
}

impl MerkleSumTree {
    /// Builds the tree of `leaves`, which must already be hashed with their index.
    ///
    /// # Errors
    /// [`ProofError::SumOverflow`] if the sums exceed `u64`, [`ProofError::PositionOutOfRange`] for more than
    /// `u32::MAX` leaves.
    pub fn build(kind: Kind, domain: &Domain, leaves: Vec<Node>) -> Result<Self, ProofError> {
        let mut tree = Self { count: 0, levels: alloc::vec![leaves], empties: Vec::new() };
        tree.rise(kind, domain)?;
        Ok(tree)
    }

    /// Builds everything above the leaves that stand in the lowest level; memory of levels that were there is used again.
    fn rise(&mut self, kind: Kind, domain: &Domain) -> Result<(), ProofError> {
        let lowest = self.levels.first_mut().ok_or(ProofError::PositionOutOfRange)?;
        self.count = u32::try_from(lowest.len()).map_err(|_| ProofError::PositionOutOfRange)?;
        let depth = depth(self.count) as usize;
        self.empties = empties(kind, domain).take(depth.saturating_add(1)).collect();
        if lowest.is_empty() {
            lowest.extend(self.empties.first());
        }
        self.levels.resize_with(depth.saturating_add(1), Vec::new);
        let mut levels = self.levels.iter_mut();
        let mut below = levels.next();
        for (level, empty) in levels.zip(&self.empties) {
            next_level(kind, below.map(|below| below.as_slice()).unwrap_or_default(), empty, level)?;
            below = Some(level);
        }
        Ok(())
    }

    /// What is committed of the tree.
    #[must_use]
    pub fn root(&self) -> TreeRoot {
        let top = self.levels.last().and_then(|level| level.first());
        // A tree has at least one level of at least one node.
        top.map_or(TreeRoot { root: [0; 32], sum: 0, count: 0 }, |node| TreeRoot {
            root: node.hash,
            sum: node.sum,
            count: self.count,
        })
    }

    /// Its levels without the empty positions, lowest first; level `k` of a tree of `n` leaves has `ceil(n / 2^k)` nodes.
    pub fn levels(&self) -> impl Iterator<Item = &[Node]> {
        self.levels.iter().map(Vec::as_slice)
    }

    /// The siblings of the leaf at `position`, lowest first; `None` if there is no such leaf.
    #[must_use]
    pub fn proof(&self, position: u32) -> Option<Vec<Node>> {
        if position >= self.count {
            return None;
        }
        let siblings = (0u32..).zip(self.levels.iter().zip(&self.empties)).take(depth(self.count) as usize);
        siblings
            .map(|(height, (level, empty))| {
                let sibling = (position >> height) ^ 1;
                Some(level.get(sibling as usize).copied().unwrap_or(*empty))
            })
            .collect()
    }
}

/// Puts the parents of a level into `level`, `empty` standing in for a missing last sibling. An overflow anywhere refuses all of it.
fn next_level(kind: Kind, below: &[Node], empty: &Node, level: &mut Vec<Node>) -> Result<(), ProofError> {
    let overflowed = AtomicBool::new(false);
    let checked = |left: &Node, right: &Node| {
        if left.sum.checked_add(right.sum).is_none() {
            overflowed.store(true, Ordering::Relaxed);
        }
        parent_within(kind, left, right)
    };
    let (pairs, rest) = below.as_chunks::<2>();
    each(pairs, level, |_, [left, right]| checked(left, right));
    level.extend(rest.iter().map(|left| checked(left, empty)));
    if overflowed.into_inner() { Err(ProofError::SumOverflow) } else { Ok(()) }
}

/// Hashes items to leaves, in order, on all cores where the feature `parallel` is on. `leaf` gets an item's position.
pub fn hash_leaves<T: Sync>(items: &[T], leaf: impl Fn(usize, &T) -> Node + Sync + Send) -> Vec<Node> {
    let mut leaves = Vec::new();
    each(items, &mut leaves, leaf);
    leaves
}

/// Maps each item, with its position, to a node of `nodes`, in place of what was there; in order, on all cores where it is worth it.
fn each<T: Sync>(items: &[T], nodes: &mut Vec<Node>, node: impl Fn(usize, &T) -> Node + Sync + Send) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        // Below this, threads cost more than they save.
        const WORTH_SHARING: usize = 1 << 9;
        if items.len() >= WORTH_SHARING {
            let share = items.par_iter().enumerate().with_min_len(WORTH_SHARING);
            return share.map(|(at, item)| node(at, item)).collect_into_vec(nodes);
        }
    }
    nodes.clear();
    nodes.extend(items.iter().enumerate().map(|(at, item)| node(at, item)));
}

/// The payout trees of an epoch: leaves by global index, cut into trees of 2^20.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forest {
    trees: Vec<MerkleSumTree>,
}

impl Forest {
    /// Cuts `leaves`, hashed with their global index, into trees and builds them.
    ///
    /// # Errors
    /// [`ProofError::PositionOutOfRange`] for more than 12 trees, [`ProofError::SumOverflow`].
    pub fn build(domain: &Domain, leaves: &[Node]) -> Result<Self, ProofError> {
        let trees: Vec<MerkleSumTree> = leaves
            .chunks(TREE_CAPACITY as usize)
            .map(|chunk| MerkleSumTree::build(Kind::Payouts, domain, chunk.to_vec()))
            .collect::<Result<_, _>>()?;
        if trees.len() > MAX_TREES {
            return Err(ProofError::PositionOutOfRange);
        }
        Ok(Self { trees })
    }

    /// The trees, in order.
    #[must_use]
    pub fn trees(&self) -> &[MerkleSumTree] {
        &self.trees
    }

    /// What is committed of every tree.
    #[must_use]
    pub fn roots(&self) -> Vec<TreeRoot> {
        self.trees.iter().map(MerkleSumTree::root).collect()
    }

    /// The siblings of the leaf with global `index`, lowest first.
    #[must_use]
    pub fn proof(&self, index: u32) -> Option<Vec<Node>> {
        let (tree, position) = locate(index);
        self.trees.get(tree as usize)?.proof(position)
    }
}

#[cfg(test)]
mod tests;
