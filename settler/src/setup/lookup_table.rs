//! The deployment's one address lookup table: the accounts that every claim and proof names.

use radio_payouts_client::address;
use solana_address_lookup_table_interface::instruction::{create_lookup_table, extend_lookup_table};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::{Done, Setup};
use crate::chain::deployment;
use crate::outcome::{Failure, Outcome};

const MAKE: &str = "make lookup table";
const EXTEND: &str = "extend lookup table";

/// Makes the table if `known` is none or not there, and adds what is missing from it.
pub fn ensure(setup: &mut Setup<'_>, known: Option<Pubkey>) -> Outcome {
    let Some(config) = deployment::config(setup.sender.chain())? else {
        // Only in a dry run: there is nothing yet that the table could name.
        setup.step(MAKE, "", Done::Planned);
        return Ok(());
    };
    let wanted = [
        address::config_address(),
        config.vault,
        config.treasury,
        config.mint,
        config.token_program,
        anchor_spl::associated_token::ID,
        solana_sdk_ids::system_program::ID,
        solana_sdk_ids::sysvar::instructions::ID,
        address::governance_address(),
    ];
    let found = match known {
        Some(known) => deployment::lookup_table(setup.sender.chain(), &known)?,
        None => None,
    };
    let (table, present) = match found {
        Some(found) => {
            setup.step(MAKE, found.key, Done::Already);
            (found.key, found.addresses)
        }
        None => (make(setup)?, Vec::new()),
    };
    let missing: Vec<Pubkey> = wanted.into_iter().filter(|address| !present.contains(address)).collect();
    if missing.is_empty() {
        setup.step(EXTEND, table, Done::Already);
        return Ok(());
    }
    let payer = setup.payer.pubkey();
    let extend = extend_lookup_table(table, payer, Some(payer), missing);
    setup.send(EXTEND, table, vec![extend], false)
}

fn make(setup: &mut Setup<'_>) -> Outcome<Pubkey> {
    let payer = setup.payer.pubkey();
    // The address follows from a recent slot: a finalized one is known to every node.
    let slot = setup
        .sender
        .chain()
        .clock()?
        .slot
        .checked_sub(1)
        .ok_or_else(|| Failure::temporary("the chain has no block yet; try again"))?;
    let (create, table) = create_lookup_table(payer, payer, slot);
    if !setup.dry_run {
        (setup.remember_table)(table)?;
    }
    setup.send(MAKE, table, vec![create], false)?;
    Ok(table)
}
