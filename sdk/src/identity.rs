//! DIDs and the domain (sections 2 and 3).

use radio_payouts_protocol::did::{self, Did};
use radio_payouts_protocol::domain::Domain;
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::{address, to_address, write};
use crate::fault::Fault;

/// Takes a DID apart: a JSON document. `genesis_hash` is the cluster's, in base58, if it is known.
///
/// # Errors
/// `malformed` for what is no DID, `invalid_argument` for what is no genesis hash.
#[wasm_bindgen]
pub fn parse_did(text: &str, genesis_hash: Option<String>) -> Result<String, Fault> {
    let parsed = Did::parse(text).map_err(Fault::malformed)?;
    // No cluster's reference is empty.
    let reference = match genesis_hash {
        Some(hash) => did::cluster_reference(&address("genesisHash", &hash)?),
        None => String::new(),
    };
    write(&json!({
        "did": text,
        "method": text.split(':').nth(1),
        "didHash": hex::encode(parsed.hash()),
        "key": parsed.ed25519_key().as_ref().map(to_address),
        "payee": parsed.payee(&reference).as_ref().map(to_address),
    }))
}

/// The `did:key` of an Ed25519 public key.
///
/// # Errors
/// `invalid_argument` unless it is the canonical encoding of a curve point not of small order.
#[wasm_bindgen]
pub fn did_of_key(key: &[u8]) -> Result<String, Fault> {
    let key = key.try_into().map_err(|_| Fault::argument(format!("key: has {} bytes, expected 32", key.len())))?;
    let did = did::did_of_key(&key);
    let is_good = Did::parse(&did).is_ok_and(|parsed| parsed.ed25519_key().is_some());
    if is_good { Ok(did) } else { Err(Fault::argument("key: no Ed25519 public key that can be trusted")) }
}

/// The 32 bytes of an address.
///
/// # Errors
/// `invalid_argument`.
#[wasm_bindgen]
pub fn address_bytes(text: &str) -> Result<Vec<u8>, Fault> {
    address("address", text).map(|bytes| bytes.to_vec())
}

/// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`, in hexadecimal.
///
/// # Errors
/// `invalid_argument`.
#[wasm_bindgen]
pub fn derive_domain(genesis_hash: &str, program_id: &str) -> Result<String, Fault> {
    let domain = Domain::derive(&address("genesisHash", genesis_hash)?, &address("programId", program_id)?);
    Ok(hex::encode(domain.as_bytes()))
}
