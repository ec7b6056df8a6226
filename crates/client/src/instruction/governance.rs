//! Votes of locked stake, and what they decide.

use radio_payouts::{accounts, instruction};
use solana_program::instruction::Instruction;

use super::build;
use crate::address::{config_address, governance_address};

/// Gives the governance PDA the role of authority that was offered to it. Anyone.
#[must_use]
pub fn accept_authority_for_governance() -> Instruction {
    let accounts =
        accounts::AcceptAuthorityForGovernance { config: config_address(), governance: governance_address() };
    build(&accounts, &instruction::AcceptAuthorityForGovernance {})
}
