//! Votes of locked stake, and what they decide.

mod accept_authority_for_governance;

pub use accept_authority_for_governance::*;
