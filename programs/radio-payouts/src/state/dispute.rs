//! A bonded dispute of a posted root: one an attempt.

use anchor_lang::prelude::*;

use crate::state::Start;

/// How a dispute ended, if it did.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisputeOutcome {
    /// Not yet resolved.
    Open,
    /// The root was withdrawn; the bond went back.
    Upheld,
    /// The root stands; the bond went to the treasury.
    Rejected,
    /// Nobody resolved it in time; the bond went back, the epoch is contested.
    Lapsed,
}

impl DisputeOutcome {
    /// Only an open dispute ends, and it ends once.
    pub fn may_become(self, next: Self) -> bool {
        self == Self::Open && next != Self::Open
    }
}

/// PDA `["dispute", epoch u64, attempt u32]`; its bond lies in a token account that it owns.
#[account]
#[derive(InitSpace, Debug)]
pub struct Dispute {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The epoch.
    pub epoch: u64,
    /// The attempt disputed.
    pub attempt: u32,
    /// The commitment disputed.
    pub commitment: [u8; 32],
    /// Who disputes and gets the bond back.
    pub disputer: Pubkey,
    /// Bond in base units.
    pub bond: u64,
    /// SHA-256 of the evidence published.
    pub evidence_hash: [u8; 32],
    /// When it was opened; it lapses `dispute_seconds` later.
    pub opened: Start,
    /// How it ended.
    pub outcome: DisputeOutcome,
    /// Zero.
    pub reserved_space: [u8; 64],
}

/// PDA `["share", epoch u64, commitment, index u32]`: a leaf that `prove_leaf` found in the root in force, so that two
/// of them can prove a duplicate.
#[account]
#[derive(InitSpace, Debug)]
pub struct ShareRecord {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The epoch.
    pub epoch: u64,
    /// Commitment of the root.
    pub commitment: [u8; 32],
    /// Global index.
    pub index: u32,
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee.
    pub payee: Pubkey,
    /// Base units.
    pub amount: u64,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::DisputeOutcome::{Lapsed, Open, Rejected, Upheld};

    #[test]
    fn a_dispute_ends_once() {
        for next in [Upheld, Rejected, Lapsed] {
            assert!(Open.may_become(next));
            for after in [Open, Upheld, Rejected, Lapsed] {
                assert!(!next.may_become(after));
            }
        }
        assert!(!Open.may_become(Open));
    }
}
