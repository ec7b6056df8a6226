//! A part of a tree: neighbouring nodes and everything between them and their common ancestor.

use alloc::vec::Vec;
use core::iter::successors;

use crate::domain::Domain;
use crate::tree::{Kind, Node, ProofError, empty_leaf, parent, parent_within};

/// `empty_0`, `empty_1`, … without end: what stands in for missing nodes of each level.
pub fn empties(kind: Kind, domain: &Domain) -> impl Iterator<Item = Node> {
    // Their sums are zero, so nothing can overflow.
    successors(Some(empty_leaf(kind, domain)), move |below| Some(parent_within(kind, below, below)))
}

/// Up to `2^rise` neighbouring nodes of one level, the first at a multiple of `2^rise`, with the `rise` levels above them.
///
/// Whoever keeps only some levels of a tree gets the others back by sections. That [`Section::top`] is the ancestor that the level above
/// has, and in the end the committed root, shows that no node below was altered.
///
/// Guarantee: `sections_one_above_the_other_give_the_proofs_of_the_tree`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Lowest first; missing last siblings are filled in, so all but the last, the ancestor, are even in number.
    levels: Vec<Vec<Node>>,
    count: usize,
}

impl Section {
    /// The section over `nodes`. `empties` are those of its levels without the ancestor's, lowest first: as many as it rises.
    ///
    /// # Errors
    /// [`ProofError::PositionOutOfRange`] if there is no node, or there are more than `2^rise`; [`ProofError::SumOverflow`].
    pub fn new(kind: Kind, nodes: Vec<Node>, empties: &[Node]) -> Result<Self, ProofError> {
        let count = nodes.len();
        let most = u32::try_from(empties.len()).ok().and_then(|rise| 1usize.checked_shl(rise));
        if count == 0 || most.is_none_or(|most| count > most) {
            return Err(ProofError::PositionOutOfRange);
        }
        let mut levels = Vec::with_capacity(empties.len().saturating_add(1));
        let mut level = nodes;
        for empty in empties {
            if level.len() & 1 == 1 {
                level.push(*empty);
            }
            let pairs = level.as_chunks::<2>().0.iter();
            let above = pairs.map(|[left, right]| parent(kind, left, right)).collect::<Result<_, _>>()?;
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ok(Self { levels, count })
    }

    /// Its nodes at the bottom.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        self.levels.first().and_then(|level| level.get(..self.count)).unwrap_or_default()
    }

    /// The common ancestor of all.
    #[must_use]
    pub fn top(&self) -> Option<&Node> {
        self.levels.last()?.first()
    }

    /// The siblings on the way from the node at `place` (of [`Section::nodes`]) to the ancestor, lowest first; none if it is not there.
    pub fn siblings(&self, place: usize) -> impl Iterator<Item = &Node> {
        let present = place < self.count;
        let below_top = self.levels.len().saturating_sub(1);
        let levels = (0u32..).zip(self.levels.iter().take(below_top)).take_while(move |_| present);
        levels.filter_map(move |(height, level)| level.get((place >> height) ^ 1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MerkleSumTree;
    use super::*;
    use crate::tree::depth;
    use proptest::prelude::*;

    const DOMAIN: Domain = Domain::from_bytes([7; 32]);

    fn leaves(count: u32) -> Vec<Node> {
        (0..count)
            .map(|number| Node { hash: crate::hash::sha256(&[&number.to_le_bytes()]), sum: u64::from(number) })
            .collect()
    }

    #[test]
    fn sections_of_no_node_of_too_many_and_of_too_much_are_refused() {
        let empties: Vec<Node> = empties(Kind::Payouts, &DOMAIN).take(3).collect();
        let section = |nodes: Vec<Node>| Section::new(Kind::Payouts, nodes, &empties);
        assert_eq!(section(Vec::new()), Err(ProofError::PositionOutOfRange));
        assert_eq!(section(leaves(9)), Err(ProofError::PositionOutOfRange));
        let much = alloc::vec![Node { hash: [1; 32], sum: 1 << 63 }; 2];
        assert_eq!(section(much), Err(ProofError::SumOverflow));
        let eight = section(leaves(8)).unwrap();
        assert_eq!((eight.siblings(7).count(), eight.siblings(8).count()), (3, 0));
        assert_eq!(Section::new(Kind::Payouts, leaves(1), &[]).unwrap().top(), leaves(1).first());
    }

    proptest! {
        #[test]
        fn sections_one_above_the_other_give_the_proofs_of_the_tree(
            count in 1u32..600, rise in 1u32..6, pick: prop::sample::Index,
        ) {
            let tree = MerkleSumTree::build(Kind::Payouts, &DOMAIN, leaves(count)).unwrap();
            let position = u32::try_from(pick.index(count as usize)).unwrap();
            let (mut height, mut siblings, mut top) = (0, Vec::new(), tree.levels().next().unwrap()[position as usize]);
            while height < depth(count) {
                let rise = rise.min(depth(count) - height);
                let (number, place) = (position >> height >> rise, (position >> height) & ((1 << rise) - 1));
                let nodes = tree.levels().nth(height as usize).unwrap().chunks(1 << rise).nth(number as usize).unwrap();
                let empties: Vec<Node> = empties(Kind::Payouts, &DOMAIN).skip(height as usize).take(rise as usize).collect();
                let section = Section::new(Kind::Payouts, nodes.to_vec(), &empties).unwrap();
                prop_assert_eq!(section.nodes(), nodes);
                prop_assert_eq!(section.nodes()[place as usize], top);
                siblings.extend(section.siblings(place as usize).copied());
                top = *section.top().unwrap();
                height += rise;
            }
            prop_assert_eq!((top.hash, top.sum), (tree.root().root, tree.root().sum));
            prop_assert_eq!(siblings, tree.proof(position).unwrap());
        }
    }
}
