//! Gives stake back that no vote holds. With the last base unit its accounts are closed and their rent goes back to who
//! paid it.
//!
//! Allowed while paused.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    CloseAccount, Mint, TokenAccount, TokenInterface, TransferChecked, close_account, transfer_checked,
};

use crate::error::PayoutsError;
use crate::event::StakeWithdrawn;
use crate::seeds;
use crate::state::{Config, VoterStake};

#[derive(Accounts)]
pub struct WithdrawStake<'info> {
    pub owner: Signer<'info>,
    /// CHECK: takes the rent back; it is who paid it.
    #[account(mut, address = stake.rent_payer @ PayoutsError::NotRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::VOTER, owner.key.as_ref()], bump = stake.bump)]
    pub stake: Box<Account<'info, VoterStake>>,
    #[account(mut, seeds = [seeds::STAKE, owner.key.as_ref()], bump = stake.tokens_bump)]
    pub stake_tokens: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, token::mint = mint, token::token_program = token_program)]
    pub destination: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = config.mint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(address = config.token_program)]
    pub token_program: Interface<'info, TokenInterface>,
}

impl<'info> WithdrawStake<'info> {
    /// Moves tokens out; with the last of the stake also what others sent to its account.
    fn transfer(&self, amount: u64, seeds: &[&[&[u8]]]) -> Result<()> {
        let amount = if self.stake.amount == 0 { self.stake_tokens.amount } else { amount };
        let transfer = TransferChecked {
            from: self.stake_tokens.to_account_info(),
            mint: self.mint.to_account_info(),
            to: self.destination.to_account_info(),
            authority: self.stake.to_account_info(),
        };
        let context = CpiContext::new_with_signer(self.token_program.key(), transfer, seeds);
        transfer_checked(context, amount, self.mint.decimals)
    }

    fn close(&self, seeds: &[&[&[u8]]]) -> Result<()> {
        let close = CloseAccount {
            account: self.stake_tokens.to_account_info(),
            destination: self.rent_payer.to_account_info(),
            authority: self.stake.to_account_info(),
        };
        close_account(CpiContext::new_with_signer(self.token_program.key(), close, seeds))?;
        self.stake.close(self.rent_payer.to_account_info())
    }

    pub fn handle(ctx: Context<'info, Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let (owner, old) = (accounts.owner.key(), accounts.stake.amount);
        accounts.stake.withdraw(amount, &accounts.config.pause, now)?;
        let seeds: &[&[u8]] = &[seeds::VOTER, owner.as_ref(), &[accounts.stake.bump]];
        accounts.transfer(amount, &[seeds])?;
        emit!(StakeWithdrawn { owner, old, new: accounts.stake.amount });
        if accounts.stake.amount == 0 {
            accounts.close(&[seeds])?;
        }
        Ok(())
    }
}
