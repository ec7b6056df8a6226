//! Ends a dispute that nobody resolved in `dispute_seconds` of unpaused time. Anyone.
//!
//! The root stands and may become final, but is contested: no mandate ratifies it. `release_bond` then gives the bond back.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::{DisputeClosed, EpochStatusChanged};
use crate::seeds;
use crate::state::{Config, Dispute, DisputeOutcome, Epoch};

#[derive(Accounts)]
pub struct LapseDispute<'info> {
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &dispute.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        mut,
        seeds = [seeds::DISPUTE, &dispute.epoch.to_le_bytes(), &dispute.attempt.to_le_bytes()],
        bump = dispute.bump
    )]
    pub dispute: Box<Account<'info, Dispute>>,
}

impl LapseDispute<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        let (config, epoch, dispute) = (&self.config, &self.epoch, &self.dispute);
        require!(dispute.outcome == DisputeOutcome::Open, PayoutsError::DisputeEnded);
        epoch.check_disputed(dispute.attempt)?;
        config.chain.check_not_orphaned(epoch.epoch)?;
        require!(dispute.is_overdue(epoch, &config.pause, now), PayoutsError::DisputeTimeLeft);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let (epoch, dispute) = (&mut accounts.epoch, &mut accounts.dispute);
        let (old, old_outcome) = (epoch.status, dispute.outcome);
        epoch.stand(true)?;
        dispute.end(DisputeOutcome::Lapsed)?;
        let Epoch { epoch: number, attempt, commitment, status: new, .. } = ***epoch;
        emit!(DisputeClosed { epoch: number, attempt, old: old_outcome, new: dispute.outcome, by: None });
        emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
        Ok(())
    }
}
