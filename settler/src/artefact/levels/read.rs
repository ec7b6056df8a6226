//! Proofs from a level file: one at a time, or by groups of 2^14 leaves.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{Section, empties};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::tree::{Kind, MAX_PAYOUT_DEPTH, MAX_TREES, Node, TREE_CAPACITY, TreeRoot, depth, locate};

use super::layout::{FORMAT, HEADER_BYTES, NODE_BYTES, RISE, file_bytes, kept, tree_bytes, width};
use super::{Damaged, Fault};
use crate::store::durable::FileError;

/// Leaves of a group: two rises.
const GROUP: u32 = 1 << (2 * RISE);
/// Nodes of a section.
const SECTION: u32 = 1 << RISE;

/// An open level file. It may be shared between threads; the file may be replaced or deleted while it is open.
#[derive(Debug)]
pub struct Levels {
    file: File,
    path: PathBuf,
    roots: Vec<TreeRoot>,
    /// Where each tree begins.
    starts: Vec<u64>,
    /// `empty_k` of every level that a payout tree can have.
    empties: Vec<Node>,
}

impl Levels {
    /// Opens the level file of the statement with this commitment and these roots.
    ///
    /// # Errors
    /// [`Damaged`] if it is of another one, or has another length; if it cannot be read.
    pub fn open(path: &Path, domain: &Domain, commitment: &Hash, roots: &[TreeRoot]) -> anyhow::Result<Self> {
        let within = |root: &TreeRoot| root.count <= TREE_CAPACITY;
        anyhow::ensure!(roots.len() <= MAX_TREES && roots.iter().all(within), "these are no payout trees");
        let failed = |error| FileError::new("read", path, error);
        let file = File::open(path).map_err(failed)?;
        let damaged = |fault| Damaged { path: path.to_owned(), fault };
        let (has, takes) = (file.metadata().map_err(failed)?.len(), file_bytes(roots));
        if has < HEADER_BYTES {
            return Err(damaged(Fault::Format).into());
        }
        let (mut format, mut of) = ([0; 32], [0; 32]);
        file.read_exact_at(&mut format, 0).map_err(failed)?;
        file.read_exact_at(&mut of, 32).map_err(failed)?;
        if format != FORMAT {
            return Err(damaged(Fault::Format).into());
        }
        if of != *commitment {
            return Err(damaged(Fault::OtherEpoch(of)).into());
        }
        if has != takes {
            return Err(damaged(Fault::Length { has, takes }).into());
        }
        let starts = roots.iter().scan(HEADER_BYTES, |next, root| {
            let start = *next;
            *next += tree_bytes(root.count);
            Some(start)
        });
        let empties = empties(Kind::Payouts, domain).take(MAX_PAYOUT_DEPTH as usize + 1).collect();
        Ok(Self { file, path: path.to_owned(), starts: starts.collect(), roots: roots.to_vec(), empties })
    }

    /// Number of leaves of all trees.
    #[must_use]
    pub fn leaves(&self) -> u32 {
        // At most twelve times 2^20.
        self.roots.iter().map(|root| root.count).sum()
    }

    /// The siblings of the leaf with global `index`, lowest first. They lead from that leaf to the committed root; that the leaf is a certain
    /// share's is for the caller to check.
    ///
    /// # Errors
    /// If there is no such leaf; [`Damaged`]; if the file cannot be read.
    pub fn proof(&self, index: u32) -> anyhow::Result<Vec<Node>> {
        Ok(self.leaf_and_proof(index)?.1)
    }

    /// The leaf with global `index`, and its siblings as [`Levels::proof`] gives them.
    ///
    /// # Errors
    /// As [`Levels::proof`].
    pub fn leaf_and_proof(&self, index: u32) -> anyhow::Result<(Node, Vec<Node>)> {
        let (tree, position) = locate(index);
        let root = self.root(tree).filter(|root| position < root.count).context("there is no such leaf")?;
        let down = self.descend(tree, &root, position, 0)?;
        Ok((down.node, down.siblings))
    }

    /// The global indices, cut into groups that are read at once, in order.
    pub fn groups(&self) -> impl Iterator<Item = Range<u32>> {
        let starts = (0u32..).map(|tree| tree * TREE_CAPACITY).zip(&self.roots);
        starts.flat_map(|(start, root)| {
            let firsts = (0..root.count).step_by(GROUP as usize);
            firsts.map(move |first| start + first..start + root.count.min(first + GROUP))
        })
    }

    /// Reads a group of [`Levels::groups`], and checks all of it.
    ///
    /// # Errors
    /// If there is no such group; [`Damaged`]; if the file cannot be read.
    pub fn group(&self, range: &Range<u32>) -> anyhow::Result<Group> {
        let (tree, first) = locate(range.start);
        let root = self.root(tree).filter(|root| first < root.count).context("there is no such leaf")?;
        let count = root.count.min(first + GROUP) - first;
        anyhow::ensure!(first.is_multiple_of(GROUP) && range.len() == count as usize, "no group has these leaves");
        // The lowest section above the leaves' own, and the way from it to the root.
        let above = if depth(root.count) > RISE { Some(self.descend(tree, &root, first, RISE)?) } else { None };
        let mut nodes = self.nodes(tree, &root, 0, u64::from(first), count as usize)?;
        let (siblings, parents) = match &above {
            Some(above) => (above.siblings_above.clone(), above.section.as_ref().map(Section::nodes)),
            None => (Vec::new(), None),
        };
        let top = [Node { hash: root.root, sum: root.sum }];
        let parents = parents.unwrap_or(&top);
        let mut sections = Vec::with_capacity(parents.len());
        for parent in parents {
            let rest = nodes.split_off(nodes.len().min(SECTION as usize));
            sections.push(self.section(tree, &root, 0, std::mem::replace(&mut nodes, rest), parent)?);
        }
        let above = above.and_then(|above| above.section);
        Ok(Group { first: range.start, sections, above, siblings })
    }

    fn root(&self, tree: u32) -> Option<TreeRoot> {
        self.roots.get(tree as usize).copied()
    }

    /// From the root down to the kept level at `height`, to the node above or at the leaf at `position`.
    fn descend(&self, tree: u32, root: &TreeRoot, position: u32, height: u32) -> anyhow::Result<Descent> {
        let mut down = Descent {
            node: Node { hash: root.root, sum: root.sum },
            siblings: Vec::new(),
            siblings_above: Vec::new(),
            section: None,
        };
        let mut from_the_top = Vec::with_capacity(3);
        for height in kept(root.count).rev().take_while(|kept| *kept >= height) {
            let at = position >> height;
            let first = u64::from(at & !(SECTION - 1));
            let count = (width(root.count, height) - first).min(u64::from(SECTION));
            let nodes = self.nodes(tree, root, height, first, usize::try_from(count)?)?;
            let section = self.section(tree, root, height, nodes, &down.node)?;
            let place = (at & (SECTION - 1)) as usize;
            down.node = *section.nodes().get(place).context("a section without its node")?;
            from_the_top.push((section, place));
        }
        for (section, place) in from_the_top.iter().rev() {
            down.siblings.extend(section.siblings(*place));
        }
        for (section, place) in from_the_top.iter().take(from_the_top.len().saturating_sub(1)).rev() {
            down.siblings_above.extend(section.siblings(*place));
        }
        down.section = from_the_top.pop().map(|(section, _)| section);
        Ok(down)
    }

    /// The section over `nodes` of the kept level at `height`, whose ancestor must be `above`.
    fn section(
        &self,
        tree: u32,
        root: &TreeRoot,
        height: u32,
        nodes: Vec<Node>,
        above: &Node,
    ) -> anyhow::Result<Section> {
        let rise = RISE.min(depth(root.count) - height);
        let range = height as usize..(height + rise) as usize;
        let empties = self.empties.get(range).context("a tree deeper than payout trees are")?;
        let section = Section::new(Kind::Payouts, nodes, empties).ok();
        let section = section.filter(|section| section.top() == Some(above));
        let fault = Fault::Node { tree, level: height };
        Ok(section.ok_or_else(|| Damaged { path: self.path.clone(), fault })?)
    }

    /// Reads neighbouring nodes of a kept level.
    fn nodes(&self, tree: u32, root: &TreeRoot, height: u32, first: u64, count: usize) -> anyhow::Result<Vec<Node>> {
        let start = self.starts.get(tree as usize).context("there is no such tree")?;
        let below: u64 = kept(root.count).take_while(|kept| *kept < height).map(|kept| width(root.count, kept)).sum();
        let mut bytes = vec![0; count * NODE_BYTES];
        let read = self.file.read_exact_at(&mut bytes, start + (below + first) * NODE_BYTES as u64);
        read.map_err(|error| FileError::new("read", &self.path, error))?;
        let node = |bytes: &[u8; NODE_BYTES]| {
            let (hash, sum) = bytes.split_first_chunk::<32>()?;
            Some(Node { hash: *hash, sum: u64::from_le_bytes(*sum.first_chunk()?) })
        };
        bytes.as_chunks().0.iter().map(node).collect::<Option<_>>().context("a node is cut off")
    }
}

/// The way from a root down.
struct Descent {
    /// The node where it ends.
    node: Node,
    /// Siblings from there to the root, lowest first.
    siblings: Vec<Node>,
    /// Those of them above the last section.
    siblings_above: Vec<Node>,
    /// The last section.
    section: Option<Section>,
}

/// Up to 2^14 neighbouring leaves with all that their proofs are made of.
#[derive(Debug)]
pub struct Group {
    first: u32,
    sections: Vec<Section>,
    /// The section over the tops of `sections`, if there is more than one.
    above: Option<Section>,
    /// Siblings above that.
    siblings: Vec<Node>,
}

impl Group {
    /// Its leaves by runs of at most 128, whose proofs end alike.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        (0u32..).zip(&self.sections).map(|(number, section)| {
            let above = self.above.iter().flat_map(|above| above.siblings(number as usize)).chain(&self.siblings);
            Run { first: self.first + number * SECTION, section, above: above.copied().collect() }
        })
    }
}

/// Up to 128 neighbouring leaves.
#[derive(Debug)]
pub struct Run<'a> {
    /// Global index of the first.
    pub first: u32,
    section: &'a Section,
    above: Vec<Node>,
}

impl Run<'_> {
    /// The leaves.
    #[must_use]
    pub fn leaves(&self) -> &[Node] {
        self.section.nodes()
    }

    /// The lowest siblings of the leaf at `place` of the run, lowest first; [`Run::above`] follows.
    pub fn below(&self, place: usize) -> impl Iterator<Item = &Node> {
        self.section.siblings(place)
    }

    /// The highest siblings, the same for all leaves of the run, lowest first.
    #[must_use]
    pub fn above(&self) -> &[Node] {
        &self.above
    }
}
