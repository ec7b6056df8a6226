//! Closes a proposal that has ended; the rent goes back to who paid it. Signed by the same. Its number is never used again.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::ProposalClosed;
use crate::seeds;
use crate::state::Proposal;

#[derive(Accounts)]
pub struct CloseProposal<'info> {
    #[account(mut, address = proposal.rent_payer @ PayoutsError::NotRentPayer)]
    pub rent_payer: Signer<'info>,
    #[account(
        mut,
        close = rent_payer,
        seeds = [seeds::PROPOSAL, &proposal.number.to_le_bytes()],
        bump = proposal.bump
    )]
    pub proposal: Box<Account<'info, Proposal>>,
}

impl CloseProposal<'_> {
    fn validate(&self) -> Result<()> {
        require!(self.proposal.status.has_ended(), PayoutsError::ProposalNotEnded);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        ctx.accounts.validate()?;
        let Proposal { number, status, rent_payer, .. } = **ctx.accounts.proposal;
        emit!(ProposalClosed { number, status, rent_payer });
        Ok(())
    }
}
