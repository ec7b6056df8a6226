//! Takes the head off the chain while it stands on a revoked epoch, or is that epoch: it is open again for another
//! attempt, and its parent is the head. Anyone, also while paused.

use anchor_lang::prelude::*;

use crate::event::{EpochStatusChanged, HeadRetreated};
use crate::seeds;
use crate::state::{Config, Epoch};

#[derive(Accounts)]
pub struct RevokeOrphan<'info> {
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
}

impl RevokeOrphan<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let (config, epoch) = (&mut ctx.accounts.config, &mut ctx.accounts.epoch);
        let (old, old_head) = (epoch.status, config.chain.head);
        // The chain refuses first: outside a revocation, and for any epoch but the head.
        let parent = epoch.parent();
        config.chain.retreat(epoch.epoch, parent)?;
        epoch.reopen()?;
        let Epoch { epoch: number, attempt, commitment, status: new, .. } = ***epoch;
        emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
        let orphaned_from = config.chain.orphaned_from;
        emit!(HeadRetreated { old: old_head, new: config.chain.head, orphaned_from });
        Ok(())
    }
}
