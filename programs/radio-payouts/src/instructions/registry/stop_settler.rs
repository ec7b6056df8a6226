//! Stops a settler at once and for good, unless fewer active settlers than the threshold would remain.
//!
//! Allowed while paused: it only ever takes away.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::SettlerStopped;
use crate::seeds;
use crate::state::{Config, Settler};

#[derive(Accounts)]
pub struct StopSettler<'info> {
    #[account(
        constraint = settler.operator == signer.key() || config.may_pause(signer.key)
            @ PayoutsError::NotOperatorOrAuthority
    )]
    pub signer: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::SETTLER, settler.key.as_ref()], bump = settler.bump)]
    pub settler: Box<Account<'info, Settler>>,
}

impl StopSettler<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let (config, settler) = (&mut ctx.accounts.config, &mut ctx.accounts.settler);
        settler.stop(now)?;
        config.remove_settler()?;
        let registry_version = config.bump_registry()?;
        emit!(SettlerStopped {
            key: settler.key,
            by: ctx.accounts.signer.key(),
            active_settlers: config.active_settlers,
            registry_version,
        });
        Ok(())
    }
}
