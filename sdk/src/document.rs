//! Reading arguments and writing results.

use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// A JSON document of ours; `what` names it in the refusal.
pub(crate) fn read<'de, T: Deserialize<'de>>(what: &str, json: &'de str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|error| Fault::malformed(format!("{what}: {error}")))
}

/// A result as JSON.
pub(crate) fn write(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::malformed(format!("the result cannot be written: {error}")))
}

/// Thirty-two bytes in lower-case hexadecimal.
pub(crate) fn bytes32(what: &str, text: &str) -> Result<Hash, Fault> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) if hex::encode(bytes) == text => Ok(bytes),
        _ => Err(Fault::argument(format!("{what}: expected 64 lower-case hexadecimal digits"))),
    }
}

/// The domain, in hexadecimal.
pub(crate) fn domain(text: &str) -> Result<Domain, Fault> {
    bytes32("domain", text).map(Domain::from_bytes)
}

/// An address in base58.
pub(crate) fn address(what: &str, text: &str) -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    match bs58::decode(text).onto(&mut bytes) {
        Ok(32) => Ok(bytes),
        _ => Err(Fault::argument(format!("{what}: expected 32 bytes in base58"))),
    }
}

/// An address in base58.
pub(crate) fn to_address(bytes: &[u8; 32]) -> String {
    bs58::encode(bytes).into_string()
}
