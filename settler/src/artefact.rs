//! Sealed epochs as folders (section 12): reproducible from the signed batches, byte for byte.
//!
//! ```text
//! epoch-000042/  manifest.json  batches/<sfu>.ndjson  batches/verdicts.csv  receipts.parquet  cells.parquet
//!                tracks.parquet  payouts.parquet  payouts.csv  history.parquet
//! ```
//!
//! [`terms`] and batches go in, the protocol crate's settlement comes out, [`files`] writes it down. Verification
//! runs the same path and compares.

use radio_payouts_protocol::did::did_of_key;

pub mod ancestors;
pub mod batches;
pub mod differ;
pub mod digest;
pub mod files;
pub mod manifest;
pub mod payout;
pub mod proof;
pub mod read;
pub mod sheet;
pub mod source;
pub mod tables;
pub mod terms;
pub mod verify;

pub use read::Artefact;
pub use terms::Terms;

/// The DID of an SFU's key.
#[must_use]
pub fn sfu_name(key: &[u8; 32]) -> String {
    did_of_key(key)
}

/// Name of an epoch's folder.
#[must_use]
pub fn folder_name(epoch: u64) -> String {
    format!("epoch-{epoch:06}")
}
