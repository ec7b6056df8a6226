//! Cancels a mandate. What was ratified under it stays ratified.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::MandateCancelled;
use crate::seeds;
use crate::state::{Config, Mandate};

#[derive(Accounts)]
#[instruction(number: u64)]
pub struct CancelMandate<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::MANDATE, &number.to_le_bytes()], bump = mandate.bump)]
    pub mandate: Box<Account<'info, Mandate>>,
}

impl CancelMandate<'_> {
    pub fn handle(ctx: Context<Self>, number: u64) -> Result<()> {
        let mandate = &mut ctx.accounts.mandate;
        mandate.cancel()?;
        emit!(MandateCancelled { number, spent: mandate.spent, left: mandate.left() });
        Ok(())
    }
}
