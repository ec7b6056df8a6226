//! Replaces a settler's key, at once. The new key signs too, so nobody can register another's.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::SettlerKeyReplaced;
use crate::seeds;
use crate::state::{Config, Settler};

#[derive(Accounts)]
pub struct ReplaceSettlerKey<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(constraint = settler.operator == operator.key() @ PayoutsError::NotOperator)]
    pub operator: Signer<'info>,
    pub new_key: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::SETTLER, settler.key.as_ref()], bump = settler.bump)]
    pub settler: Box<Account<'info, Settler>>,
    #[account(
        init,
        payer = payer,
        space = 8 + Settler::INIT_SPACE,
        seeds = [seeds::SETTLER, new_key.key.as_ref()],
        bump
    )]
    pub new_settler: Box<Account<'info, Settler>>,
    pub system_program: Program<'info, System>,
}

impl ReplaceSettlerKey<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let (old, new) = (accounts.settler.key, accounts.new_key.key());
        let successor = accounts.settler.replace_key(ctx.bumps.new_settler, new, now)?;
        accounts.new_settler.set_inner(successor);
        let config = &mut accounts.config;
        config.settler_count = config.settler_count.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        let registry_version = config.bump_registry()?;
        emit!(SettlerKeyReplaced { old, new, registry_version });
        Ok(())
    }
}
