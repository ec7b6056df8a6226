//! A BLOOM mint for chains of one's own.

use anchor_spl::token::spl_token;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::{Done, Setup};
use crate::outcome::{Failure, Outcome};

/// BLOOM's decimals.
const DECIMALS: u8 = 9;
/// Bytes of a mint account.
const MINT_BYTES: usize = 82;
const WHAT: &str = "make test mint";

/// Makes it, if it is not there, at an address that follows from the payer's: a repeated set-up finds it.
pub fn ensure_test_mint(setup: &mut Setup<'_>) -> Outcome<Pubkey> {
    let payer = setup.payer.pubkey();
    let seed = "radio-payouts-test-bloom";
    let mint = Pubkey::create_with_seed(&payer, seed, &spl_token::ID)?;
    if setup.sender.chain().account(&mint)?.is_some_and(|account| account.owner == spl_token::ID) {
        setup.step(WHAT, mint, Done::Already);
        return Ok(mint);
    }
    let lamports = setup.sender.chain().minimum_balance(MINT_BYTES)?;
    let bytes = u64::try_from(MINT_BYTES)?;
    let create = solana_system_interface::instruction::create_account_with_seed(
        &payer,
        &mint,
        &payer,
        seed,
        lamports,
        bytes,
        &spl_token::ID,
    );
    let initialize = spl_token::instruction::initialize_mint2(&spl_token::ID, &mint, &payer, None, DECIMALS)
        .map_err(|error| Failure::new(crate::outcome::Exit::Failed, format!("the mint: {error}")))?;
    setup.send(WHAT, mint, vec![create, initialize], false)?;
    Ok(mint)
}
