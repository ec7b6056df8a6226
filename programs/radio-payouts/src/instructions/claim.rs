//! Mandates, ratification, claims, transfers from the treasury, closing.

mod cancel_mandate;
mod claim_share;
mod close_candidate;
mod close_claim_chunk;
mod close_dispute;
mod close_epoch;
mod make_mandate;
mod pay;
mod ratify_epoch;
mod ratify_epoch_by_authority;
mod transfer_treasury;

pub use cancel_mandate::*;
pub use claim_share::*;
pub use close_candidate::*;
pub use close_claim_chunk::*;
pub use close_dispute::*;
pub use close_epoch::*;
pub use make_mandate::*;
pub use ratify_epoch::*;
pub use ratify_epoch_by_authority::*;
pub use transfer_treasury::*;
