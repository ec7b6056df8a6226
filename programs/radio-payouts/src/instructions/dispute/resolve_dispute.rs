//! Decides a dispute, before its time is over. Signed by authority or arbiter; the arguments bind a decision to one
//! attempt of one epoch.
//!
//! Upheld: the root is withdrawn, everything after it is orphaned, and `revoke_orphan` takes the chain back to its parent.
//! Rejected: the root is posted as before. `release_bond` then moves the bond.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::{DisputeClosed, EpochStatusChanged};
use crate::seeds;
use crate::state::{Config, Dispute, DisputeOutcome, Epoch};

#[derive(Accounts)]
#[instruction(number: u64, attempt: u32)]
pub struct ResolveDispute<'info> {
    /// Authority or arbiter.
    #[account(constraint = config.may_resolve(signer.key) @ PayoutsError::NotAuthorityOrArbiter)]
    pub signer: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &number.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        mut,
        seeds = [seeds::DISPUTE, &number.to_le_bytes(), &attempt.to_le_bytes()],
        bump = dispute.bump
    )]
    pub dispute: Box<Account<'info, Dispute>>,
}

impl ResolveDispute<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        let (config, epoch, dispute) = (&self.config, &self.epoch, &self.dispute);
        require!(dispute.outcome == DisputeOutcome::Open, PayoutsError::DisputeEnded);
        epoch.check_disputed(dispute.attempt)?;
        config.chain.check_not_orphaned(epoch.epoch)?;
        require!(!dispute.is_overdue(epoch, &config.pause, now), PayoutsError::DisputeOverdue);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, _number: u64, _attempt: u32, upheld: bool) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let (epoch, dispute) = (&mut accounts.epoch, &mut accounts.dispute);
        let (old, old_outcome) = (epoch.status, dispute.outcome);
        if upheld {
            epoch.revoke()?;
            accounts.config.chain.revoke(epoch.epoch)?;
            dispute.end(DisputeOutcome::Upheld)?;
        } else {
            epoch.stand(false)?;
            dispute.end(DisputeOutcome::Rejected)?;
        }
        let Epoch { epoch: number, attempt, commitment, status: new, .. } = ***epoch;
        let by = Some(accounts.signer.key());
        emit!(DisputeClosed { epoch: number, attempt, old: old_outcome, new: dispute.outcome, by });
        emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
        Ok(())
    }
}
