//! The settler: from signed receipts to a root on a Solana chain.
//!
//! Data flows one way: [`receipt`] (bytes become verified batches) → [`store`] (held batches, sealed epochs) →
//! [`epoch`] (the stages of a settlement) → [`artefact`] (what is published) → [`chain`] (what is posted).
//! [`watch`] goes the way back, [`simulation`] replays published epochs under other parameters.
//! All arithmetic and all hashes are the protocol crate's. [`cli`] only parses, calls and prints.

pub mod artefact;
pub mod bench;
pub mod chain;
pub mod cli;
pub mod config;
pub mod crash;
pub mod durable;
pub mod engine;
pub mod epoch;
pub mod export;
pub mod fraud;
pub mod keyfile;
pub mod outcome;
pub mod output;
pub mod receipt;
pub mod report;
pub mod retention;
pub mod service;
pub mod setup;
pub mod simulation;
pub mod store;
pub mod watch;
pub mod words;
