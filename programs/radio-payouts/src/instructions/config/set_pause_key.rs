//! Names another pause key.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::PauseKeyChanged;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct SetPauseKey<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl SetPauseKey<'_> {
    pub fn handle(ctx: Context<Self>, new: Pubkey) -> Result<()> {
        let config = &mut ctx.accounts.config;
        let old = config.pause_key;
        config.check_pause_key(&new)?;
        config.pause_key = new;
        emit!(PauseKeyChanged { old, new });
        Ok(())
    }
}
