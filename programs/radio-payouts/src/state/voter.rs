//! Locked stake that votes (section 11).

use anchor_lang::prelude::*;

/// PDA `["voter", owner]`; its stake lies in a token account that it owns.
#[account]
#[derive(InitSpace, Debug)]
pub struct VoterStake {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Who votes.
    pub owner: Pubkey,
    /// Base units locked.
    pub amount: u64,
    /// Slot of the last deposit.
    pub since_slot: u64,
    /// Until when it is locked by a vote or proposal, in Unix seconds.
    pub locked_until: i64,
    /// The open proposal that it made, if any.
    pub open_proposal: Option<u64>,
    /// Zero.
    pub reserved_space: [u8; 64],
}

/// PDA `["vote", proposal u64, owner]`: that a stake has voted.
#[account]
#[derive(InitSpace, Debug)]
pub struct VoteRecord {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// The proposal.
    pub proposal: u64,
    /// Who voted.
    pub owner: Pubkey,
    /// Base units that voted.
    pub amount: u64,
    /// How.
    pub choice: VoteChoice,
    /// Zero.
    pub reserved_space: [u8; 32],
}

/// A vote.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub enum VoteChoice {
    /// For the proposal.
    Yes,
    /// Against it.
    No,
    /// Counts for the quorum only.
    Abstain,
}
