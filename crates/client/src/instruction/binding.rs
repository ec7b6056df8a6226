//! Payee bindings.

use radio_payouts::{accounts, instruction};
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::build;
use crate::address::{binding_address, config_address};

/// Proposes a payee for a DID. Signed by payer, proposer and, if given, the authority.
#[must_use]
pub fn propose_binding(
    payer: Pubkey,
    proposer: Pubkey,
    authority: Option<Pubkey>,
    did_hash: [u8; 32],
    payee: Pubkey,
) -> Instruction {
    let accounts = accounts::ProposeBinding {
        payer,
        proposer,
        authority,
        config: config_address(),
        binding: binding_address(&did_hash),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::ProposeBinding { did_hash, payee })
}

/// Accepts a binding. Signed by the payee.
#[must_use]
pub fn accept_binding(payee: Pubkey, did_hash: &[u8; 32]) -> Instruction {
    let accounts = accounts::AcceptBinding { payee, config: config_address(), binding: binding_address(did_hash) };
    build(&accounts, &instruction::AcceptBinding {})
}

/// Cancels a binding not yet in force. Signed by authority or pause key.
#[must_use]
pub fn cancel_binding(signer: Pubkey, did_hash: &[u8; 32]) -> Instruction {
    let accounts = accounts::CancelBinding { signer, config: config_address(), binding: binding_address(did_hash) };
    build(&accounts, &instruction::CancelBinding {})
}
