//! Token accounts of payees: those that are missing are created before anything is claimed.

use radio_payouts_client::address::associated_token_address;
use radio_payouts_client::instruction::create_token_account;
use radio_payouts_client::state::Config;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::chain::{ChainError, Outgoing, Sender, deployment};
use crate::outcome::Outcome;
use crate::output::note;

/// Accounts that one transaction creates: what fits without a lookup table.
const PER_TRANSACTION: usize = 10;

/// Creates the associated token accounts that are missing; returns how many. `payer` pays their rent.
///
/// # Errors
/// The first that is refused.
pub fn ensure(
    sender: &mut Sender,
    payer: &Keypair,
    config: &Config,
    payees: impl Iterator<Item = Pubkey>,
    under_way: usize,
) -> Outcome<usize> {
    let mut payees: Vec<Pubkey> = payees.collect();
    payees.sort_unstable();
    payees.dedup();
    let (mint, program) = (config.mint, config.token_program);
    let addresses: Vec<_> = payees.iter().map(|payee| associated_token_address(payee, &mint, &program)).collect();
    let found = deployment::token_accounts(sender.chain(), &addresses)?;
    let missing: Vec<Pubkey> =
        payees.into_iter().zip(found).filter(|(_, found)| found.is_none()).map(|(payee, _)| payee).collect();
    if missing.is_empty() {
        return Ok(0);
    }
    note(format_args!("creating {} token accounts", missing.len()));
    let outgoing = missing.chunks(PER_TRANSACTION).map(|payees| {
        let names: Vec<String> = payees.iter().map(ToString::to_string).collect();
        Outgoing {
            purpose: format!("create token accounts of {}", names.join(" ")),
            instructions: payees
                .iter()
                .map(|payee| create_token_account(payer.pubkey(), payee, mint, program))
                .collect(),
            payer,
            signers: Vec::new(),
            lookup_tables: Vec::new(),
        }
    });
    let mut first_refusal: Option<ChainError> = None;
    sender.send_all(outgoing, under_way, |_, end| {
        if let Err(error) = end {
            let _ = first_refusal.get_or_insert(error);
        }
    })?;
    match first_refusal {
        Some(error) => Err(error.into()),
        None => Ok(missing.len()),
    }
}
