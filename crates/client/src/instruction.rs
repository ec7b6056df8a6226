//! Builders of every instruction: accounts derived, arguments encoded. Signers are for the caller to bring.

mod binding;
mod config;
mod epoch;
mod governance;
mod registry;

use anchor_lang::{InstructionData, ToAccountMetas};
pub use binding::*;
pub use config::*;
pub use epoch::*;
pub use governance::*;
pub use registry::*;
use solana_program::instruction::Instruction;

use crate::PROGRAM_ID;

fn build(accounts: &impl ToAccountMetas, data: &impl InstructionData) -> Instruction {
    Instruction { program_id: PROGRAM_ID, accounts: accounts.to_account_metas(None), data: data.data() }
}
