//! Makes a posted epoch final: its challenge window (in unpaused seconds) is over and its parent is final with the same
//! commitment. Anyone.

use anchor_lang::prelude::*;

use crate::event::EpochStatusChanged;
use crate::seeds;
use crate::state::{Config, Epoch};

#[derive(Accounts)]
pub struct FinalizeEpoch<'info> {
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    /// The parent, unless the epoch is the first of the chain.
    pub parent: Option<Box<Account<'info, Epoch>>>,
}

impl FinalizeEpoch<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)?;
        self.config.chain.check_not_orphaned(self.epoch.epoch)
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let old = accounts.epoch.status;
        let parent = accounts.parent.as_ref().map(|account| &***account);
        accounts.epoch.finalize(parent, &accounts.config.pause, now)?;
        let Epoch { epoch, attempt, commitment, status: new, .. } = **accounts.epoch;
        emit!(EpochStatusChanged { epoch, attempt, commitment, old, new });
        Ok(())
    }
}
