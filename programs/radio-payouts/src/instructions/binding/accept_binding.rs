//! The payee accepts a proposed binding; the delay begins.

use anchor_lang::prelude::*;

use crate::event::BindingAccepted;
use crate::seeds;
use crate::state::{Config, PayeeBinding};

#[derive(Accounts)]
pub struct AcceptBinding<'info> {
    pub payee: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::PAYEE, &binding.did_hash], bump = binding.bump)]
    pub binding: Box<Account<'info, PayeeBinding>>,
}

impl AcceptBinding<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let (config, binding) = (&accounts.config, &mut accounts.binding);
        let (new, delay_seconds) = (accounts.payee.key(), config.times.binding_delay_seconds);
        binding.accept(new, delay_seconds, &config.pause, now)?;
        emit!(BindingAccepted { did_hash: binding.did_hash, old: binding.payee, new, delay_seconds });
        Ok(())
    }
}
