//! SFUs and settlers.

use radio_payouts::state::SfuTerms;
use radio_payouts::{RegisterSettlerArgs, accounts, instruction};
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::build;
use crate::address::{config_address, settler_address, sfu_address};

/// Registers an SFU. Signed by payer and authority.
#[must_use]
pub fn register_sfu(payer: Pubkey, authority: Pubkey, terms: SfuTerms) -> Instruction {
    let accounts = accounts::RegisterSfu {
        payer,
        authority,
        config: config_address(),
        sfu: sfu_address(&terms.key),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::RegisterSfu { terms })
}

/// Replaces an SFU's key from the next epoch on. Signed by payer and operator.
#[must_use]
pub fn replace_sfu_key(payer: Pubkey, operator: Pubkey, key: &[u8; 32], new_key: [u8; 32]) -> Instruction {
    let accounts = accounts::ReplaceSfuKey {
        payer,
        operator,
        config: config_address(),
        sfu: sfu_address(key),
        new_sfu: sfu_address(&new_key),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::ReplaceSfuKey { new_key })
}

/// Ends an SFU with the running epoch; `stop_seq` acts at once. Signed by operator, authority or pause key.
#[must_use]
pub fn stop_sfu(signer: Pubkey, key: &[u8; 32], stop_seq: Option<u64>) -> Instruction {
    let accounts = accounts::StopSfu { signer, config: config_address(), sfu: sfu_address(key) };
    build(&accounts, &instruction::StopSfu { stop_seq })
}

/// Registers a settler. Signed by payer and authority.
#[must_use]
pub fn register_settler(payer: Pubkey, authority: Pubkey, args: RegisterSettlerArgs) -> Instruction {
    let accounts = accounts::RegisterSettler {
        payer,
        authority,
        config: config_address(),
        settler: settler_address(&args.key),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::RegisterSettler { args })
}

/// Replaces a settler's key at once. Signed by payer, operator and the new key.
#[must_use]
pub fn replace_settler_key(payer: Pubkey, operator: Pubkey, key: &Pubkey, new_key: Pubkey) -> Instruction {
    let accounts = accounts::ReplaceSettlerKey {
        payer,
        operator,
        new_key,
        config: config_address(),
        settler: settler_address(key),
        new_settler: settler_address(&new_key),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::ReplaceSettlerKey {})
}

/// Stops a settler at once. Signed by operator, authority or pause key.
#[must_use]
pub fn stop_settler(signer: Pubkey, key: &Pubkey) -> Instruction {
    let accounts = accounts::StopSettler { signer, config: config_address(), settler: settler_address(key) };
    build(&accounts, &instruction::StopSettler {})
}
