//! Withdraws a final root. Everything after it is orphaned, and nothing can be posted until `revoke_orphan` has taken
//! the chain back to the parent. The commitment says which root is meant: one posted since is not touched.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::EpochStatusChanged;
use crate::seeds;
use crate::state::{Config, Epoch};

#[derive(Accounts)]
pub struct RejectEpoch<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
}

impl RejectEpoch<'_> {
    fn validate(&self, commitment: &[u8; 32]) -> Result<()> {
        require!(self.epoch.commitment == *commitment, PayoutsError::RootHasChanged);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, commitment: [u8; 32]) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(&commitment)?;
        let old = accounts.epoch.status;
        accounts.epoch.reject()?;
        let Epoch { epoch, attempt, status: new, .. } = **accounts.epoch;
        accounts.config.chain.revoke(epoch)?;
        emit!(EpochStatusChanged { epoch, attempt, commitment, old, new });
        Ok(())
    }
}
