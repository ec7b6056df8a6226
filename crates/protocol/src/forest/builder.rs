//! The forest from a stream of leaves: at most one tree in memory.

use alloc::vec::Vec;

use super::MerkleSumTree;
use crate::domain::Domain;
use crate::tree::{Kind, MAX_TREES, Node, ProofError, TREE_CAPACITY, TreeRoot};

/// Builds the payout trees of an epoch one after the other.
///
/// Leaves come in the order of their global index, cut into pieces at will. A tree is shown as soon as its last leaf is there, and its memory
/// used for the next; only its root stays. The trees are those of [`Forest::build`](super::Forest::build) over the same leaves.
///
/// Guarantees: `the_stream_may_be_cut_anywhere`, `a_leaf_after_twelve_full_trees_is_refused`.
#[derive(Clone, Debug)]
pub struct ForestBuilder {
    domain: Domain,
    /// The tree that is being filled: its lowest level has the leaves so far.
    tree: MerkleSumTree,
    roots: Vec<TreeRoot>,
}

impl ForestBuilder {
    /// A forest without leaves.
    #[must_use]
    pub fn new(domain: Domain) -> Self {
        let tree = MerkleSumTree { count: 0, levels: alloc::vec![Vec::new()], empties: Vec::new() };
        Self { domain, tree, roots: Vec::new() }
    }

    /// Adds `leaves`, hashed with their global index, and shows every tree that they fill to `finished`, in order.
    ///
    /// # Errors
    /// [`ProofError::PositionOutOfRange`] for a leaf beyond 12 trees, [`ProofError::SumOverflow`]; what `finished` returns. Then the
    /// builder is of no further use.
    pub fn extend<E: From<ProofError>>(
        &mut self,
        mut leaves: &[Node],
        mut finished: impl FnMut(&MerkleSumTree) -> Result<(), E>,
    ) -> Result<(), E> {
        while !leaves.is_empty() {
            if self.roots.len() >= MAX_TREES {
                return Err(ProofError::PositionOutOfRange.into());
            }
            let lowest = self.tree.levels.first_mut().ok_or(ProofError::PositionOutOfRange)?;
            let free = (TREE_CAPACITY as usize).saturating_sub(lowest.len());
            let (now, later) = leaves.split_at(free.min(leaves.len()));
            lowest.extend_from_slice(now);
            leaves = later;
            if lowest.len() >= TREE_CAPACITY as usize {
                self.close(&mut finished)?;
            }
        }
        Ok(())
    }

    /// Ends the stream: shows the last tree, if it was not full, and returns the roots of all.
    ///
    /// # Errors
    /// [`ProofError::SumOverflow`]; what `finished` returns.
    pub fn finish<E: From<ProofError>>(
        mut self,
        finished: impl FnOnce(&MerkleSumTree) -> Result<(), E>,
    ) -> Result<Vec<TreeRoot>, E> {
        if self.tree.levels.first().is_some_and(|leaves| !leaves.is_empty()) {
            self.close(finished)?;
        }
        Ok(self.roots)
    }

    /// Builds the tree of the leaves so far, shows it, and begins the next.
    fn close<E: From<ProofError>>(&mut self, finished: impl FnOnce(&MerkleSumTree) -> Result<(), E>) -> Result<(), E> {
        self.tree.rise(Kind::Payouts, &self.domain)?;
        self.roots.push(self.tree.root());
        finished(&self.tree)?;
        if let Some(leaves) = self.tree.levels.first_mut() {
            leaves.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Forest;
    use super::*;
    use proptest::prelude::*;

    const DOMAIN: Domain = Domain::from_bytes([7; 32]);

    fn leaves(count: usize) -> Vec<Node> {
        (0..count as u64)
            .map(|number| Node { hash: crate::hash::sha256(&[&number.to_le_bytes()]), sum: number })
            .collect()
    }

    /// The trees and roots of a stream that is cut at these places.
    fn streamed(leaves: &[Node], cuts: &[usize]) -> Result<(Vec<MerkleSumTree>, Vec<TreeRoot>), ProofError> {
        let (mut builder, mut trees, mut from) = (ForestBuilder::new(DOMAIN), Vec::new(), 0);
        for cut in cuts.iter().copied().chain([leaves.len()]) {
            builder.extend(&leaves[from..cut], |tree| {
                trees.push(tree.clone());
                Ok::<_, ProofError>(())
            })?;
            from = cut;
        }
        let roots = builder.finish(|tree| {
            trees.push(tree.clone());
            Ok::<_, ProofError>(())
        })?;
        Ok((trees, roots))
    }

    #[test]
    fn a_leaf_after_twelve_full_trees_is_refused() {
        let mut builder = ForestBuilder::new(DOMAIN);
        // As if eleven trees were there: 480 MB of leaves are not needed to find out.
        builder.roots = alloc::vec![TreeRoot { root: [0; 32], sum: 0, count: TREE_CAPACITY }; MAX_TREES - 1];
        let full = alloc::vec![Node { hash: [1; 32], sum: 1 }; TREE_CAPACITY as usize];
        let mut handed = 0;
        let mut finished = |_: &MerkleSumTree| {
            handed += 1;
            Ok::<_, ProofError>(())
        };
        assert_eq!(builder.extend(&full, &mut finished), Ok(()));
        assert_eq!(builder.extend(&full[..1], &mut finished), Err(ProofError::PositionOutOfRange));
        assert_eq!(builder.finish(&mut finished).unwrap().len(), MAX_TREES);
        assert_eq!(handed, 1);
    }

    #[test]
    fn sums_beyond_u64_are_refused() {
        let leaves = [Node { hash: [1; 32], sum: u64::MAX }, Node { hash: [2; 32], sum: 1 }];
        assert_eq!(streamed(&leaves, &[1]), Err(ProofError::SumOverflow));
    }

    #[test]
    fn no_leaves_are_no_trees() {
        assert_eq!(streamed(&[], &[]), Ok((Vec::new(), Vec::new())));
        assert_eq!(Forest::build(&DOMAIN, &[]).unwrap().roots(), []);
    }

    #[test]
    fn trees_end_where_those_of_the_whole_forest_end() {
        let capacity = TREE_CAPACITY as usize;
        let leaves = leaves(2 * capacity + 3);
        let forest = Forest::build(&DOMAIN, &leaves).unwrap();
        for cuts in [&[][..], &[1, capacity - 1, capacity + 1], &[capacity, 2 * capacity], &[5, 2 * capacity + 2]] {
            let (trees, roots) = streamed(&leaves, cuts).unwrap();
            assert_eq!(roots, forest.roots(), "{cuts:?}");
            assert!(trees == forest.trees(), "{cuts:?}: proofs are those of the whole forest");
        }
    }

    proptest! {
        #[test]
        fn the_stream_may_be_cut_anywhere(count in 0usize..300, cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
            let leaves = leaves(count);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(count + 1)).collect();
            cuts.sort_unstable();
            let (trees, roots) = streamed(&leaves, &cuts).unwrap();
            let forest = Forest::build(&DOMAIN, &leaves).unwrap();
            prop_assert_eq!(roots, forest.roots());
            prop_assert_eq!(trees, forest.trees());
        }
    }
}
