//! Batches: canonical bytes, hash, signature (section 4).

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Envelope};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::message;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::{domain, write};
use crate::fault::Fault;

/// A batch's header as JavaScript gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    sfu: String,
    seq: String,
    hash: String,
    prev: String,
    from_ms: String,
    to_ms: String,
}

impl From<BatchHeader> for Header {
    fn from(header: BatchHeader) -> Self {
        Self {
            sfu: did_of_key(&header.sfu_key),
            seq: header.seq.to_string(),
            hash: hex::encode(header.hash),
            prev: hex::encode(header.prev),
            from_ms: header.from_ms.to_string(),
            to_ms: header.to_ms.to_string(),
        }
    }
}

/// The canonical bytes of a batch given as JSON in any spelling.
///
/// # Errors
/// `malformed`, `wrong_version`.
#[wasm_bindgen]
pub fn canonical_bytes(batch: &str) -> Result<Vec<u8>, Fault> {
    Ok(Batch::parse(batch)?.canonical_bytes())
}

/// SHA-256 of the canonical bytes, in hexadecimal.
///
/// # Errors
/// `malformed`, `wrong_version`.
#[wasm_bindgen]
pub fn batch_hash(batch: &str) -> Result<String, Fault> {
    Ok(hex::encode(Batch::parse(batch)?.hash()))
}

/// The 126 bytes that an SFU signs.
///
/// # Errors
/// `malformed`, `wrong_version`, `invalid_argument`.
#[wasm_bindgen]
pub fn batch_message(batch: &str, deployment: &str) -> Result<Vec<u8>, Fault> {
    let domain = domain(deployment)?;
    let batch = Batch::parse(batch)?;
    let sfu_key = batch.check().map_err(Fault::malformed)?;
    Ok(message::batch_message(&domain, &sfu_key, batch.seq, batch.to, &batch.hash()).to_vec())
}

/// The envelope of a batch signed with a key: its 32-byte seed, or the 64 bytes of a Solana key file.
///
/// # Errors
/// `malformed`, `wrong_version`, `invalid_argument`, `wrong_key`.
#[wasm_bindgen]
pub fn sign_batch(batch: &str, secret_key: &[u8], deployment: &str) -> Result<String, Fault> {
    let domain = domain(deployment)?;
    let key = match (<[u8; 32]>::try_from(secret_key), <[u8; 64]>::try_from(secret_key)) {
        (Ok(seed), _) => SigningKey::from_bytes(&seed),
        (_, Ok(pair)) => SigningKey::from_keypair_bytes(&pair)
            .map_err(|_| Fault::argument("secretKey: the two halves of the key do not belong together"))?,
        _ => return Err(Fault::argument(format!("secretKey: has {} bytes, expected 32 or 64", secret_key.len()))),
    };
    let batch = Batch::parse(batch)?;
    let did = did_of_key(key.verifying_key().as_bytes());
    if batch.sfu != did {
        return Err(Fault::new("wrong_key", format!("the key is that of {did}, the batch is of {}", batch.sfu)));
    }
    let envelope = batch.sign(&key, &domain).map_err(Fault::malformed)?;
    Ok(String::from_utf8_lossy(&envelope.to_bytes()).into_owned())
}

/// The envelope of a batch and a signature that was made elsewhere; the signature is checked.
///
/// # Errors
/// `malformed`, `wrong_version`, `invalid_argument`, `bad_signature`.
#[wasm_bindgen]
pub fn attach_signature(batch: &str, signature: &[u8], deployment: &str) -> Result<String, Fault> {
    let domain = domain(deployment)?;
    let sig = signature.try_into().map_err(|_| Fault::argument("the signature does not have 64 bytes"))?;
    let bytes = Envelope { batch: Batch::parse(batch)?, sig }.to_bytes();
    Envelope::parse(&bytes)?.verify(&domain)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads an envelope and checks its signature: its header as JSON.
///
/// # Errors
/// The answer of section 4.4: `wrong_version`, `malformed`, `not_canonical`, `bad_signature`.
#[wasm_bindgen]
pub fn verify_batch(envelope: &[u8], deployment: &str) -> Result<String, Fault> {
    let domain = domain(deployment)?;
    let verified = Envelope::parse(envelope)?.verify(&domain)?;
    write(&Header::from(verified.header()))
}
