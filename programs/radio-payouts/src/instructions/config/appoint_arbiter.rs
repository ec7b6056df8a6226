//! Appoints an arbiter, who resolves disputes beside the authority, or dismisses the one there is.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::ArbiterAppointed;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct AppointArbiter<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl AppointArbiter<'_> {
    pub fn handle(ctx: Context<Self>, new: Option<Pubkey>) -> Result<()> {
        let config = &mut ctx.accounts.config;
        let old = config.arbiter;
        config.appoint_arbiter(new)?;
        emit!(ArbiterAppointed { old, new });
        Ok(())
    }
}
