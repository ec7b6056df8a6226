//! Addresses of the program's accounts: program-derived, as the Solana runtime derives them.

use curve25519_dalek::edwards::CompressedEdwardsY;
use radio_payouts_protocol::hash::sha256;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::{address, to_address};
use crate::fault::Fault;

/// Address of the `Epoch` account of an epoch.
///
/// # Errors
/// `invalid_argument`.
#[wasm_bindgen]
pub fn epoch_address(program_id: &str, epoch: u64) -> Result<String, Fault> {
    derive(program_id, &[b"epoch", &epoch.to_le_bytes()])
}

/// Address of the `Config` account.
///
/// # Errors
/// `invalid_argument`.
#[wasm_bindgen]
pub fn config_address(program_id: &str) -> Result<String, Fault> {
    derive(program_id, &[b"config"])
}

/// The first address off the curve, trying bumps from 255 down.
fn derive(program_id: &str, seeds: &[&[u8]]) -> Result<String, Fault> {
    let program_id = address("programId", program_id)?;
    let found = (0..=u8::MAX).rev().find_map(|bump| {
        let mut parts = seeds.to_vec();
        let bump = [bump];
        parts.extend([bump.as_slice(), &program_id, b"ProgramDerivedAddress"]);
        let candidate = sha256(&parts);
        CompressedEdwardsY(candidate).decompress().is_none().then_some(candidate)
    });
    // Each bump fails with probability one half.
    found.map(|found| to_address(&found)).ok_or_else(|| Fault::argument("no address can be derived"))
}
