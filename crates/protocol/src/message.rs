//! The 126 bytes that an SFU signs (section 4.3): short, so that a signature can be checked on chain.

use crate::domain::Domain;
use crate::hash::Hash;

/// First bytes of every signed batch message.
pub const BATCH_MESSAGE_PREFIX: [u8; 14] = *b"radio/batch/v1";
/// Length of a signed batch message in bytes.
pub const BATCH_MESSAGE_LENGTH: usize = 126;

/// `"radio/batch/v1" || domain || sfu_key || seq || to || batch_hash`.
#[must_use]
pub fn batch_message(
    domain: &Domain,
    sfu_key: &[u8; 32],
    seq: u64,
    to_ms: u64,
    batch_hash: &Hash,
) -> [u8; BATCH_MESSAGE_LENGTH] {
    let mut message = [0; BATCH_MESSAGE_LENGTH];
    let fields: [&[u8]; 6] =
        [&BATCH_MESSAGE_PREFIX, domain.as_bytes(), sfu_key, &seq.to_le_bytes(), &to_ms.to_le_bytes(), batch_hash];
    let bytes = fields.iter().flat_map(|field| field.iter());
    for (slot, byte) in message.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    message
}
