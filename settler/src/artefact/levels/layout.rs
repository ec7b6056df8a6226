//! Where which node is in a level file.

use radio_payouts_protocol::tree::{TreeRoot, depth};

/// First bytes of a level file.
pub const FORMAT: [u8; 32] = *b"radio-payouts/levels/v1\0\0\0\0\0\0\0\0\0";
/// Bytes before the first node.
pub const HEADER_BYTES: u64 = 64;
/// Bytes of a node: 32 of its hash, 8 of its sum.
pub const NODE_BYTES: usize = 40;
/// Every so many levels one is kept.
pub const RISE: u32 = 7;

/// The heights of the levels that are kept of a tree of `count` leaves, lowest first. A root is not: it is committed.
pub fn kept(count: u32) -> impl DoubleEndedIterator<Item = u32> {
    // A tree of one leaf has depth 0, and the leaf is kept all the same.
    (0..depth(count).max(1)).filter(|height| height % RISE == 0)
}

/// Nodes of the level at `height` of a tree of `count` leaves, empty positions left out.
pub fn width(count: u32, height: u32) -> u64 {
    u64::from(count).div_ceil(1 << height)
}

/// Bytes of the levels that are kept of a tree of `count` leaves.
pub fn tree_bytes(count: u32) -> u64 {
    kept(count).map(|height| width(count, height)).sum::<u64>() * NODE_BYTES as u64
}

/// Bytes of the level file of trees with these roots.
pub fn file_bytes(roots: &[TreeRoot]) -> u64 {
    HEADER_BYTES + roots.iter().map(|root| tree_bytes(root.count)).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seventh_level_is_kept_and_no_root() {
        let heights = |count| kept(count).collect::<Vec<_>>();
        assert_eq!(heights(1), [0]);
        assert_eq!(heights(128), [0]);
        assert_eq!(heights(129), [0, 7]);
        assert_eq!(heights(1 << 14), [0, 7]);
        assert_eq!(heights(1 << 20), [0, 7, 14]);
        assert_eq!(tree_bytes(129), (129 + 2) * 40);
        assert_eq!(tree_bytes(1 << 20), ((1 << 20) + (1 << 13) + (1 << 6)) * 40);
    }
}
