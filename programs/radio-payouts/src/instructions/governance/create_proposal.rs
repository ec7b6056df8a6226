//! Makes a proposal with enough stake from an earlier slot, which is locked until the end of the vote.
//!
//! Allowed while paused. Refused while the governance PDA is not the authority: nothing could come of the vote.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount};
use radio_payouts_protocol::votes::votes_needed;

use crate::error::PayoutsError;
use crate::event::ProposalCreated;
use crate::seeds;
use crate::state::{Action, Config, NewProposal, ParamsVersion, Proposal, Start, VoterStake};

/// What is proposed.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct CreateProposalArgs {
    /// What it does.
    pub action: Action,
    /// SHA-256 of what was published with it, such as a simulation.
    pub document_hash: Option<[u8; 32]>,
}

#[derive(Accounts)]
#[instruction(args: CreateProposalArgs)]
pub struct CreateProposal<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    pub proposer: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    /// CHECK: only its address is looked at.
    #[account(seeds = [seeds::GOVERNANCE], bump)]
    pub governance: UncheckedAccount<'info>,
    #[account(mut, seeds = [seeds::VOTER, proposer.key.as_ref()], bump = stake.bump)]
    pub stake: Box<Account<'info, VoterStake>>,
    /// The last version of the parameters, against which a change of them is checked.
    #[account(constraint = last_params.number == config.params_version @ PayoutsError::NotLastParams)]
    pub last_params: Box<Account<'info, ParamsVersion>>,
    #[account(address = config.mint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(address = config.vault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = config.treasury)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        init,
        payer = payer,
        space = Proposal::space(&args.action),
        seeds = [seeds::PROPOSAL, &config.next_proposal.to_le_bytes()],
        bump
    )]
    pub proposal: Box<Account<'info, Proposal>>,
    pub system_program: Program<'info, System>,
}

impl CreateProposal<'_> {
    fn validate(&self, action: &Action, now: i64) -> Result<()> {
        let authority = self.config.authority.address;
        require_keys_eq!(authority, self.governance.key(), PayoutsError::GovernanceNotAuthority);
        action.check(&self.config, &self.last_params, now)
    }

    /// Supply − vault − treasury.
    fn base(&self) -> Result<u64> {
        let base =
            self.mint.supply.checked_sub(self.vault.amount).and_then(|rest| rest.checked_sub(self.treasury.amount));
        Ok(base.ok_or(PayoutsError::ArithmeticOverflow)?)
    }

    pub fn handle(ctx: Context<Self>, args: CreateProposalArgs) -> Result<()> {
        let Clock { slot, unix_timestamp: now, .. } = Clock::get()?;
        let accounts = ctx.accounts;
        accounts.validate(&args.action, now)?;
        let base = accounts.base()?;
        let config = &mut accounts.config;
        let number = config.take_proposal_number()?;
        let new = NewProposal {
            bump: ctx.bumps.proposal,
            number,
            proposer: accounts.proposer.key(),
            rent_payer: accounts.payer.key(),
            authority_nonce: config.authority.nonce,
            slot,
            created: Start::now(now, &config.pause),
            base,
            action: args.action,
            document_hash: args.document_hash,
        };
        let proposal = Proposal::open(new, &config.governance);
        let least = votes_needed(base, config.governance.proposal_threshold_bps);
        accounts.stake.propose(number, least, slot, proposal.voting_ends())?;
        emit!(ProposalCreated {
            number,
            proposer: proposal.proposer,
            action: proposal.action.clone(),
            document_hash: proposal.document_hash,
            base,
            quorum: proposal.quorum(),
            voting_ends: proposal.voting_ends(),
        });
        accounts.proposal.set_inner(proposal);
        Ok(())
    }
}
