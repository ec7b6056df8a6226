//! Returns the rent of a chunk of claim bits of a closed epoch to who paid it. Anyone.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::RentReturned;
use crate::state::{ClaimChunk, Epoch};

#[derive(Accounts)]
pub struct CloseClaimChunk<'info> {
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        mut,
        close = rent_payer,
        constraint = chunk.epoch == epoch.epoch @ PayoutsError::NotOfThisEpoch
    )]
    pub chunk: Box<Account<'info, ClaimChunk>>,
    /// CHECK: the address that the account names; it only receives lamports.
    #[account(mut, address = chunk.rent_payer @ PayoutsError::WrongRentPayer)]
    pub rent_payer: UncheckedAccount<'info>,
}

impl CloseClaimChunk<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.epoch.check_closed()?;
        let account = accounts.chunk.to_account_info();
        emit!(RentReturned {
            epoch: accounts.epoch.epoch,
            account: account.key(),
            rent_payer: accounts.rent_payer.key(),
            lamports: account.lamports(),
        });
        Ok(())
    }
}
