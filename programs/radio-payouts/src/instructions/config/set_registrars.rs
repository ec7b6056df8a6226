//! Names the registrars: who may propose payees for DIDs that have none of their own.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::RegistrarsChanged;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct SetRegistrars<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl SetRegistrars<'_> {
    pub fn handle(ctx: Context<Self>, registrars: Vec<Pubkey>) -> Result<()> {
        let config = &mut ctx.accounts.config;
        let old = config.registrars.clone();
        config.set_registrars(registrars)?;
        emit!(RegistrarsChanged { old, new: config.registrars.clone() });
        Ok(())
    }
}
