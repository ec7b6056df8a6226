//! Ends an SFU with the running epoch; with a `stop_seq`, its batches from there on do not count, at once.
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
        sfu.stop(stop_seq, config.next_epoch(now)?)?;
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
