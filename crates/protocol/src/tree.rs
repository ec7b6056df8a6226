//! The Merkle-sum tree of section 8: leaves, nodes, and the verification of a proof.
//!
//! ```text
//! leaf    = SHA-256(0x00 || kind || domain || epoch || index || payload || sum)
//! node    = SHA-256(0x01 || kind || left_hash || left_sum || right_hash || right_sum), sum = left + right
//! empty_0 = SHA-256(0x02 || kind || domain), sum 0;   empty_{k+1} = node(empty_k, empty_k)
//! ```
//!
//! Every node carries the sum of what stands below it and hashes the sums of its children, so no set of
//! provable leaves can exceed the committed total. Trees are built in `forest`; this module is all that a
//! verifier needs, on chain or off.

use crate::domain::Domain;
use crate::hash::{Hash, ShortMessage, sha256};
use thiserror::Error;

/// Most leaves of one payout tree: 2^20.
pub const TREE_CAPACITY: u32 = 1 << 20;
/// Most payout trees of one epoch.
pub const MAX_TREES: usize = 12;
/// Greatest depth of a payout tree.
pub const MAX_PAYOUT_DEPTH: u32 = 20;
/// Greatest depth of a batch tree.
pub const MAX_BATCH_DEPTH: u32 = 32;

/// The tree's use, hashed into every leaf, node and empty position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// Shares; sums are base units.
    Payouts = 1,
    /// Accepted batches; sums are accepted bytes of the batch in this epoch.
    Batches = 2,
}

/// A position in a tree: its hash and the sum below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    /// SHA-256 as defined above.
    pub hash: Hash,
    /// Base units or bytes, by kind.
    pub sum: u64,
}

/// What is committed of a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeRoot {
    /// The root's hash.
    pub root: Hash,
    /// The root's sum.
    pub sum: u64,
    /// Number of leaves; positions at or past it are empty.
    pub count: u32,
}

/// Why a proof or a tree was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ProofError {
    /// The position is not below the tree's number of leaves.
    #[error("the position is not below the number of leaves")]
    PositionOutOfRange,
    /// The number of siblings is not the tree's depth.
    #[error("the proof's length is not the depth of the tree")]
    WrongLength,
    /// A sum of children exceeds `u64`.
    #[error("a sum of two nodes overflows")]
    SumOverflow,
    /// The sums lead to another total than the committed one: an amount was altered.
    #[error("the proof's sums do not add up to the committed total")]
    SumMismatch,
    /// The hashes lead to another root than the committed one.
    #[error("the proof does not lead to the committed root")]
    RootMismatch,
}

/// Leaf of a payout tree: `payload = did_hash || payee`. `index` is the global one, `payee` 32 zeros if there is none.
#[must_use]
pub fn share_leaf(domain: &Domain, epoch: u64, index: u32, did_hash: &Hash, payee: &[u8; 32], amount: u64) -> Node {
    let message = ShortMessage::new::<118, 7>([
        &[0x00, Kind::Payouts as u8],
        domain.as_bytes(),
        &epoch.to_le_bytes(),
        &index.to_le_bytes(),
        did_hash,
        payee,
        &amount.to_le_bytes(),
    ]);
    Node { hash: message.digest(), sum: amount }
}

/// Leaf of a batch tree: `payload = sfu_key || seq || batch_hash`; the sum is the batch's accepted bytes in this epoch.
#[must_use]
pub fn batch_leaf(
    domain: &Domain,
    epoch: u64,
    index: u32,
    sfu_key: &[u8; 32],
    seq: u64,
    batch_hash: &Hash,
    accepted_bytes: u64,
) -> Node {
    // 126 bytes: three blocks.
    let hash = sha256(&[
        &[0x00, Kind::Batches as u8],
        domain.as_bytes(),
        &epoch.to_le_bytes(),
        &index.to_le_bytes(),
        sfu_key,
        &seq.to_le_bytes(),
        batch_hash,
        &accepted_bytes.to_le_bytes(),
    ]);
    Node { hash, sum: accepted_bytes }
}

/// The parent of two nodes.
///
/// # Errors
/// [`ProofError::SumOverflow`] if the sums exceed `u64`.
#[inline]
pub fn parent(kind: Kind, left: &Node, right: &Node) -> Result<Node, ProofError> {
    left.sum.checked_add(right.sum).ok_or(ProofError::SumOverflow)?;
    Ok(parent_within(kind, left, right))
}

/// [`parent`] where the caller has made sure that no sum exceeds `u64`.
#[inline]
pub(crate) fn parent_within(kind: Kind, left: &Node, right: &Node) -> Node {
    let message = ShortMessage::new::<82, 5>([
        &[0x01, kind as u8],
        &left.hash,
        &left.sum.to_le_bytes(),
        &right.hash,
        &right.sum.to_le_bytes(),
    ]);
    Node { hash: message.digest(), sum: left.sum.wrapping_add(right.sum) }
}

/// `empty_0`: an unused position of the lowest level.
#[must_use]
pub fn empty_leaf(kind: Kind, domain: &Domain) -> Node {
    Node { hash: sha256(&[&[0x02, kind as u8], domain.as_bytes()]), sum: 0 }
}

/// `ceil(log2(count))`, 0 for `count <= 1`.
#[must_use]
pub const fn depth(count: u32) -> u32 {
    if count <= 1 { 0 } else { u32::BITS.saturating_sub(count.saturating_sub(1).leading_zeros()) }
}

/// Tree number and position in it of a payout leaf with global `index`.
#[must_use]
pub const fn locate(index: u32) -> (u32, u32) {
    (index >> 20, index & (TREE_CAPACITY - 1))
}

/// Checks that `leaf` stands at `position` of the tree committed as `root`.
///
/// `siblings` are the proof, lowest first; bit `k` of `position` says on which side sibling `k` stands.
/// Sums are compared before hashes, so that an altered amount is told from an altered identity.
///
/// # Errors
/// The first [`ProofError`] that applies, in the order of its variants.
pub fn verify_proof<I>(kind: Kind, leaf: Node, position: u32, siblings: I, root: &TreeRoot) -> Result<(), ProofError>
where
    I: ExactSizeIterator<Item = Node>,
{
    if position >= root.count {
        return Err(ProofError::PositionOutOfRange);
    }
    if u32::try_from(siblings.len()) != Ok(depth(root.count)) {
        return Err(ProofError::WrongLength);
    }
    let mut node = leaf;
    let mut path = position;
    for sibling in siblings {
        node = if path & 1 == 0 { parent(kind, &node, &sibling)? } else { parent(kind, &sibling, &node)? };
        path >>= 1;
    }
    if node.sum != root.sum {
        return Err(ProofError::SumMismatch);
    }
    if node.hash != root.root {
        return Err(ProofError::RootMismatch);
    }
    Ok(())
}
