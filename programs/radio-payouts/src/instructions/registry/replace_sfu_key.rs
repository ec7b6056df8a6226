//! Replaces an SFU's key from the next epoch on, under the same terms. The key must be valid already.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::SfuKeyReplaced;
use crate::seeds;
use crate::state::{Config, Sfu};

#[derive(Accounts)]
#[instruction(new_key: [u8; 32])]
pub struct ReplaceSfuKey<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(constraint = sfu.operator == operator.key() @ PayoutsError::NotOperator)]
    pub operator: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::SFU, &sfu.key], bump = sfu.bump)]
    pub sfu: Box<Account<'info, Sfu>>,
    #[account(init, payer = payer, space = 8 + Sfu::INIT_SPACE, seeds = [seeds::SFU, &new_key], bump)]
    pub new_sfu: Box<Account<'info, Sfu>>,
    pub system_program: Program<'info, System>,
}

impl ReplaceSfuKey<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)
    }

    pub fn handle(ctx: Context<Self>, new: [u8; 32]) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let config = &mut accounts.config;
        let successor = accounts.sfu.replace_key(ctx.bumps.new_sfu, new, config.next_epoch(now)?)?;
        config.add_sfu()?;
        let registry_version = config.bump_registry()?;
        let valid_from = successor.valid_from;
        accounts.new_sfu.set_inner(successor);
        emit!(SfuKeyReplaced { old: accounts.sfu.key, new, valid_from, registry_version });
        Ok(())
    }
}
