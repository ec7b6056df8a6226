//! Registers an SFU. Its terms never change: other terms are another key.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::SfuRegistered;
use crate::seeds;
use crate::state::{Config, Sfu, SfuTerms};

#[derive(Accounts)]
#[instruction(terms: SfuTerms)]
pub struct RegisterSfu<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(init, payer = payer, space = 8 + Sfu::INIT_SPACE, seeds = [seeds::SFU, &terms.key], bump)]
    pub sfu: Box<Account<'info, Sfu>>,
    pub system_program: Program<'info, System>,
}

impl RegisterSfu<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)
    }

    pub fn handle(ctx: Context<Self>, terms: SfuTerms) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let config = &mut accounts.config;
        let valid_from = config.valid_from(terms.valid_from, now)?;
        accounts.sfu.set_inner(Sfu::register(ctx.bumps.sfu, &terms, valid_from)?);
        config.add_sfu()?;
        let registry_version = config.bump_registry()?;
        emit!(SfuRegistered {
            key: terms.key,
            operator: terms.operator,
            demo: terms.demo,
            valid_from,
            max_bytes_per_epoch: terms.max_bytes_per_epoch,
            registry_version,
        });
        Ok(())
    }
}
