//! Disproves a root that has two leaves for one DID. Anyone, at once, without a vote and never paused.
//!
//! The commitment is refused for ever. If it is the root in force it is revoked, everything after it is orphaned, and
//! `revoke_orphan` takes the chain back. A root that has left the chain for another reason (a vote, an ancestor) might be
//! posted again, so it is banned as well.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::{DuplicateShareProven, EpochStatusChanged};
use crate::seeds;
use crate::state::{Candidate, Config, Epoch, ShareRecord};

#[derive(Accounts)]
pub struct ProveDuplicateShare<'info> {
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    /// The candidate that is disproven.
    #[account(mut, constraint = candidate.epoch == epoch.epoch @ PayoutsError::WrongCandidate)]
    pub candidate: Box<Account<'info, Candidate>>,
    pub first: Box<Account<'info, ShareRecord>>,
    pub second: Box<Account<'info, ShareRecord>>,
}

impl ProveDuplicateShare<'_> {
    fn validate(&self) -> Result<()> {
        self.first.check_duplicate(&self.second, self.candidate.epoch, &self.candidate.commitment)
    }

    /// Revokes the root if it is this one and still on the chain. Returns whether it was.
    fn revoke(&mut self) -> Result<bool> {
        let (config, epoch) = (&mut self.config, &mut self.epoch);
        let in_force = epoch.status.has_root() && epoch.commitment == self.candidate.commitment;
        if !in_force || config.chain.is_orphaned(epoch.epoch) {
            return Ok(false);
        }
        let old = epoch.status;
        epoch.revoke()?;
        config.chain.revoke(epoch.epoch)?;
        let Epoch { epoch: number, attempt, commitment, status: new, .. } = ***epoch;
        emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
        Ok(true)
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate()?;
        accounts.candidate.ban()?;
        let revoked = accounts.revoke()?;
        let ShareRecord { epoch, commitment, did_hash, index: first_index, .. } = **accounts.first;
        let second_index = accounts.second.index;
        emit!(DuplicateShareProven { epoch, commitment, did_hash, first_index, second_index, revoked });
        Ok(())
    }
}
