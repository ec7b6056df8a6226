//! Registers a settler.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::SettlerRegistered;
use crate::seeds;
use crate::state::{Config, Settler};

/// A settler to be.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct RegisterSettlerArgs {
    /// The address that will sign posts.
    pub key: Pubkey,
    /// Who may replace the key or stop the settler.
    pub operator: Pubkey,
    /// The earliest epoch wanted; see `Config::valid_from`.
    pub valid_from: u64,
}

#[derive(Accounts)]
#[instruction(args: RegisterSettlerArgs)]
pub struct RegisterSettler<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(init, payer = payer, space = 8 + Settler::INIT_SPACE, seeds = [seeds::SETTLER, args.key.as_ref()], bump)]
    pub settler: Box<Account<'info, Settler>>,
    pub system_program: Program<'info, System>,
}

impl RegisterSettler<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)
    }

    pub fn handle(ctx: Context<Self>, args: RegisterSettlerArgs) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let config = &mut accounts.config;
        let valid_from = config.valid_from(args.valid_from, now)?;
        accounts.settler.set_inner(Settler::register(ctx.bumps.settler, args.key, args.operator, valid_from)?);
        config.add_settler()?;
        let registry_version = config.bump_registry()?;
        emit!(SettlerRegistered {
            key: args.key,
            operator: args.operator,
            valid_from,
            active_settlers: config.active_settlers,
            registry_version,
        });
        Ok(())
    }
}
