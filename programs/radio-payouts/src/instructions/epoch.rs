//! Posting, proving, finalising, revoking.

mod finalize_epoch;
mod post_root;
mod reject_epoch;
mod revoke_orphan;
mod verify_batch;
mod verify_share;

pub use finalize_epoch::*;
pub use post_root::*;
pub use reject_epoch::*;
pub use revoke_orphan::*;
pub use verify_batch::*;
pub use verify_share::*;
