//! Foresight for voters: sealed epochs replayed under proposed parameters.
//!
//! The proposal's change is applied to the parameters that each epoch had, everything else stays: the batches, the
//! registry, the state of sealing. The first epoch starts from the real history before it, each later one from the
//! simulated history of the one before, as it would have come about. What depends on parameters follows them, verdicts
//! on receipts included; nothing is approximated. A change that changes nothing leads to the posted commitments.
//!
//! [`set`] is the change, [`folders`] finds the epochs, [`mod@replay`] settles them twice by the protocol crate's one path,
//! [`totals`] adds up, [`document`] is the result in the one form that has a hash, [`carried`] what a
//! proposal that carries it must be about.

pub mod carried;
pub mod document;
pub mod folders;
pub mod replay;
pub mod set;
pub mod totals;

pub use document::Document;
pub use folders::{EpochRange, Folders};
pub use replay::replay;
pub use set::Set;
pub use totals::Totals;
