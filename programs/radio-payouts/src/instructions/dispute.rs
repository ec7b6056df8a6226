//! Disputes of posted roots, and fraud proofs, which need no verdict. None of them is ever paused.

mod close_share_record;
mod lapse_dispute;
mod open_dispute;
mod prove_duplicate_share;
mod prove_equivocation;
mod prove_leaf;
mod release_bond;
mod resolve_dispute;

pub use close_share_record::*;
pub use lapse_dispute::*;
pub use open_dispute::*;
pub use prove_duplicate_share::*;
pub use prove_equivocation::*;
pub use prove_leaf::*;
pub use release_bond::*;
pub use resolve_dispute::*;
