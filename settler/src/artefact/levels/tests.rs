use std::path::PathBuf;

use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{Forest, ForestBuilder, MerkleSumTree};
use radio_payouts_protocol::tree::{Kind, Node, TREE_CAPACITY, share_leaf, verify_proof};

use super::layout::{HEADER_BYTES, file_bytes};
use super::*;

const DOMAIN: Domain = Domain::from_bytes([1; 32]);
const COMMITMENT: Hash = [9; 32];

fn leaves(count: u32) -> Vec<Node> {
    (0..count).map(|index| share_leaf(&DOMAIN, 4, index, &[2; 32], &[3; 32], u64::from(index) + 1)).collect()
}

/// The level file of these leaves, written tree by tree, and the forest in memory.
fn written(folder: &Path, leaves: &[Node]) -> (PathBuf, Forest) {
    let path = file(folder, &COMMITMENT);
    let mut writer = Writer::create(&path).unwrap();
    let mut forest = ForestBuilder::new(DOMAIN);
    forest.extend(leaves, |tree| writer.tree(tree)).unwrap();
    let roots = forest.finish(|tree| writer.tree(tree)).unwrap();
    writer.finish(&COMMITMENT).unwrap();
    let forest = Forest::build(&DOMAIN, leaves).unwrap();
    assert_eq!(roots, forest.roots());
    (path, forest)
}

fn fault(result: anyhow::Result<impl Sized>) -> Fault {
    let error = result.err().expect("a refusal");
    let damaged = error.downcast_ref::<Damaged>().unwrap_or_else(|| panic!("{error:#}"));
    assert!(damaged.to_string().contains("delete this file, it is made anew"), "{damaged}");
    damaged.fault
}

#[test]
fn a_file_of_another_epoch_another_format_or_another_length_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, forest) = written(folder.path(), &leaves(300));
    let roots = forest.roots();
    let open = |commitment: &Hash| Levels::open(&path, &DOMAIN, commitment, &roots);
    assert_eq!(fault(open(&[8; 32])), Fault::OtherEpoch(COMMITMENT));
    let bytes = std::fs::read(&path).unwrap();
    let takes = bytes.len() as u64;
    assert_eq!(takes, file_bytes(&roots));
    for length in [takes - 1, takes + 1, takes - 40, HEADER_BYTES] {
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        assert_eq!(fault(open(&COMMITMENT)), Fault::Length { has: length, takes });
    }
    std::fs::write(&path, &bytes[..HEADER_BYTES as usize - 1]).unwrap();
    assert_eq!(fault(open(&COMMITMENT)), Fault::Format);
    std::fs::write(&path, [b"PAR1", &bytes[4..]].concat()).unwrap();
    assert_eq!(fault(open(&COMMITMENT)), Fault::Format);
    std::fs::write(&path, &bytes).unwrap();
    open(&COMMITMENT).unwrap();
    let other = Forest::build(&DOMAIN, &leaves(299)).unwrap().roots();
    assert_ne!(fault(Levels::open(&path, &DOMAIN, &COMMITMENT, &other)), Fault::Format);
    std::fs::remove_file(&path).unwrap();
    assert!(open(&COMMITMENT).unwrap_err().downcast_ref::<Damaged>().is_none(), "one that is missing is not damaged");
}

#[test]
fn no_proof_of_a_leaf_goes_through_a_flipped_bit() {
    let folder = tempfile::tempdir().unwrap();
    // Two kept levels, and a last section that is not full.
    let (path, forest) = written(folder.path(), &leaves(300));
    let roots = forest.roots();
    let bytes = std::fs::read(&path).unwrap();
    for at in (HEADER_BYTES as usize..bytes.len()).step_by(13) {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        std::fs::write(&path, &altered).unwrap();
        let levels = Levels::open(&path, &DOMAIN, &COMMITMENT, &roots).unwrap();
        let node = (at - HEADER_BYTES as usize) / 40;
        // A leaf of its section, or any leaf if it is a node of the level above.
        let (leaf, level) = if node < 300 { (node as u32, 0) } else { (5, 7) };
        assert_eq!(fault(levels.proof(leaf)), Fault::Node { tree: 0, level }, "byte {at}");
        assert_eq!(fault(levels.group(&(0..300))), Fault::Node { tree: 0, level }, "byte {at}");
        // The other sections are as they were, and still lead to the root.
        if level == 0 {
            let other = (leaf + 128) % 300;
            if other / 128 != leaf / 128 {
                assert_eq!(levels.proof(other).unwrap(), forest.proof(other).unwrap());
            }
        }
    }
}

#[test]
fn proofs_from_the_file_are_those_of_the_forest() {
    let folder = tempfile::tempdir().unwrap();
    for count in [1u32, 2, 3, 5, 127, 128, 129, 1_000, (1 << 14) - 1, 1 << 14, (1 << 14) + 1, 40_000] {
        let leaves = leaves(count);
        let (path, forest) = written(folder.path(), &leaves);
        let levels = Levels::open(&path, &DOMAIN, &COMMITMENT, &forest.roots()).unwrap();
        assert_eq!(levels.leaves(), count);
        for index in (0..count).step_by(if count > 200 { 277 } else { 1 }).chain([count - 1]) {
            let (leaf, proof) = levels.leaf_and_proof(index).unwrap();
            assert_eq!(leaf, leaves[index as usize]);
            assert_eq!(proof, forest.proof(index).unwrap(), "{index} of {count}");
        }
        assert!(levels.proof(count).unwrap_err().downcast_ref::<Damaged>().is_none(), "no such leaf");
        in_bulk(&levels, &leaves, &forest);
    }
}

#[test]
fn a_second_tree_begins_where_the_first_ends() {
    let folder = tempfile::tempdir().unwrap();
    let leaves = leaves(TREE_CAPACITY + 300);
    let (path, forest) = written(folder.path(), &leaves);
    let levels = Levels::open(&path, &DOMAIN, &COMMITMENT, &forest.roots()).unwrap();
    for index in [0, 1 << 19, TREE_CAPACITY - 1, TREE_CAPACITY, TREE_CAPACITY + 128, TREE_CAPACITY + 299] {
        assert_eq!(levels.proof(index).unwrap(), forest.proof(index).unwrap(), "{index}");
    }
    in_bulk(&levels, &leaves, &forest);
    // A node of the second tree is no obstacle to proofs from the first.
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let levels = Levels::open(&path, &DOMAIN, &COMMITMENT, &forest.roots()).unwrap();
    assert_eq!(fault(levels.proof(TREE_CAPACITY)), Fault::Node { tree: 1, level: 7 });
    assert_eq!(levels.proof(7).unwrap(), forest.proof(7).unwrap());
}

/// All groups together are all leaves in order, with the proofs that the forest has.
fn in_bulk(levels: &Levels, leaves: &[Node], forest: &Forest) {
    let mut index = 0;
    for range in levels.groups() {
        assert_eq!(range.start, index);
        for run in levels.group(&range).unwrap().runs() {
            assert_eq!(run.first, index);
            for (place, leaf) in run.leaves().iter().enumerate() {
                assert_eq!(*leaf, leaves[index as usize]);
                if index % 1_009 == 0 || place + 1 == run.leaves().len() {
                    let proof: Vec<Node> = run.below(place).chain(run.above()).copied().collect();
                    assert_eq!(Some(&proof), forest.proof(index).as_ref(), "{index}");
                    let root = forest.roots()[(index >> 20) as usize];
                    let position = index & (TREE_CAPACITY - 1);
                    verify_proof(Kind::Payouts, *leaf, position, proof.into_iter(), &root).unwrap();
                }
                index += 1;
            }
        }
        assert_eq!(range.end, index);
    }
    assert_eq!(index as usize, leaves.len());
    assert!(levels.group(&(1..2)).is_err(), "no group");
    assert!(levels.group(&(index..index + 1)).is_err(), "no such leaf");
}

#[test]
fn what_is_not_finished_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let tree = MerkleSumTree::build(Kind::Payouts, &DOMAIN, leaves(5)).unwrap();
    let path = file(folder.path(), &COMMITMENT);
    let mut writer = Writer::create(&path).unwrap();
    writer.tree(&tree).unwrap();
    assert!(!path.exists());
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(Writer::create(&folder.path().join("away/file")).is_err());
}
