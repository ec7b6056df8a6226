//! Ends the pause before it lapses.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::PauseChanged;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct ResumeProgram<'info> {
    #[account(constraint = config.may_pause(signer.key) @ PayoutsError::NotPauseKey)]
    pub signer: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl ResumeProgram<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let pause = &mut ctx.accounts.config.pause;
        let old = *pause;
        pause.resume(now)?;
        emit!(PauseChanged { old, new: *pause, by: ctx.accounts.signer.key() });
        Ok(())
    }
}
