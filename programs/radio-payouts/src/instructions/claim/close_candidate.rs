//! Returns the rent of a candidate of a closed epoch to the settler that paid it. Anyone.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::RentReturned;
use crate::state::{Candidate, Epoch};

#[derive(Accounts)]
pub struct CloseCandidate<'info> {
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        mut,
        close = rent_payer,
        constraint = candidate.epoch == epoch.epoch @ PayoutsError::NotOfThisEpoch
    )]
    pub candidate: Box<Account<'info, Candidate>>,
    /// CHECK: the address that the account names; it only receives lamports.
    #[account(mut, address = candidate.rent_payer @ PayoutsError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

impl CloseCandidate<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.epoch.check_closed()?;
        let account = accounts.candidate.to_account_info();
        emit!(RentReturned {
            epoch: accounts.epoch.epoch,
            account: account.key(),
            rent_payer: accounts.rent_payer.key(),
            lamports: account.lamports(),
        });
        Ok(())
    }
}
