//! Proves that an SFU signed two different batches under one number: from that number on none of its batches count, at
//! once. Anyone, never paused. The signatures are in the instruction just before; see [`crate::evidence`].

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::EquivocationProven;
use crate::evidence::{self, Equivocation};
use crate::seeds;
use crate::state::{Config, Sfu};

#[derive(Accounts)]
pub struct ProveEquivocation<'info> {
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::SFU, &sfu.key], bump = sfu.bump)]
    pub sfu: Box<Account<'info, Sfu>>,
    /// CHECK: the address is compared.
    #[account(
        constraint = instructions.key() == solana_instructions_sysvar::ID @ PayoutsError::NotInstructionsSysvar
    )]
    pub instructions: UncheckedAccount<'info>,
}

impl ProveEquivocation<'_> {
    fn validate(&self) -> Result<Equivocation> {
        let equivocation = evidence::before(&self.instructions)?.equivocation(&self.config.domain)?;
        require!(equivocation.sfu_key == self.sfu.key, PayoutsError::WrongSfu);
        Ok(equivocation)
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let Equivocation { sfu_key: key, seq, first, second } = accounts.validate()?;
        let (config, sfu) = (&mut accounts.config, &mut accounts.sfu);
        let old_stop_seq = sfu.stop_seq;
        sfu.equivocated(seq, config.next_epoch(now)?)?;
        let new_stop_seq = sfu.stop_seq;
        let registry_version = config.bump_registry()?;
        emit!(EquivocationProven { key, seq, first, second, old_stop_seq, new_stop_seq, registry_version });
        Ok(())
    }
}
