//! What a client of the Radio Payouts program needs, and no connection of its own.
//!
//! | module | for |
//! | --- | --- |
//! | [`address`] | addresses of accounts: `find_*_address` with the bump, `*_address` without |
//! | [`instruction`] | a builder for every instruction, all addresses derived |
//! | [`account`] | reading accounts: owner, discriminator and layout version checked |
//! | [`event`] | events out of a transaction's logs |
//! | [`return_data`] | what `verify_share` and `verify_batch` return |
//! | [`token`] | token accounts of both token programs |
//! | [`error`] | a custom error code's name and message |
//! | [`realms`] | an instruction as a Realms proposal holds it |
//!
//! Types of accounts, arguments and events are the program's own, re-exported here.

pub mod account;
pub mod address;
pub mod error;
pub mod event;
pub mod instruction;
pub mod realms;
pub mod return_data;
pub mod token;

pub use radio_payouts::error::PayoutsError;
pub use radio_payouts::evidence;
pub use radio_payouts::state;
pub use radio_payouts::{
    CreateProposalArgs, ID as PROGRAM_ID, InitializeArgs, OpenDisputeArgs, PostRootArgs, RegisterSettlerArgs,
    SetConfigTimesArgs, ShareClaim, VerifiedBatch, VerifiedShare,
};
