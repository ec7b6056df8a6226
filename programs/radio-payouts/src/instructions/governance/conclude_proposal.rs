//! Says after the end of a vote whether the proposal is accepted, and releases the stake that made it. Anyone.

use anchor_lang::prelude::*;

use crate::event::ProposalStatusChanged;
use crate::seeds;
use crate::state::{Config, Proposal, VoterStake};

#[derive(Accounts)]
pub struct ConcludeProposal<'info> {
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::PROPOSAL, &proposal.number.to_le_bytes()], bump = proposal.bump)]
    pub proposal: Box<Account<'info, Proposal>>,
    /// The stake that made it; it cannot be withdrawn, and so not closed, before this.
    #[account(mut, seeds = [seeds::VOTER, proposal.proposer.as_ref()], bump = stake.bump)]
    pub stake: Box<Account<'info, VoterStake>>,
}

impl ConcludeProposal<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let proposal = &mut accounts.proposal;
        let old = proposal.status;
        proposal.conclude(&accounts.config.pause, now)?;
        accounts.stake.release();
        let Proposal { number, status: new, tally, .. } = ***proposal;
        emit!(ProposalStatusChanged { number, old, new, tally, quorum: proposal.quorum() });
        Ok(())
    }
}
