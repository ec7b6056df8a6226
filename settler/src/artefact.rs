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
pub mod cells;
pub mod differ;
pub mod digest;
pub mod envelopes;
pub mod explanation;
pub mod files;
pub mod levels;
pub mod payout;
pub mod proof;
pub mod read;
pub mod receipts;
pub mod sheet;
pub mod source;
pub mod streamed;
pub mod tables;
pub mod verify;

pub use radio_payouts_protocol::artefact::{manifest, terms};
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

/// Numbers of the epochs whose folders are in `root`, ascending.
///
/// # Errors
/// If it is there and cannot be read.
pub fn sealed_epochs(root: &std::path::Path) -> std::io::Result<Vec<u64>> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut epochs = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        epochs.extend(name.to_string_lossy().strip_prefix("epoch-").and_then(|number| number.parse::<u64>().ok()));
    }
    epochs.sort_unstable();
    Ok(epochs)
}
