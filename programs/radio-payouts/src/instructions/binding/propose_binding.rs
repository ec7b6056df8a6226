//! Proposes a payee for a DID that has none of its own.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::BindingProposed;
use crate::seeds;
use crate::state::{Config, PayeeBinding, Proposer};

#[derive(Accounts)]
#[instruction(did_hash: [u8; 32])]
pub struct ProposeBinding<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// A registrar, or the payee in force.
    pub proposer: Signer<'info>,
    /// Beside a registrar, for a change that the old payee does not sign.
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Option<Signer<'info>>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    // An account already there is never reset: `version` tells it from one just created.
    #[account(
        init_if_needed,
        payer = payer,
        space = 8 + PayeeBinding::INIT_SPACE,
        seeds = [seeds::PAYEE, &did_hash],
        bump
    )]
    pub binding: Box<Account<'info, PayeeBinding>>,
    pub system_program: Program<'info, System>,
}

impl ProposeBinding<'_> {
    fn validate(&self, now: i64) -> Result<()> {
        self.config.pause.require_running(now)
    }

    pub fn handle(ctx: Context<Self>, did_hash: [u8; 32], payee: Pubkey) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(now)?;
        let (config, binding) = (&accounts.config, &mut accounts.binding);
        if binding.version == 0 {
            binding.set_inner(PayeeBinding::new(ctx.bumps.binding, did_hash));
        }
        let key = accounts.proposer.key();
        let is_registrar = config.registrars.contains(&key);
        let proposer = Proposer { key, is_registrar, with_authority: accounts.authority.is_some() };
        let old = binding.payee_at(&config.pause, now);
        binding.propose(payee, &proposer, &config.pause, now)?;
        emit!(BindingProposed { did_hash, old, new: payee, proposer: key });
        Ok(())
    }
}
