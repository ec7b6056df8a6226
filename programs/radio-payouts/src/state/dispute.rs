//! A bonded dispute of a posted root: one an attempt.
//!
//! The dispute decides about the root; its bond moves in a step of its own, afterwards, so that no token account can
//! keep a dispute from being resolved. A dispute whose root leaves the chain for another reason (an ancestor was
//! revoked, a fraud proof came) is moot: its bond goes back, and nobody has to resolve it.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::{ACCOUNT_VERSION, Epoch, EpochChain, EpochStatus, Pause, Start};

/// How a dispute ended, if it did.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisputeOutcome {
    /// Not yet resolved.
    Open,
    /// The root was withdrawn; the bond goes back.
    Upheld,
    /// The root stands; the bond goes to the treasury.
    Rejected,
    /// Nobody resolved it in time; the bond goes back, the epoch is contested.
    Lapsed,
    /// The root left the chain for another reason; the bond goes back.
    Moot,
}

impl DisputeOutcome {
    /// Only an open dispute ends, and it ends once.
    pub fn may_become(self, next: Self) -> bool {
        self == Self::Open && next != Self::Open
    }
}

/// PDA `["dispute", epoch u64, attempt u32]`; its bond lies in the token account `["bond", epoch u64, attempt u32]`, which
/// it owns.
#[account]
#[derive(InitSpace, Debug)]
pub struct Dispute {
    /// Layout version, 1; 0 in an account just created.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Bump of the bond's address.
    pub bond_bump: u8,
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
    /// Whether the bond has left its account, which is then closed.
    pub bond_released: bool,
    /// SHA-256 of the evidence published.
    pub evidence_hash: [u8; 32],
    /// When it was opened; it lapses `dispute_seconds` later.
    pub opened: Start,
    /// How it ended.
    pub outcome: DisputeOutcome,
    /// Who paid the rent of this account and of the bond's.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 64],
}

/// What a dispute is opened with.
pub struct DisputeTerms {
    /// Bump of the dispute's address.
    pub bump: u8,
    /// Bump of the bond's address.
    pub bond_bump: u8,
    /// Who disputes.
    pub disputer: Pubkey,
    /// SHA-256 of the evidence published.
    pub evidence_hash: [u8; 32],
    /// Who pays the rent.
    pub rent_payer: Pubkey,
}

impl Dispute {
    /// A dispute about the root in force of `epoch`.
    pub fn open(terms: DisputeTerms, epoch: &Epoch, opened: Start) -> Self {
        Self {
            version: ACCOUNT_VERSION,
            bump: terms.bump,
            bond_bump: terms.bond_bump,
            epoch: epoch.epoch,
            attempt: epoch.attempt,
            commitment: epoch.commitment,
            disputer: terms.disputer,
            bond: epoch.dispute_bond(),
            bond_released: false,
            evidence_hash: terms.evidence_hash,
            opened,
            outcome: DisputeOutcome::Open,
            rent_payer: terms.rent_payer,
            reserved_space: [0; 64],
        }
    }

    /// Ends an open dispute.
    pub fn end(&mut self, outcome: DisputeOutcome) -> Result<()> {
        require!(self.outcome.may_become(outcome), PayoutsError::DisputeEnded);
        self.outcome = outcome;
        Ok(())
    }

    /// Whether its time (unpaused seconds, by the times of the epoch's post) is over, so that it can only lapse.
    pub fn is_overdue(&self, epoch: &Epoch, pause: &Pause, now: i64) -> bool {
        self.opened.has_passed(epoch.times.dispute_seconds, pause, now)
    }

    /// Ends it as moot if it is open and its root is no longer disputed on the chain. Returns whether that was so.
    pub fn end_if_moot(&mut self, epoch: &Epoch, chain: &EpochChain) -> bool {
        let disputed = epoch.attempt == self.attempt && epoch.status == EpochStatus::Disputed;
        let moot = self.outcome == DisputeOutcome::Open && (!disputed || chain.is_orphaned(epoch.epoch));
        if moot {
            self.outcome = DisputeOutcome::Moot;
        }
        moot
    }

    /// Lets the bond go, once. Returns whether it goes to the treasury; otherwise it goes back.
    pub fn release(&mut self) -> Result<bool> {
        require!(self.outcome != DisputeOutcome::Open, PayoutsError::DisputeStillOpen);
        self.bond_released = true;
        Ok(self.outcome == DisputeOutcome::Rejected)
    }
}

/// PDA `["share", epoch u64, commitment, index u32, recorder]`: a leaf that `prove_leaf` found in the root in force, so
/// that two of them can prove a duplicate. Each recorder has records of its own, so nobody can close another's evidence.
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
    /// Who wrote it, paid the rent and may close it.
    pub recorder: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 32],
}

impl ShareRecord {
    /// Refuses two records that do not prove that the root `commitment` of `epoch` has two leaves for one DID.
    pub fn check_duplicate(&self, other: &Self, epoch: u64, commitment: &[u8; 32]) -> Result<()> {
        let of_it = |record: &Self| record.epoch == epoch && record.commitment == *commitment;
        require!(of_it(self) && of_it(other), PayoutsError::NotLeavesOfOneRoot);
        require!(self.index != other.index, PayoutsError::SameLeaf);
        require!(self.did_hash == other.did_hash, PayoutsError::DidsDiffer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::DisputeOutcome::{Lapsed, Moot, Open, Rejected, Upheld};

    #[test]
    fn a_dispute_ends_once() {
        for next in [Upheld, Rejected, Lapsed, Moot] {
            assert!(Open.may_become(next));
            for after in [Open, Upheld, Rejected, Lapsed, Moot] {
                assert!(!next.may_become(after));
            }
        }
        assert!(!Open.may_become(Open));
    }
}
