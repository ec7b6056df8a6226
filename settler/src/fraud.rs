//! Fraud proofs, which need no vote: made of published proofs of shares and of held batches, checked here before anything
//! is sent.

pub mod duplicate;
pub mod equivocation;

pub use duplicate::Duplicate;
pub use equivocation::Equivocation;
