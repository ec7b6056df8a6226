//! Takes a proposal back during its vote. Signed by who made it.
//!
//! Stake that voted, and the proposer's, stays locked until the vote would have ended: proposing and cancelling in turn
//! gains nothing.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::ProposalStatusChanged;
use crate::seeds;
use crate::state::{Config, Proposal, VoterStake};

#[derive(Accounts)]
pub struct CancelProposal<'info> {
    #[account(constraint = proposal.proposer == proposer.key() @ PayoutsError::NotProposer)]
    pub proposer: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::PROPOSAL, &proposal.number.to_le_bytes()], bump = proposal.bump)]
    pub proposal: Box<Account<'info, Proposal>>,
    #[account(mut, seeds = [seeds::VOTER, proposal.proposer.as_ref()], bump = stake.bump)]
    pub stake: Box<Account<'info, VoterStake>>,
}

impl CancelProposal<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let proposal = &mut accounts.proposal;
        let old = proposal.status;
        proposal.cancel(&accounts.config.pause, now)?;
        accounts.stake.release();
        let Proposal { number, status: new, tally, .. } = ***proposal;
        emit!(ProposalStatusChanged { number, old, new, tally, quorum: proposal.quorum() });
        Ok(())
    }
}
