//! Ratifies a final Live epoch under a mandate: its sum is reserved and its shares may be claimed. Anyone.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::TokenAccount;

use crate::error::PayoutsError;
use crate::event::{EpochRatified, EpochStatusChanged};
use crate::seeds;
use crate::state::{Config, Epoch, Mandate, Start};

#[derive(Accounts)]
pub struct RatifyEpoch<'info> {
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(mut, seeds = [seeds::MANDATE, &mandate.number.to_le_bytes()], bump = mandate.bump)]
    pub mandate: Box<Account<'info, Mandate>>,
    #[account(address = config.vault @ PayoutsError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl RatifyEpoch<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        let config = &self.config;
        config.pause.require_running(now)?;
        self.epoch.check_ratifiable(&config.chain)?;
        self.mandate.check_covers(&self.epoch, &config.chain, &config.pause, now)
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let mandate = &mut accounts.mandate;
        mandate.spend(accounts.epoch.payouts_sum)?;
        ratify(&mut accounts.config, &mut accounts.epoch, Some(mandate.number), accounts.vault.amount, now)
    }
}

/// What both ways of ratifying do once the epoch may be ratified.
pub(super) fn ratify(config: &mut Config, epoch: &mut Epoch, mandate: Option<u64>, vault: u64, now: i64) -> Result<()> {
    let (old, old_reserved) = (epoch.status, config.reserved);
    let old_ratified_through = config.chain.ratified_through;
    let sum = epoch.ratify(&config.chain, Start::now(now, &config.pause))?;
    config.reserve(sum, vault)?;
    config.chain.ratify(epoch.epoch)?;
    let Epoch { epoch: number, attempt, commitment, status: new, .. } = *epoch;
    emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
    emit!(EpochRatified {
        epoch: number,
        commitment,
        mandate,
        sum,
        old_reserved,
        new_reserved: config.reserved,
        old_ratified_through,
        new_ratified_through: config.chain.ratified_through,
    });
    Ok(())
}
