//! Makes a mandate: epochs of a range may be ratified by anyone, within a budget, after a delay of at least 2 days.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::MandateMade;
use crate::seeds;
use crate::state::{Config, Mandate, MandateTerms};

#[derive(Accounts)]
pub struct MakeMandate<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(
        init,
        payer = payer,
        space = 8 + Mandate::INIT_SPACE,
        seeds = [seeds::MANDATE, &config.next_mandate.to_le_bytes()],
        bump
    )]
    pub mandate: Box<Account<'info, Mandate>>,
    pub system_program: Program<'info, System>,
}

impl MakeMandate<'_> {
    pub fn handle(ctx: Context<Self>, terms: MandateTerms) -> Result<()> {
        let (config, mandate) = (&mut ctx.accounts.config, &mut ctx.accounts.mandate);
        let number = config.take_mandate_number()?;
        mandate.set_inner(Mandate::make(ctx.bumps.mandate, number, terms)?);
        emit!(MandateMade { number, terms });
        Ok(())
    }
}
