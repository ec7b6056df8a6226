//! Roles, parameters, times, flags, pauses.

use radio_payouts::state::ParamsChange;
use radio_payouts::{InitializeArgs, SetConfigTimesArgs, accounts, instruction};
use solana_program::instruction::Instruction;
use solana_program::pubkey::Pubkey;
use solana_sdk_ids::system_program;

use super::build;
use crate::PROGRAM_ID;
use crate::address::{config_address, params_address, program_data_address, treasury_address, vault_address};

/// Creates the deployment. Signed and paid for by the program's upgrade authority.
#[must_use]
pub fn initialize(upgrade_authority: Pubkey, mint: Pubkey, token_program: Pubkey, args: InitializeArgs) -> Instruction {
    let accounts = accounts::Initialize {
        upgrade_authority,
        program: PROGRAM_ID,
        program_data: program_data_address(),
        config: config_address(),
        params: params_address(1),
        mint,
        vault: vault_address(),
        treasury: treasury_address(),
        token_program,
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::Initialize { args })
}

/// Makes the version of the parameters after `last`. Signed by payer and authority.
///
/// A change to Live passes the program's ProgramData along, so that its upgrade authority can be looked at.
#[must_use]
pub fn set_params(payer: Pubkey, authority: Pubkey, last: u32, change: ParamsChange) -> Instruction {
    let live = change.mode == Some(radio_payouts::state::Mode::Live);
    let accounts = accounts::SetParams {
        payer,
        authority,
        config: config_address(),
        last: params_address(last),
        params: params_address(last.saturating_add(1)),
        program_data: live.then(program_data_address),
        system_program: system_program::ID,
    };
    build(&accounts, &instruction::SetParams { change })
}

/// Changes times, thresholds, bonds and votes. Signed by the authority.
#[must_use]
pub fn set_config_times(authority: Pubkey, args: SetConfigTimesArgs) -> Instruction {
    build(&accounts::SetConfigTimes { authority, config: config_address() }, &instruction::SetConfigTimes { args })
}

/// Switches whether Demo epochs may be posted. Signed by the authority.
#[must_use]
pub fn set_demo_flag(authority: Pubkey, radio_payouts_demo: bool) -> Instruction {
    let accounts = accounts::SetDemoFlag { authority, config: config_address() };
    build(&accounts, &instruction::SetDemoFlag { radio_payouts_demo })
}

/// Names another pause key. Signed by the authority.
#[must_use]
pub fn set_pause_key(authority: Pubkey, pause_key: Pubkey) -> Instruction {
    build(&accounts::SetPauseKey { authority, config: config_address() }, &instruction::SetPauseKey { pause_key })
}

/// Names the registrars. Signed by the authority.
#[must_use]
pub fn set_registrars(authority: Pubkey, registrars: Vec<Pubkey>) -> Instruction {
    build(&accounts::SetRegistrars { authority, config: config_address() }, &instruction::SetRegistrars { registrars })
}

/// Offers the role of authority; `None` withdraws the offer. Signed by the authority.
#[must_use]
pub fn offer_authority(authority: Pubkey, to: Option<Pubkey>) -> Instruction {
    build(&accounts::OfferAuthority { authority, config: config_address() }, &instruction::OfferAuthority { to })
}

/// Takes the role of authority. Signed by the new authority.
#[must_use]
pub fn accept_authority(new_authority: Pubkey) -> Instruction {
    build(&accounts::AcceptAuthority { new_authority, config: config_address() }, &instruction::AcceptAuthority {})
}

/// Appoints an arbiter; `None` dismisses the one there is. Signed by the authority.
#[must_use]
pub fn appoint_arbiter(authority: Pubkey, arbiter: Option<Pubkey>) -> Instruction {
    let accounts = accounts::AppointArbiter { authority, config: config_address() };
    build(&accounts, &instruction::AppointArbiter { arbiter })
}

/// Begins a pause. Signed by pause key or authority.
#[must_use]
pub fn pause(signer: Pubkey) -> Instruction {
    build(&accounts::PauseProgram { signer, config: config_address() }, &instruction::Pause {})
}

/// Ends a pause. Signed by pause key or authority.
#[must_use]
pub fn resume(signer: Pubkey) -> Instruction {
    build(&accounts::ResumeProgram { signer, config: config_address() }, &instruction::Resume {})
}
