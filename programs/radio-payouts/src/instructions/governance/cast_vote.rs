//! Votes on a proposal with a whole stake, once; the stake is locked until the end of the vote.
//!
//! Allowed while paused.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::VoteCast;
use crate::seeds;
use crate::state::{ACCOUNT_VERSION, Config, Proposal, VoteChoice, VoteRecord, VoterStake};

#[derive(Accounts)]
pub struct CastVote<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    pub owner: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::VOTER, owner.key.as_ref()], bump = stake.bump)]
    pub stake: Box<Account<'info, VoterStake>>,
    #[account(mut, seeds = [seeds::PROPOSAL, &proposal.number.to_le_bytes()], bump = proposal.bump)]
    pub proposal: Box<Account<'info, Proposal>>,
    // An account already there is a vote already cast: `version` tells it from one just created.
    #[account(
        init_if_needed,
        payer = payer,
        space = 8 + VoteRecord::INIT_SPACE,
        seeds = [seeds::VOTE, &proposal.number.to_le_bytes(), owner.key.as_ref()],
        bump
    )]
    pub vote: Box<Account<'info, VoteRecord>>,
    pub system_program: Program<'info, System>,
}

impl CastVote<'_> {
    fn validate(&self) -> Result<()> {
        require!(self.vote.version == 0, PayoutsError::AlreadyVoted);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, choice: VoteChoice) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate()?;
        let (stake, proposal) = (&mut accounts.stake, &mut accounts.proposal);
        let (old, owner) = (proposal.tally, accounts.owner.key());
        let amount = stake.weight(proposal.created_slot)?;
        proposal.count(choice, amount, &accounts.config.pause, now)?;
        stake.lock(proposal.voting_ends());
        accounts.vote.set_inner(VoteRecord {
            version: ACCOUNT_VERSION,
            bump: ctx.bumps.vote,
            proposal: proposal.number,
            owner,
            amount,
            choice,
            rent_payer: accounts.payer.key(),
            reserved_space: [0; 32],
        });
        emit!(VoteCast { proposal: proposal.number, owner, choice, amount, old, new: proposal.tally });
        Ok(())
    }
}
