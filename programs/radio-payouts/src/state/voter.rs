//! Locked stake that votes (section 11).
//!
//! Stake counts for a proposal only if its last deposit is from a slot strictly before the proposal's, so tokens that move
//! on to another wallet after a proposal was made do not vote on it again. It is locked until every vote that it took
//! part in has ended.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::{ACCOUNT_VERSION, Deadline, Pause};

/// PDA `["voter", owner]`; its stake lies in the token account `["stake", owner]`, which it owns.
#[account]
#[derive(InitSpace, Debug)]
pub struct VoterStake {
    /// Layout version, 1; 0 in an account just created.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Bump of the token account's address.
    pub tokens_bump: u8,
    /// Who votes.
    pub owner: Pubkey,
    /// Base units staked.
    pub amount: u64,
    /// Slot of the last deposit.
    pub since_slot: u64,
    /// Until when it is locked by votes and proposals.
    pub locked_until: Deadline,
    /// The proposal that it made and whose vote is not concluded, if any.
    pub open_proposal: Option<u64>,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// Zero.
    pub reserved_space: [u8; 64],
}

impl VoterStake {
    /// A stake of nothing.
    pub fn new(bump: u8, tokens_bump: u8, owner: Pubkey, rent_payer: Pubkey) -> Self {
        Self {
            version: ACCOUNT_VERSION,
            bump,
            tokens_bump,
            owner,
            amount: 0,
            since_slot: 0,
            locked_until: Deadline::default(),
            open_proposal: None,
            rent_payer,
            reserved_space: [0; 64],
        }
    }

    /// Adds to it; all of it counts only for proposals made after `slot`.
    pub fn deposit(&mut self, amount: u64, slot: u64) -> Result<()> {
        require!(amount > 0, PayoutsError::ZeroAmount);
        self.amount = self.amount.checked_add(amount).ok_or(PayoutsError::ArithmeticOverflow)?;
        self.since_slot = slot;
        Ok(())
    }

    /// Takes from it, unless a vote holds it.
    pub fn withdraw(&mut self, amount: u64, pause: &Pause, now: i64) -> Result<()> {
        require!(amount > 0, PayoutsError::ZeroAmount);
        require!(self.open_proposal.is_none(), PayoutsError::ProposalOpen);
        require!(self.locked_until.has_passed(pause, now), PayoutsError::StakeLocked);
        self.amount = self.amount.checked_sub(amount).ok_or(PayoutsError::StakeExceeded)?;
        Ok(())
    }

    /// What it weighs in the vote on a proposal that was made in `created_slot`.
    pub fn weight(&self, created_slot: u64) -> Result<u64> {
        require!(self.since_slot < created_slot, PayoutsError::StakeTooRecent);
        Ok(self.amount)
    }

    /// Holds it until `end`, and longer if another vote does already.
    pub fn lock(&mut self, end: Deadline) {
        self.locked_until = self.locked_until.latest(end);
    }

    /// Makes proposal `number` with it, which needs `least` base units; at most one at a time.
    pub fn propose(&mut self, number: u64, least: u64, slot: u64, end: Deadline) -> Result<()> {
        require!(self.open_proposal.is_none(), PayoutsError::StakeHasProposal);
        require!(self.weight(slot)? >= least.max(1), PayoutsError::StakeBelowThreshold);
        self.open_proposal = Some(number);
        self.lock(end);
        Ok(())
    }

    /// Notes that the vote on its proposal is concluded or cancelled.
    pub fn release(&mut self) {
        self.open_proposal = None;
    }
}

/// PDA `["vote", proposal u64, owner]`: that a stake has voted.
#[account]
#[derive(InitSpace, Debug)]
pub struct VoteRecord {
    /// Layout version, 1; 0 in an account just created.
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
    /// Who paid the rent.
    pub rent_payer: Pubkey,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Start;

    fn stake(amount: u64, slot: u64) -> VoterStake {
        let mut stake = VoterStake::new(0, 0, Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        stake.deposit(amount, slot).unwrap();
        stake
    }

    fn end(seconds: i64) -> Deadline {
        Deadline::after(&Start::default(), seconds)
    }

    #[test]
    fn a_top_up_begins_anew() {
        let mut stake = stake(10, 5);
        assert_eq!(stake.deposit(0, 6), Err(PayoutsError::ZeroAmount.into()));
        assert_eq!(stake.weight(5), Err(PayoutsError::StakeTooRecent.into()));
        assert_eq!(stake.weight(6), Ok(10));
        stake.deposit(1, 6).unwrap();
        assert_eq!(stake.weight(6), Err(PayoutsError::StakeTooRecent.into()));
        assert_eq!(stake.weight(7), Ok(11));
        assert_eq!(stake.deposit(u64::MAX, 7), Err(PayoutsError::ArithmeticOverflow.into()));
    }

    #[test]
    fn a_locked_stake_stays() {
        let (mut stake, pause) = (stake(10, 5), Pause::default());
        stake.lock(end(100));
        stake.lock(end(50));
        assert_eq!(stake.withdraw(1, &pause, 99), Err(PayoutsError::StakeLocked.into()));
        assert_eq!(stake.withdraw(0, &pause, 100), Err(PayoutsError::ZeroAmount.into()));
        assert_eq!(stake.withdraw(11, &pause, 100), Err(PayoutsError::StakeExceeded.into()));
        stake.withdraw(4, &pause, 100).unwrap();
        assert_eq!((stake.amount, stake.since_slot), (6, 5));
    }

    #[test]
    fn one_proposal_at_a_time_with_enough_stake_from_an_earlier_slot() {
        let (mut stake, pause) = (stake(10, 5), Pause::default());
        assert_eq!(stake.propose(0, 1, 5, end(9)), Err(PayoutsError::StakeTooRecent.into()));
        assert_eq!(stake.propose(0, 11, 6, end(9)), Err(PayoutsError::StakeBelowThreshold.into()));
        stake.propose(0, 10, 6, end(9)).unwrap();
        assert_eq!(stake.propose(1, 10, 6, end(9)), Err(PayoutsError::StakeHasProposal.into()));
        assert_eq!(stake.withdraw(1, &pause, 9), Err(PayoutsError::ProposalOpen.into()));
        stake.release();
        assert_eq!(stake.withdraw(1, &pause, 8), Err(PayoutsError::StakeLocked.into()));
        stake.withdraw(10, &pause, 9).unwrap();
        assert_eq!(stake.propose(1, 0, 6, end(9)), Err(PayoutsError::StakeBelowThreshold.into()));
    }
}
