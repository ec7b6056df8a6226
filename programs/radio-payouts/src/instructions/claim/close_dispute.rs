//! Returns the rent of an ended dispute of a closed epoch to who paid it, once its bond is released. Anyone.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::RentReturned;
use crate::state::{Dispute, Epoch};

#[derive(Accounts)]
pub struct CloseDispute<'info> {
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        mut,
        close = rent_payer,
        constraint = dispute.epoch == epoch.epoch @ PayoutsError::NotOfThisEpoch
    )]
    pub dispute: Box<Account<'info, Dispute>>,
    /// CHECK: the address that the account names; it only receives lamports.
    #[account(mut, address = dispute.rent_payer @ PayoutsError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

impl CloseDispute<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.epoch.check_closed()?;
        require!(accounts.dispute.bond_released, PayoutsError::DisputeNotResolved);
        let account = accounts.dispute.to_account_info();
        emit!(RentReturned {
            epoch: accounts.epoch.epoch,
            account: account.key(),
            rent_payer: accounts.rent_payer.key(),
            lamports: account.lamports(),
        });
        Ok(())
    }
}
