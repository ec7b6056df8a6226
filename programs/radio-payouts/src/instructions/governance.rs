//! Votes of locked stake, and what they decide.

mod accept_authority_for_governance;
mod action_instruction;
mod cancel_proposal;
mod cast_vote;
mod close_proposal;
mod close_vote;
mod conclude_proposal;
mod create_proposal;
mod deposit_stake;
mod execute_proposal;
mod expire_proposal;
mod withdraw_stake;

pub use accept_authority_for_governance::*;
pub use action_instruction::*;
pub use cancel_proposal::*;
pub use cast_vote::*;
pub use close_proposal::*;
pub use close_vote::*;
pub use conclude_proposal::*;
pub use create_proposal::*;
pub use deposit_stake::*;
pub use execute_proposal::*;
pub use expire_proposal::*;
pub use withdraw_stake::*;
