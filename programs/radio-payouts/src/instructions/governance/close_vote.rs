//! Closes the record of a vote whose proposal takes no more votes; the rent goes back to who paid it. Signed by the same.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::VoteClosed;
use crate::seeds;
use crate::state::{Proposal, ProposalStatus, VoteRecord};

#[derive(Accounts)]
pub struct CloseVote<'info> {
    #[account(mut, address = vote.rent_payer @ PayoutsError::NotRentPayer)]
    pub rent_payer: Signer<'info>,
    /// CHECK: the vote's proposal, by its address; it may be closed already, and then it has ended.
    #[account(seeds = [seeds::PROPOSAL, &vote.proposal.to_le_bytes()], bump)]
    pub proposal: UncheckedAccount<'info>,
    #[account(
        mut,
        close = rent_payer,
        seeds = [seeds::VOTE, &vote.proposal.to_le_bytes(), vote.owner.as_ref()],
        bump = vote.bump
    )]
    pub vote: Box<Account<'info, VoteRecord>>,
}

impl CloseVote<'_> {
    fn validate(&self) -> Result<()> {
        if self.proposal.data_is_empty() {
            return Ok(());
        }
        let proposal = Proposal::try_deserialize(&mut self.proposal.try_borrow_data()?.as_ref())?;
        require!(proposal.status != ProposalStatus::Voting, PayoutsError::ProposalNotEnded);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        ctx.accounts.validate()?;
        let VoteRecord { proposal, owner, rent_payer, .. } = **ctx.accounts.vote;
        emit!(VoteClosed { proposal, owner, rent_payer });
        Ok(())
    }
}
