use super::*;
use crate::tree::{batch_leaf, empty_leaf, parent, share_leaf, verify_proof};
use proptest::prelude::*;

const DOMAIN: Domain = Domain::from_bytes([7; 32]);

fn leaves(amounts: &[u64]) -> Vec<Node> {
    hash_leaves(amounts, |index, amount| {
        let index = u32::try_from(index).unwrap();
        share_leaf(&DOMAIN, 3, index, &[index as u8; 32], &[9; 32], *amount)
    })
}

fn tree(amounts: &[u64]) -> MerkleSumTree {
    MerkleSumTree::build(Kind::Payouts, &DOMAIN, leaves(amounts)).unwrap()
}

/// The definition of section 8, word for word: pad to 2^depth with empty leaves and fold.
fn root_by_definition(amounts: &[u64]) -> Node {
    let mut level = leaves(amounts);
    let width = 1usize << depth(u32::try_from(amounts.len()).unwrap());
    level.resize(width, empty_leaf(Kind::Payouts, &DOMAIN));
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| parent(Kind::Payouts, &pair[0], &pair[1]).unwrap()).collect();
    }
    level[0]
}

#[test]
fn an_empty_tree_is_the_empty_leaf() {
    let root = tree(&[]).root();
    assert_eq!((root.root, root.sum, root.count), (empty_leaf(Kind::Payouts, &DOMAIN).hash, 0, 0));
    assert_eq!(tree(&[]).proof(0), None);
}

#[test]
fn sums_beyond_u64_are_refused() {
    let result = MerkleSumTree::build(Kind::Payouts, &DOMAIN, leaves(&[u64::MAX, 1]));
    assert_eq!(result, Err(ProofError::SumOverflow));
}

#[test]
fn a_forest_cuts_at_two_to_the_twenty() {
    let amounts: Vec<u64> = (0..u64::from(TREE_CAPACITY) + 3).collect();
    let leaves = leaves(&amounts);
    let forest = Forest::build(&DOMAIN, &leaves).unwrap();
    let roots = forest.roots();
    assert_eq!(roots.iter().map(|root| root.count).collect::<Vec<_>>(), [TREE_CAPACITY, 3]);
    for index in [0, TREE_CAPACITY - 1, TREE_CAPACITY, TREE_CAPACITY + 2] {
        let (tree, position) = locate(index);
        let proof = forest.proof(index).unwrap();
        let check = |root: &TreeRoot| {
            verify_proof(Kind::Payouts, leaves[index as usize], position, proof.iter().copied(), root)
        };
        assert_eq!(check(&roots[tree as usize]), Ok(()));
        assert!(check(&roots[1 - tree as usize]).is_err());
    }
    assert_eq!(forest.proof(TREE_CAPACITY + 3), None);
}

proptest! {
    #[test]
    fn the_tree_is_the_one_of_the_definition(amounts in prop::collection::vec(0u64..1 << 50, 1..70)) {
        let root = tree(&amounts).root();
        prop_assert_eq!((root.root, root.sum), { let node = root_by_definition(&amounts); (node.hash, node.sum) });
        prop_assert_eq!(root.sum, amounts.iter().sum::<u64>());
    }

    #[test]
    fn every_leaf_is_proven_and_nothing_else(
        amounts in prop::collection::vec(0u64..1 << 50, 1..70),
        pick: prop::sample::Index,
        bit in 0usize..320,
        at: prop::sample::Index,
        jump in 0u32..32,
    ) {
        let position = u32::try_from(pick.index(amounts.len())).unwrap();
        let tree = tree(&amounts);
        let (root, proof) = (tree.root(), tree.proof(position).unwrap());
        let leaf = leaves(&amounts)[position as usize];
        let verify = |leaf: Node, position: u32, proof: &[Node], root: &TreeRoot| {
            verify_proof(Kind::Payouts, leaf, position, proof.iter().copied(), root)
        };
        prop_assert_eq!(verify(leaf, position, &proof, &root), Ok(()));

        // Another position, near or 2^k away.
        prop_assert!(verify(leaf, position ^ 1, &proof, &root).is_err());
        prop_assert!(verify(leaf, position.wrapping_add(1 << jump), &proof, &root).is_err());
        // Any altered bit of the leaf or of a sibling.
        let flip = |node: &mut Node| {
            if bit < 256 { node.hash[bit / 8] ^= 1 << (bit % 8) } else { node.sum ^= 1 << (bit - 256) }
        };
        let mut altered = leaf;
        flip(&mut altered);
        prop_assert!(verify(altered, position, &proof, &root).is_err());
        if !proof.is_empty() {
            let mut siblings = proof.clone();
            flip(&mut siblings[at.index(proof.len())]);
            prop_assert!(verify(leaf, position, &siblings, &root).is_err());
        }
        // Another depth; a node in place of a leaf.
        let mut longer = proof.clone();
        longer.push(empty_leaf(Kind::Payouts, &DOMAIN));
        prop_assert_eq!(verify(leaf, position, &longer, &root), Err(ProofError::WrongLength));
        if let Some((lowest, upper)) = proof.split_first() {
            let node = if position & 1 == 0 { parent(Kind::Payouts, &leaf, lowest) } else { parent(Kind::Payouts, lowest, &leaf) };
            prop_assert_eq!(verify(node.unwrap(), position >> 1, upper, &root), Err(ProofError::WrongLength));
        }
        // Another kind, domain, epoch.
        prop_assert!(verify_proof(Kind::Batches, leaf, position, proof.iter().copied(), &root).is_err() || proof.is_empty());
        let same_payload = |domain: &Domain, epoch| {
            share_leaf(domain, epoch, position, &[position as u8; 32], &[9; 32], amounts[position as usize])
        };
        prop_assert_eq!(same_payload(&DOMAIN, 3), leaf);
        prop_assert!(verify(same_payload(&DOMAIN, 4), position, &proof, &root).is_err());
        prop_assert!(verify(same_payload(&Domain::from_bytes([8; 32]), 3), position, &proof, &root).is_err());
        let batch = batch_leaf(&DOMAIN, 3, position, &[position as u8; 32], 9, &[9; 32], amounts[position as usize]);
        prop_assert!(verify(batch, position, &proof, &root).is_err());
    }
}
