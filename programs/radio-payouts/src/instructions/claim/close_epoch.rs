//! Ends the claims of a ratified epoch after its claim window and frees what nobody claimed. Anyone, also while paused.
//!
//! The Epoch account stays for good, so that nothing can be posted, proven or claimed for that number a second time.

use anchor_lang::prelude::*;

use crate::event::{EpochClosed, EpochStatusChanged};
use crate::seeds;
use crate::state::{Config, Epoch};

#[derive(Accounts)]
pub struct CloseEpoch<'info> {
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
}

impl CloseEpoch<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let (config, epoch) = (&mut ctx.accounts.config, &mut ctx.accounts.epoch);
        let (old, old_reserved) = (epoch.status, config.reserved);
        let released = epoch.end_claims(&config.pause, now)?;
        config.release(released)?;
        let Epoch { epoch: number, attempt, commitment, status: new, claimed, .. } = ***epoch;
        emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
        let new_reserved = config.reserved;
        emit!(EpochClosed { epoch: number, commitment, claimed, released, old_reserved, new_reserved });
        Ok(())
    }
}
