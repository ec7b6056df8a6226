//! Locks tokens as stake. Any deposit begins anew: the whole stake counts only for proposals made in later slots.
//!
//! The owner signs, for a deposit by another would take its votes away. Allowed while paused.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface, TransferChecked, transfer_checked};

use crate::error::PayoutsError;
use crate::event::StakeDeposited;
use crate::seeds;
use crate::state::{Config, VoterStake};

#[derive(Accounts)]
pub struct DepositStake<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    pub owner: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    // An account already there is never reset: `version` tells it from one just created.
    #[account(
        init_if_needed,
        payer = payer,
        space = 8 + VoterStake::INIT_SPACE,
        seeds = [seeds::VOTER, owner.key.as_ref()],
        bump
    )]
    pub stake: Box<Account<'info, VoterStake>>,
    #[account(
        init_if_needed,
        payer = payer,
        seeds = [seeds::STAKE, owner.key.as_ref()],
        bump,
        token::mint = mint,
        token::authority = stake,
        token::token_program = token_program
    )]
    pub stake_tokens: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::token_program = token_program)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = config.mint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(address = config.token_program)]
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl DepositStake<'_> {
    fn validate(&self, amount: u64) -> Result<()> {
        require!(amount <= self.source.amount, PayoutsError::NotEnoughTokens);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, amount: u64) -> Result<()> {
        let slot = Clock::get()?.slot;
        let accounts = ctx.accounts;
        accounts.validate(amount)?;
        let (owner, payer) = (accounts.owner.key(), accounts.payer.key());
        let stake = &mut accounts.stake;
        if stake.version == 0 {
            stake.set_inner(VoterStake::new(ctx.bumps.stake, ctx.bumps.stake_tokens, owner, payer));
        }
        let old = stake.amount;
        stake.deposit(amount, slot)?;
        let transfer = TransferChecked {
            from: accounts.source.to_account_info(),
            mint: accounts.mint.to_account_info(),
            to: accounts.stake_tokens.to_account_info(),
            authority: accounts.owner.to_account_info(),
        };
        let token_program = accounts.token_program.key();
        transfer_checked(CpiContext::new(token_program, transfer), amount, accounts.mint.decimals)?;
        emit!(StakeDeposited { owner, old, new: stake.amount, since_slot: stake.since_slot });
        Ok(())
    }
}
