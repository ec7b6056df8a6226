//! Builders of every instruction: accounts derived, arguments encoded. Signers are for the caller to bring.

mod binding;
mod claim;
mod config;
mod dispute;
mod epoch;
mod governance;
mod registry;

use anchor_lang::{InstructionData, ToAccountMetas};
pub use binding::*;
pub use claim::*;
pub use config::*;
pub use dispute::*;
pub use epoch::*;
pub use governance::*;
use radio_payouts::state::ProofNode;
use radio_payouts_protocol::tree::Node;
pub use registry::*;
use solana_program::instruction::Instruction;

use crate::PROGRAM_ID;

fn build(accounts: &impl ToAccountMetas, data: &impl InstructionData) -> Instruction {
    Instruction { program_id: PROGRAM_ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn proof(siblings: &[Node]) -> Vec<ProofNode> {
    siblings.iter().map(|node| (*node).into()).collect()
}
