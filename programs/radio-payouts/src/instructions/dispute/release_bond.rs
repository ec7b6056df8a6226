//! Moves the bond of a dispute that has ended: to the treasury if it was rejected, otherwise back to the disputer.
//! The rent of the bond's account goes back to who paid it. Anyone.
//!
//! An open dispute whose root is no longer on the chain ends here as moot: nobody has to resolve it, and the bond of
//! a disputer who was right is never kept by the way in which the root fell.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{
    CloseAccount, Mint, TokenAccount, TokenInterface, TransferChecked, close_account, transfer_checked,
};

use crate::error::PayoutsError;
use crate::event::{BondReleased, DisputeClosed};
use crate::seeds;
use crate::state::{Config, Dispute, Epoch};

#[derive(Accounts)]
pub struct ReleaseBond<'info> {
    #[account(seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(seeds = [seeds::EPOCH, &dispute.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        mut,
        seeds = [seeds::DISPUTE, &dispute.epoch.to_le_bytes(), &dispute.attempt.to_le_bytes()],
        bump = dispute.bump
    )]
    pub dispute: Box<Account<'info, Dispute>>,
    #[account(
        mut,
        seeds = [seeds::BOND, &dispute.epoch.to_le_bytes(), &dispute.attempt.to_le_bytes()],
        bump = dispute.bond_bump
    )]
    pub bond: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The treasury, or any token account of the disputer: one of them is always there or can be made by anyone.
    #[account(mut)]
    pub to: Box<InterfaceAccount<'info, TokenAccount>>,
    /// CHECK: only receives the rent that it paid.
    #[account(mut, constraint = rent_payer.key() == dispute.rent_payer @ PayoutsError::WrongBondRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
    #[account(constraint = mint.key() == config.mint @ PayoutsError::WrongBondMint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(constraint = token_program.key() == config.token_program @ PayoutsError::WrongBondTokenProgram)]
    pub token_program: Interface<'info, TokenInterface>,
}

impl ReleaseBond<'_> {
    fn validate(&self, to_treasury: bool) -> Result<()> {
        if to_treasury {
            require_keys_eq!(self.to.key(), self.config.treasury, PayoutsError::BondNotToTreasury);
        } else {
            require_keys_eq!(self.to.owner, self.dispute.disputer, PayoutsError::NotDisputersTokens);
        }
        Ok(())
    }

    /// Sends all that lies in the bond's account, also what others may have sent there, and closes it.
    fn pay(&self, number: &[u8], attempt: &[u8]) -> Result<()> {
        let seeds: &[&[u8]] = &[seeds::DISPUTE, number, attempt, &[self.dispute.bump]];
        let (program, authority) = (self.token_program.key(), self.dispute.to_account_info());
        let transfer = TransferChecked {
            from: self.bond.to_account_info(),
            mint: self.mint.to_account_info(),
            to: self.to.to_account_info(),
            authority: authority.clone(),
        };
        let signers: &[&[&[u8]]] = &[seeds];
        let context = CpiContext::new_with_signer(program, transfer, signers);
        transfer_checked(context, self.bond.amount, self.mint.decimals)?;
        let close = CloseAccount {
            account: self.bond.to_account_info(),
            destination: self.rent_payer.to_account_info(),
            authority,
        };
        close_account(CpiContext::new_with_signer(program, close, signers))
    }

    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        let dispute = &mut accounts.dispute;
        let old = dispute.outcome;
        if dispute.end_if_moot(&accounts.epoch, &accounts.config.chain) {
            let Dispute { epoch, attempt, outcome: new, .. } = ***dispute;
            emit!(DisputeClosed { epoch, attempt, old, new, by: None });
        }
        let to_treasury = dispute.release()?;
        let Dispute { epoch, attempt, outcome, .. } = ***dispute;
        accounts.validate(to_treasury)?;
        let (to, amount) = (accounts.to.key(), accounts.bond.amount);
        accounts.pay(&epoch.to_le_bytes(), &attempt.to_le_bytes())?;
        emit!(BondReleased { epoch, attempt, outcome, to, amount });
        Ok(())
    }
}
