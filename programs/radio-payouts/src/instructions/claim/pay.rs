//! Payments out of vault and treasury, which the Config PDA owns.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TransferChecked, transfer_checked};

use crate::seeds;
use crate::state::Config;

/// Moves `amount` base units from an account of the deployment to another.
pub(super) fn pay<'info>(
    config: &Account<'info, Config>,
    token_program: &AccountInfo<'info>,
    mint: &InterfaceAccount<'info, Mint>,
    from: &InterfaceAccount<'info, TokenAccount>,
    to: &InterfaceAccount<'info, TokenAccount>,
    amount: u64,
) -> Result<()> {
    let accounts = TransferChecked {
        from: from.to_account_info(),
        mint: mint.to_account_info(),
        to: to.to_account_info(),
        authority: config.to_account_info(),
    };
    let signer: [&[u8]; 2] = [seeds::CONFIG, &[config.bump]];
    let signers = [signer.as_slice()];
    let context = CpiContext::new_with_signer(token_program.key(), accounts, &signers);
    transfer_checked(context, amount, mint.decimals)
}
