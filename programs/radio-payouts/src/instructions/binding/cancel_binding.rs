//! Authority or pause key cancels a binding that is not yet in force. Allowed while paused.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::BindingCancelled;
use crate::seeds;
use crate::state::{Config, PayeeBinding};

#[derive(Accounts)]
pub struct CancelBinding<'info> {
    #[account(constraint = config.may_pause(signer.key) @ PayoutsError::NotPauseKey)]
    pub signer: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::PAYEE, &binding.did_hash], bump = binding.bump)]
    pub binding: Box<Account<'info, PayeeBinding>>,
}

impl CancelBinding<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let (config, binding) = (&ctx.accounts.config, &mut ctx.accounts.binding);
        let cancelled = binding.cancel(&config.pause, now)?;
        emit!(BindingCancelled { did_hash: binding.did_hash, cancelled, by: ctx.accounts.signer.key() });
        Ok(())
    }
}
