//! Ends an accepted proposal that nobody executed in time. Anyone.

use anchor_lang::prelude::*;

use crate::event::ProposalStatusChanged;
use crate::seeds;
use crate::state::{Config, Proposal};

#[derive(Accounts)]
pub struct ExpireProposal<'info> {
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::PROPOSAL, &proposal.number.to_le_bytes()], bump = proposal.bump)]
    pub proposal: Box<Account<'info, Proposal>>,
}

impl ExpireProposal<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let (config, proposal) = (&ctx.accounts.config, &mut ctx.accounts.proposal);
        let old = proposal.status;
        proposal.expire(&config.pause, now)?;
        let Proposal { number, status: new, tally, .. } = ***proposal;
        emit!(ProposalStatusChanged { number, old, new, tally, quorum: proposal.quorum() });
        Ok(())
    }
}
