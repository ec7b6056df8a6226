//! What the vault holds and what of it is promised.
//!
//! `reserved` is the sum over all ratified epochs, not yet closed, of what was not yet claimed. The vault never holds
//! less: ratifying needs `sum <= vault - reserved`, a claim takes the same amount from both, and a transfer takes only
//! what is not reserved. Funding is a plain token transfer to the vault.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::Config;

/// From which accounts a treasury transfer is paid, in base units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransferParts {
    /// From the treasury account (forfeited bonds).
    pub from_treasury: u64,
    /// From the vault.
    pub from_vault: u64,
}

impl Config {
    /// Base units of a vault with this balance that are not promised to anybody.
    pub fn unreserved(&self, vault: u64) -> u64 {
        vault.saturating_sub(self.reserved)
    }

    /// Promises `sum` base units of a vault with this balance.
    pub fn reserve(&mut self, sum: u64, vault: u64) -> Result<()> {
        require!(sum <= self.unreserved(vault), PayoutsError::VaultTooSmall);
        self.reserved = self.reserved.checked_add(sum).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }

    /// Takes `amount` base units out of what is promised: paid, or no longer claimable.
    pub fn release(&mut self, amount: u64) -> Result<()> {
        self.reserved = self.reserved.checked_sub(amount).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }

    /// How a transfer of `amount` base units is paid: from the treasury first, the rest from what the vault holds
    /// beyond `reserved`.
    pub fn split_transfer(&self, amount: u64, treasury: u64, vault: u64) -> Result<TransferParts> {
        require!(amount > 0, PayoutsError::NothingTransferred);
        let from_treasury = amount.min(treasury);
        let from_vault = amount.saturating_sub(from_treasury);
        require!(from_vault <= self.unreserved(vault), PayoutsError::TransferTakesReserved);
        Ok(TransferParts { from_treasury, from_vault })
    }
}
