//! Switches `radio_payouts_demo`: whether Demo epochs may be posted.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::DemoFlagChanged;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct SetDemoFlag<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl SetDemoFlag<'_> {
    pub fn handle(ctx: Context<Self>, new: bool) -> Result<()> {
        let config = &mut ctx.accounts.config;
        let old = config.radio_payouts_demo;
        require!(new != old, PayoutsError::NothingChanges);
        config.radio_payouts_demo = new;
        emit!(DemoFlagChanged { old, new });
        Ok(())
    }
}
