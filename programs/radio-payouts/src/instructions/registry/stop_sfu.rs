//! Ends an SFU with the running epoch; with a `stop_seq`, its batches from there on do not count, at once.
//!
//! The operator lowers `stop_seq` once an epoch, or to half of it; authority and pause key are not bound by that.
//!
//! Allowed while paused: it only ever takes away.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::SfuStopped;
use crate::seeds;
use crate::state::{Config, Sfu};

#[derive(Accounts)]
pub struct StopSfu<'info> {
    #[account(
        constraint = sfu.operator == signer.key() || config.may_pause(signer.key) @ PayoutsError::NotOperatorOrAuthority
    )]
    pub signer: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::SFU, &sfu.key], bump = sfu.bump)]
    pub sfu: Box<Account<'info, Sfu>>,
}

impl StopSfu<'_> {
    pub fn handle(ctx: Context<Self>, stop_seq: Option<u64>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let (config, sfu) = (&mut ctx.accounts.config, &mut ctx.accounts.sfu);
        let (old_valid_until, old_stop_seq) = (sfu.valid_until, sfu.stop_seq);
        let bound = !config.may_pause(ctx.accounts.signer.key);
        sfu.stop(stop_seq, config.next_epoch(now)?, bound)?;
        let registry_version = config.bump_registry()?;
        emit!(SfuStopped {
            key: sfu.key,
            old_valid_until,
            new_valid_until: sfu.valid_until,
            old_stop_seq,
            new_stop_seq: sfu.stop_seq,
            registry_version,
        });
        Ok(())
    }
}
