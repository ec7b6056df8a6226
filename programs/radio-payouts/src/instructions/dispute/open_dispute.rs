//! Disputes the root in force, within its challenge window, also while paused. Anyone, once an attempt, with a bond.
//!
//! The bond is `max(dispute_bond_min, floor(pool * dispute_bond_bps / 10^4))` by the times that the root was posted under.
//! It waits in a token account that the dispute owns.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface, TransferChecked, transfer_checked};

use crate::error::PayoutsError;
use crate::event::{DisputeOpened, EpochStatusChanged};
use crate::seeds;
use crate::state::{Config, Dispute, DisputeTerms, Epoch, Start};

/// What is disputed, and on what evidence.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct OpenDisputeArgs {
    /// The epoch.
    pub epoch: u64,
    /// Its attempt; another one is another root.
    pub attempt: u32,
    /// SHA-256 of the evidence, which the disputer publishes.
    pub evidence_hash: [u8; 32],
}

#[derive(Accounts)]
#[instruction(args: OpenDisputeArgs)]
pub struct OpenDispute<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Gives the bond, and gets it back unless the dispute is rejected.
    pub disputer: Signer<'info>,
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &args.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    // An account already there is never reset: `version` tells it from one just created.
    #[account(
        init_if_needed,
        payer = payer,
        space = 8 + Dispute::INIT_SPACE,
        seeds = [seeds::DISPUTE, &args.epoch.to_le_bytes(), &args.attempt.to_le_bytes()],
        bump
    )]
    pub dispute: Box<Account<'info, Dispute>>,
    #[account(
        init_if_needed,
        payer = payer,
        seeds = [seeds::BOND, &args.epoch.to_le_bytes(), &args.attempt.to_le_bytes()],
        bump,
        token::mint = mint,
        token::authority = dispute,
        token::token_program = token_program
    )]
    pub bond: Box<InterfaceAccount<'info, TokenAccount>>,
    /// Where the bond comes from.
    #[account(mut, constraint = source.owner == disputer.key() @ PayoutsError::NotDisputersTokens)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(constraint = mint.key() == config.mint @ PayoutsError::WrongBondMint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(constraint = token_program.key() == config.token_program @ PayoutsError::WrongBondTokenProgram)]
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl OpenDispute<'_> {
    fn validate(&self) -> Result<()> {
        require!(self.dispute.version == 0, PayoutsError::AlreadyDisputed);
        self.config.chain.check_not_orphaned(self.epoch.epoch)?;
        require!(self.source.mint == self.config.mint, PayoutsError::WrongBondMint);
        require!(self.source.amount >= self.epoch.dispute_bond(), PayoutsError::BondNotCovered);
        Ok(())
    }

    pub fn handle(ctx: Context<Self>, args: OpenDisputeArgs) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate()?;
        let (config, epoch) = (&accounts.config, &mut accounts.epoch);
        let old = epoch.status;
        epoch.dispute(args.attempt, &config.pause, now)?;
        let terms = DisputeTerms {
            bump: ctx.bumps.dispute,
            bond_bump: ctx.bumps.bond,
            disputer: accounts.disputer.key(),
            evidence_hash: args.evidence_hash,
            rent_payer: accounts.payer.key(),
        };
        accounts.dispute.set_inner(Dispute::open(terms, epoch, Start::now(now, &config.pause)));
        let Epoch { epoch: number, attempt, commitment, status: new, .. } = ***epoch;
        let Dispute { disputer, bond, evidence_hash, .. } = **accounts.dispute;
        emit!(DisputeOpened { epoch: number, attempt, commitment, disputer, bond, evidence_hash });
        emit!(EpochStatusChanged { epoch: number, attempt, commitment, old, new });
        let transfer = TransferChecked {
            from: accounts.source.to_account_info(),
            mint: accounts.mint.to_account_info(),
            to: accounts.bond.to_account_info(),
            authority: accounts.disputer.to_account_info(),
        };
        let program = accounts.token_program.key();
        transfer_checked(CpiContext::new(program, transfer), bond, accounts.mint.decimals)
    }
}
