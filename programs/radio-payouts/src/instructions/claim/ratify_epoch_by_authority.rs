//! Ratifies one final Live epoch by the authority's own decision, without mandate or delay; a contested one too.
//!
//! The commitment that was decided on is an argument, and it covers the epoch's number: what voters looked at is what is
//! ratified, or nothing.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::TokenAccount;

use super::ratify_epoch::ratify;
use crate::error::PayoutsError;
use crate::seeds;
use crate::state::{Config, Epoch};

#[derive(Accounts)]
pub struct RatifyEpochByAuthority<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(address = config.vault @ PayoutsError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl RatifyEpochByAuthority<'_> {
    fn validate(&self, commitment: [u8; 32], now: i64) -> Result<()> {
        self.config.pause.require_running(now)?;
        self.epoch.check_ratifiable(&self.config.chain)?;
        require!(self.epoch.commitment == commitment, PayoutsError::RootHasChanged);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, commitment: [u8; 32]) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(commitment, now)?;
        ratify(&mut accounts.config, &mut accounts.epoch, None, accounts.vault.amount, now)
    }
}
