//! Pays from what belongs to nobody yet: the treasury account first, then what the vault holds beyond `reserved`.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use super::pay::pay;
use crate::error::PayoutsError;
use crate::event::TreasuryTransferred;
use crate::seeds;
use crate::state::{Config, TransferParts};

#[derive(Accounts)]
pub struct TransferTreasury<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(address = config.mint @ PayoutsError::WrongMint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(mut, address = config.vault @ PayoutsError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, address = config.treasury @ PayoutsError::WrongTreasury)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The token account paid; the vault too, to fund shares out of forfeited bonds.
    #[account(
        mut,
        dup,
        constraint = *to.to_account_info().owner == config.token_program @ PayoutsError::WrongTokenProgram,
        constraint = to.mint == config.mint @ PayoutsError::WrongMint
    )]
    pub to: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = config.token_program @ PayoutsError::WrongTokenProgram)]
    pub token_program: Interface<'info, TokenInterface>,
}

impl TransferTreasury<'_> {
    fn validate(&self, amount: u64, now: i64) -> Result<TransferParts> {
        self.config.pause.require_running(now)?;
        let parts = self.config.split_transfer(amount, self.treasury.amount, self.vault.amount)?;
        for (part, from) in [(parts.from_treasury, &self.treasury), (parts.from_vault, &self.vault)] {
            require!(part == 0 || from.key() != self.to.key(), PayoutsError::TransferToItself);
        }
        Ok(parts)
    }

    pub fn handle(ctx: Context<Self>, amount: u64) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let TransferParts { from_treasury, from_vault } = accounts.validate(amount, now)?;
        let (old_treasury, old_vault) = (accounts.treasury.amount, accounts.vault.amount);
        let program = accounts.token_program.to_account_info();
        for (part, from) in [(from_treasury, &accounts.treasury), (from_vault, &accounts.vault)] {
            if part > 0 {
                pay(&accounts.config, &program, &accounts.mint, from, &accounts.to, part)?;
            }
        }
        accounts.treasury.reload()?;
        accounts.vault.reload()?;
        emit!(TreasuryTransferred {
            to: accounts.to.key(),
            amount,
            old_treasury,
            new_treasury: accounts.treasury.amount,
            old_vault,
            new_vault: accounts.vault.amount,
            reserved: accounts.config.reserved,
        });
        Ok(())
    }
}
