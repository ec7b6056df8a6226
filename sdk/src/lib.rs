//! The protocol crate for JavaScript: what `@mycelia/radio-payouts` calls, compiled to WebAssembly.
//!
//! Documents go in and out as JSON, bytes as bytes; types, defaults and everything asynchronous are the TypeScript side's
//! (`sdk/typescript`). Nothing here computes: every hash, verdict and division is the protocol crate's. What is read here
//! and nowhere else is the program's `Epoch` account, and the derivation of its address ([`account`], [`address`]): the
//! program's own crate is too large for a page.

pub mod account;
pub mod address;
pub mod batches;
pub mod calculator;
pub mod document;
pub mod fault;
pub mod identity;
pub mod proof;
pub mod recompute;
