//! Sources of receipts and batches: files, SFU statistics, signing, synthetic epochs.
//!
//! Bytes become items ([`source`]), items become receipts (also from [`janus`] and [`mediasoup`] statistics), receipts
//! become signed batches ([`sign`]). From there on only the protocol crate says what counts.

pub mod counters;
pub mod generate;
pub mod janus;
pub mod mediasoup;
pub mod sign;
pub mod source;
