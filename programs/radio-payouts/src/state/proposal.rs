//! Proposals: typed actions stored before the vote, executed as stored (section 11).

use anchor_lang::prelude::*;

use crate::state::{ConfigTimesDelta, GovernanceSettingsDelta, ParamsChange, SfuTerms};

/// Where a proposal stands.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProposalStatus {
    /// Votes are taken.
    Voting,
    /// Accepted; executable after the timelock.
    Accepted,
    /// Quorum or majority missed.
    Defeated,
    /// Carried out.
    Executed,
    /// Not executed in time.
    Expired,
}

impl ProposalStatus {
    /// Whether the state machine has an edge from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Voting => matches!(next, Self::Accepted | Self::Defeated),
            Self::Accepted => matches!(next, Self::Executed | Self::Expired),
            Self::Defeated | Self::Executed | Self::Expired => false,
        }
    }
}

/// What a proposal does when it is executed.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Changes parameters or mode.
    SetParams(ParamsChange),
    /// Changes times, thresholds, bonds and the settings of votes.
    SetConfigTimes(ConfigTimesDelta, GovernanceSettingsDelta),
    /// Registers an SFU.
    RegisterSfu(SfuTerms),
    /// Stops an SFU: key, `stop_seq`.
    StopSfu([u8; 32], Option<u64>),
    /// Registers a settler: key, operator, earliest epoch.
    RegisterSettler(Pubkey, Pubkey, u64),
    /// Stops a settler.
    StopSettler(Pubkey),
    /// Replaces the registrars.
    SetRegistrars(Vec<Pubkey>),
    /// Makes a mandate: first epoch, last epoch, budget, delay in seconds.
    MakeMandate(u64, u64, u64, u32),
    /// Cancels a mandate.
    CancelMandate(u64),
    /// Ratifies one epoch with this commitment.
    RatifyEpoch(u64, [u8; 32]),
    /// Rejects one epoch with this commitment.
    RejectEpoch(u64, [u8; 32]),
    /// Resolves the dispute of an epoch's attempt: whether it is upheld.
    ResolveDispute(u64, u32, bool),
    /// Appoints an arbiter, or none.
    AppointArbiter(Option<Pubkey>),
    /// Offers the role of authority, or withdraws the offer.
    OfferAuthority(Option<Pubkey>),
    /// Pays base units from `vault - reserved` to a token account.
    TransferTreasury(Pubkey, u64),
}

/// PDA `["proposal", number u64]`.
#[account]
#[derive(Debug)]
pub struct Proposal {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Its number.
    pub number: u64,
    /// Who proposed it.
    pub proposer: Pubkey,
    /// `Config.authority.nonce` at its creation.
    pub authority_nonce: u64,
    /// Where it stands.
    pub status: ProposalStatus,
    /// Slot of its creation: stake counts if its `since` is strictly before.
    pub created_slot: u64,
    /// Unix seconds of its creation.
    pub created_at: i64,
    /// End of the vote in Unix seconds.
    pub voting_ends_at: i64,
    /// Supply − vault − treasury at its creation, in base units.
    pub base: u64,
    /// Quorum in bps of the base.
    pub quorum_bps: u16,
    /// Base units for it.
    pub yes: u64,
    /// Base units against it.
    pub no: u64,
    /// Base units that abstain.
    pub abstain: u64,
    /// Zero.
    pub reserved_space: [u8; 64],
    /// What it does.
    pub action: Action,
}

#[cfg(test)]
mod tests {
    use super::ProposalStatus::{Accepted, Defeated, Executed, Expired, Voting};

    #[test]
    fn a_proposal_moves_only_forward() {
        let edges = [(Voting, Accepted), (Voting, Defeated), (Accepted, Executed), (Accepted, Expired)];
        let all = [Voting, Accepted, Defeated, Executed, Expired];
        for from in all {
            for to in all {
                assert_eq!(from.may_become(to), edges.contains(&(from, to)), "{from:?} to {to:?}");
            }
        }
    }
}
