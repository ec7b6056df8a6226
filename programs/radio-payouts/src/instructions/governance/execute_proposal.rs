//! Carries out an accepted proposal between timelock and end of its window. Anyone; pays for accounts that it makes.
//!
//! The action becomes the authority's instruction of that name, called on this program itself with the governance PDA as
//! signer: a vote can do what an authority can do, under the same checks, and nothing else. The instruction's accounts are
//! passed as remaining accounts in any order; their addresses are derived here. Config is only read by this instruction,
//! so what the inner one writes stands.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::invoke_signed;

use crate::error::PayoutsError;
use crate::event::ProposalStatusChanged;
use crate::instructions::{Executing, action_instruction};
use crate::program::RadioPayouts;
use crate::seeds;
use crate::state::{Config, Proposal};

#[derive(Accounts)]
pub struct ExecuteProposal<'info> {
    #[account(mut)]
    pub executor: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    /// CHECK: the address that signs for what was voted; it has no data.
    #[account(seeds = [seeds::GOVERNANCE], bump)]
    pub governance: UncheckedAccount<'info>,
    #[account(mut, seeds = [seeds::PROPOSAL, &proposal.number.to_le_bytes()], bump = proposal.bump)]
    pub proposal: Box<Account<'info, Proposal>>,
    pub program: Program<'info, RadioPayouts>,
}

impl<'info> ExecuteProposal<'info> {
    /// Calls this program with the stored action.
    fn carry_out(&self, bump: u8, remaining: &[AccountInfo<'info>]) -> Result<()> {
        let executing =
            Executing { executor: self.executor.key(), governance: self.governance.key(), config: &self.config };
        let instruction = action_instruction(&self.proposal.action, executing);
        let mut accounts = remaining.to_vec();
        accounts.extend([
            self.executor.to_account_info(),
            self.config.to_account_info(),
            self.governance.to_account_info(),
            self.program.to_account_info(),
        ]);
        for wanted in &instruction.accounts {
            let passed = accounts.iter().any(|account| *account.key == wanted.pubkey);
            require!(passed, PayoutsError::ExecutionAccountMissing);
        }
        invoke_signed(&instruction, &accounts, &[&[seeds::GOVERNANCE, &[bump]]])?;
        Ok(())
    }

    pub fn handle(ctx: Context<'info, Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let (config, governance) = (&accounts.config, accounts.governance.key());
        let old = accounts.proposal.status;
        accounts.proposal.execute(&config.authority, &governance, &config.pause, now)?;
        let Proposal { number, status: new, tally, .. } = **accounts.proposal;
        emit!(ProposalStatusChanged { number, old, new, tally, quorum: accounts.proposal.quorum() });
        accounts.carry_out(ctx.bumps.governance, ctx.remaining_accounts)
    }
}
