//! The nodes of an epoch's payout trees in a flat file: tree after tree, level after level from the leaves up, 40 bytes a node
//! (hash, sum). A proof is one read for each level.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::Context as _;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::Forest;
use radio_payouts_protocol::tree::{Kind, Node, TreeRoot, depth, empty_leaf, locate, parent};

use crate::store::durable::{self, FileError};

const NODE_BYTES: u64 = 40;

/// Writes the nodes of all trees.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, forest: &Forest) -> anyhow::Result<()> {
    durable::write_with(path, |file| {
        let mut writer = BufWriter::with_capacity(1 << 20, file);
        for node in forest.trees().iter().flat_map(|tree| tree.levels()).flatten() {
            writer.write_all(&node.hash)?;
            writer.write_all(&node.sum.to_le_bytes())?;
        }
        Ok::<_, Failed>(writer.flush()?)
    })
    .map_err(|Failed(error)| error)
}

/// Any error, for [`durable::write_with`].
struct Failed(anyhow::Error);

impl From<FileError> for Failed {
    fn from(error: FileError) -> Self {
        Self(error.into())
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.into())
    }
}

/// Nodes of level `height` of a tree of `count` leaves.
fn width(count: u32, height: u32) -> u64 {
    // A tree of no leaves has one node, the empty one.
    (u64::from(count).div_ceil(1 << height)).max(1)
}

fn nodes_of(count: u32) -> u64 {
    (0..=depth(count)).map(|height| width(count, height)).sum()
}

/// The siblings of the leaf with global `index`, lowest first, from the file of trees with these roots.
///
/// # Errors
/// If there is no such leaf, or the file is damaged.
pub fn proof(path: &Path, domain: &Domain, roots: &[TreeRoot], index: u32) -> anyhow::Result<Vec<Node>> {
    let (tree, position) = locate(index);
    let root = roots.get(tree as usize).filter(|root| position < root.count).context("there is no such leaf")?;
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut start: u64 = roots.iter().take(tree as usize).map(|root| nodes_of(root.count)).sum();
    let mut empty = empty_leaf(Kind::Payouts, domain);
    let mut siblings = Vec::new();
    for height in 0..depth(root.count) {
        let sibling = u64::from((position >> height) ^ 1);
        let width = width(root.count, height);
        siblings.push(if sibling < width { node(&file, start + sibling)? } else { empty });
        start += width;
        empty = parent(Kind::Payouts, &empty, &empty)?;
    }
    Ok(siblings)
}

fn node(file: &File, number: u64) -> anyhow::Result<Node> {
    let mut bytes = [0; NODE_BYTES as usize];
    file.read_exact_at(&mut bytes, number * NODE_BYTES)?;
    let (hash, sum) = bytes.split_first_chunk().context("a node is cut off")?;
    Ok(Node { hash: *hash, sum: u64::from_le_bytes(sum.try_into()?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use radio_payouts_protocol::tree::share_leaf;

    #[test]
    fn proofs_from_the_file_are_those_of_the_forest() {
        let domain = Domain::from_bytes([1; 32]);
        let folder = tempfile::tempdir().unwrap();
        for count in [1u32, 2, 3, 5, 8, 1_000] {
            let leaves: Vec<Node> = (0..count)
                .map(|index| share_leaf(&domain, 4, index, &[2; 32], &[3; 32], u64::from(index) + 1))
                .collect();
            let forest = Forest::build(&domain, &leaves).unwrap();
            let path = folder.path().join(count.to_string());
            write(&path, &forest).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().len(), nodes_of(count) * NODE_BYTES);
            for index in (0..count).step_by(if count > 100 { 37 } else { 1 }) {
                assert_eq!(proof(&path, &domain, &forest.roots(), index).unwrap(), forest.proof(index).unwrap());
            }
            assert!(proof(&path, &domain, &forest.roots(), count).is_err());
        }
    }

    #[test]
    fn a_second_tree_begins_where_the_first_ends() {
        let domain = Domain::from_bytes([1; 32]);
        let count = (1u32 << 20) + 3;
        let leaves: Vec<Node> = (0..count).map(|index| share_leaf(&domain, 4, index, &[2; 32], &[3; 32], 1)).collect();
        let forest = Forest::build(&domain, &leaves).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodes");
        write(&path, &forest).unwrap();
        for index in [0, 1 << 19, (1 << 20) - 1, 1 << 20, count - 1] {
            assert_eq!(proof(&path, &domain, &forest.roots(), index).unwrap(), forest.proof(index).unwrap(), "{index}");
        }
    }
}
