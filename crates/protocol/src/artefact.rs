//! The documents of a sealed epoch (section 12) as far as they are arithmetic and bytes: no files, no tables.
//!
//! [`terms`] and batches go in, [`crate::settlement`] comes out, [`manifest`], [`payout`] and [`proof`] say it to others.
//! [`recomputation`] goes the way back: from the documents and the signed batches to the statement, and names the first
//! [`difference`]. The settler's folders and a browser's check are both made of these.

pub mod difference;
pub mod manifest;
pub mod payout;
pub mod proof;
pub mod recomputation;
pub mod terms;
