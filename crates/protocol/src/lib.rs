//! Radio Payouts protocol, version 1: everything that is arithmetic or bytes, and nothing else.
//!
//! Two implementations that follow the protocol page produce the same bytes; this crate is the one that
//! program, settler, tests and browser all call. It does no I/O, reads no clock and uses no floating point.
//!
//! Read it in the order of the protocol page:
//!
//! | section | modules |
//! | --- | --- |
//! | 1 units, 2 domain | [`units`], [`domain`], [`hash`] |
//! | 3 identities | [`key`], [`did`] |
//! | 4 receipts and batches | [`batch`], [`message`], [`bare`] |
//! | 5 epochs, sealing, statement | [`calendar`], [`registry`], [`seal`], [`inputs`], [`statement`] |
//! | 6 contributions and weights | [`cells`], [`history`], [`weights`] |
//! | 7 allocation | [`allocation`] |
//! | 8 the Merkle-sum tree | [`tree`], [`forest`] |
//! | 9 parameters | [`params`] |
//! | 11 governance | [`votes`] |
//! | all of it, batches to statement | [`settlement`] |
//! | 12 artefacts, the calculator | [`artefact`], [`calculator`] |
//!
//! Without the feature `native` only what the on-chain program needs is compiled: no JSON, no curve
//! arithmetic, SHA-256 through the syscall.
#![cfg_attr(not(any(test, feature = "parallel")), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic,
        clippy::integer_division,
        clippy::cast_possible_truncation,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "every floor, narrowing and assumption about money is a visible exception"
    )
)]

extern crate alloc;

pub mod allocation;
#[cfg(feature = "native")]
pub mod artefact;
#[cfg(feature = "native")]
pub mod bare;
#[cfg(feature = "native")]
pub mod batch;
#[cfg(feature = "native")]
pub mod calculator;
pub mod calendar;
#[cfg(feature = "native")]
pub mod cells;
#[cfg(feature = "native")]
pub mod did;
pub mod domain;
#[cfg(feature = "native")]
pub mod forest;
pub mod hash;
#[cfg(feature = "native")]
pub mod history;
#[cfg(feature = "native")]
pub mod inputs;
#[cfg(feature = "native")]
pub mod json;
pub mod key;
pub mod message;
pub mod params;
#[cfg(feature = "native")]
pub mod ranges;
pub mod registry;
#[cfg(feature = "native")]
pub mod seal;
#[cfg(feature = "native")]
pub mod settlement;
pub mod statement;
pub mod tree;
pub mod units;
pub mod votes;
#[cfg(feature = "native")]
pub mod weights;
