//! The instruction that an action stands for: addresses and arguments all follow from the action, Config and executor.
//!
//! Program and clients call the same function, so an executor chooses nothing: what it passes is either what is derived
//! here, or it is missing.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable::get_program_data_address;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{InstructionData, ToAccountMetas};

use crate::instructions::{RegisterSettlerArgs, SetConfigTimesArgs};
use crate::state::{Action, Config, Mode};
use crate::{accounts, instruction, seeds};

/// Who takes part in an execution.
#[derive(Clone, Copy)]
pub struct Executing<'a> {
    /// Pays for new accounts.
    pub executor: Pubkey,
    /// The governance PDA, which signs.
    pub governance: Pubkey,
    /// The deployment as it is before the execution.
    pub config: &'a Config,
}

fn address(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &crate::ID).0
}

fn build(accounts: &impl ToAccountMetas, data: &impl InstructionData) -> Instruction {
    Instruction { program_id: crate::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

/// The instruction that `action` stands for.
pub fn action_instruction(action: &Action, executing: Executing<'_>) -> Instruction {
    let Executing { executor: payer, governance: authority, config: state } = executing;
    let system_program = System::id();
    let config = address(&[seeds::CONFIG]);
    match action.clone() {
        Action::SetParams(change) => {
            let live = change.mode == Some(Mode::Live);
            let params = |number: u32| address(&[seeds::PARAMS, &number.to_le_bytes()]);
            let accounts = accounts::SetParams {
                payer,
                authority,
                config,
                last: params(state.params_version),
                params: params(state.params_version.saturating_add(1)),
                program_data: live.then(|| get_program_data_address(&crate::ID)),
                system_program,
            };
            build(&accounts, &instruction::SetParams { change })
        }
        Action::SetConfigTimes { times, governance } => {
            let args = SetConfigTimesArgs { times, governance };
            build(&accounts::SetConfigTimes { authority, config }, &instruction::SetConfigTimes { args })
        }
        Action::SetDemoFlag(radio_payouts_demo) => {
            build(&accounts::SetDemoFlag { authority, config }, &instruction::SetDemoFlag { radio_payouts_demo })
        }
        Action::SetPauseKey(pause_key) => {
            build(&accounts::SetPauseKey { authority, config }, &instruction::SetPauseKey { pause_key })
        }
        Action::SetRegistrars(registrars) => {
            build(&accounts::SetRegistrars { authority, config }, &instruction::SetRegistrars { registrars })
        }
        Action::RegisterSfu(terms) => {
            let sfu = address(&[seeds::SFU, &terms.key]);
            let accounts = accounts::RegisterSfu { payer, authority, config, sfu, system_program };
            build(&accounts, &instruction::RegisterSfu { terms })
        }
        Action::StopSfu { key, stop_seq } => {
            let accounts = accounts::StopSfu { signer: authority, config, sfu: address(&[seeds::SFU, &key]) };
            build(&accounts, &instruction::StopSfu { stop_seq })
        }
        Action::RegisterSettler { key, operator, valid_from } => {
            let settler = address(&[seeds::SETTLER, key.as_ref()]);
            let accounts = accounts::RegisterSettler { payer, authority, config, settler, system_program };
            build(&accounts, &instruction::RegisterSettler { args: RegisterSettlerArgs { key, operator, valid_from } })
        }
        Action::StopSettler { key } => {
            let settler = address(&[seeds::SETTLER, key.as_ref()]);
            build(&accounts::StopSettler { signer: authority, config, settler }, &instruction::StopSettler {})
        }
        Action::RejectEpoch { epoch, commitment } => {
            let accounts =
                accounts::RejectEpoch { authority, config, epoch: address(&[seeds::EPOCH, &epoch.to_le_bytes()]) };
            build(&accounts, &instruction::RejectEpoch { commitment })
        }
        Action::ResolveDispute { epoch, attempt, upheld } => {
            let (number, turn) = (epoch.to_le_bytes(), attempt.to_le_bytes());
            let accounts = accounts::ResolveDispute {
                signer: authority,
                config,
                epoch: address(&[seeds::EPOCH, &number]),
                dispute: address(&[seeds::DISPUTE, &number, &turn]),
            };
            build(&accounts, &instruction::ResolveDispute { number: epoch, attempt, upheld })
        }
        Action::AppointArbiter(arbiter) => {
            build(&accounts::AppointArbiter { authority, config }, &instruction::AppointArbiter { arbiter })
        }
        Action::OfferAuthority(to) => {
            build(&accounts::OfferAuthority { authority, config }, &instruction::OfferAuthority { to })
        }
        Action::MakeMandate(terms) => {
            let mandate = address(&[seeds::MANDATE, &state.next_mandate.to_le_bytes()]);
            let accounts = accounts::MakeMandate { payer, authority, config, mandate, system_program };
            build(&accounts, &instruction::MakeMandate { terms })
        }
        Action::CancelMandate { number } => {
            let mandate = address(&[seeds::MANDATE, &number.to_le_bytes()]);
            build(&accounts::CancelMandate { authority, config, mandate }, &instruction::CancelMandate { number })
        }
        Action::RatifyEpoch { epoch, commitment } => {
            let epoch = address(&[seeds::EPOCH, &epoch.to_le_bytes()]);
            let accounts = accounts::RatifyEpochByAuthority { authority, config, epoch, vault: state.vault };
            build(&accounts, &instruction::RatifyEpochByAuthority { commitment })
        }
        Action::TransferTreasury { to, amount } => {
            let Config { mint, vault, treasury, token_program, .. } = *state;
            let accounts = accounts::TransferTreasury { authority, config, mint, vault, treasury, to, token_program };
            build(&accounts, &instruction::TransferTreasury { amount })
        }
    }
}
