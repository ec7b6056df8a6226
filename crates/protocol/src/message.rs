//! The 126 bytes that an SFU signs (section 4.3): short, so that a signature can be checked on chain. And the 124 bytes by
//! which a receiver confirms that it holds a batch.

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
    joined([&BATCH_MESSAGE_PREFIX, domain.as_bytes(), sfu_key, &seq.to_le_bytes(), &to_ms.to_le_bytes(), batch_hash])
}

/// First bytes of every acknowledgement.
pub const ACKNOWLEDGEMENT_PREFIX: [u8; 12] = *b"radio/ack/v1";
/// Length of an acknowledgement's message in bytes.
pub const ACKNOWLEDGEMENT_LENGTH: usize = 124;

/// `"radio/ack/v1" || domain || sfu_key || seq || batch_hash || received_at_ms`: what a receiver signs once it holds a batch.
#[must_use]
pub fn acknowledgement_message(
    domain: &Domain,
    sfu_key: &[u8; 32],
    seq: u64,
    batch_hash: &Hash,
    received_at_ms: u64,
) -> [u8; ACKNOWLEDGEMENT_LENGTH] {
    let received_at_ms = received_at_ms.to_le_bytes();
    joined([&ACKNOWLEDGEMENT_PREFIX, domain.as_bytes(), sfu_key, &seq.to_le_bytes(), batch_hash, &received_at_ms])
}

/// Fields one after the other; `LENGTH` is the sum of theirs.
fn joined<const LENGTH: usize>(fields: [&[u8]; 6]) -> [u8; LENGTH] {
    let mut message = [0; LENGTH];
    let bytes = fields.iter().flat_map(|field| field.iter());
    for (slot, byte) in message.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    message
}

/// What a signed batch message says, read back from its 126 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchMessage {
    /// The deployment that it was signed for.
    pub domain: [u8; 32],
    /// The SFU that it names.
    pub sfu_key: [u8; 32],
    /// Sequence number of the batch.
    pub seq: u64,
    /// End of the batch's window in Unix milliseconds.
    pub to_ms: u64,
    /// Hash of the batch's canonical bytes.
    pub batch_hash: Hash,
}

impl BatchMessage {
    /// Takes a message apart; `None` if it does not begin with [`BATCH_MESSAGE_PREFIX`]. Nothing of it is checked.
    #[must_use]
    pub fn parse(message: &[u8; BATCH_MESSAGE_LENGTH]) -> Option<Self> {
        let rest = message.strip_prefix(&BATCH_MESSAGE_PREFIX)?;
        let (domain, rest) = rest.split_first_chunk()?;
        let (sfu_key, rest) = rest.split_first_chunk()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let (to_ms, rest) = rest.split_first_chunk()?;
        let batch_hash = rest.try_into().ok()?;
        let (seq, to_ms) = (u64::from_le_bytes(*seq), u64::from_le_bytes(*to_ms));
        Some(Self { domain: *domain, sfu_key: *sfu_key, seq, to_ms, batch_hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_of_one_kind_is_one_of_the_other() {
        let domain = Domain::from_bytes([7; 32]);
        let batch = batch_message(&domain, &[1; 32], 2, 3, &[4; 32]);
        let acknowledgement = acknowledgement_message(&domain, &[1; 32], 2, &[4; 32], 3);
        assert_eq!(batch.get(110..), Some(&[4; 16][..]), "every field found its place");
        assert_eq!(acknowledgement.get(116..), Some(&3u64.to_le_bytes()[..]), "every field found its place");
        assert_ne!(batch.get(..12), acknowledgement.get(..12));
    }

    #[test]
    fn a_message_is_read_back() {
        let domain = Domain::from_bytes([1; 32]);
        let message = batch_message(&domain, &[2; 32], 3, 4, &[5; 32]);
        let parsed = BatchMessage { domain: [1; 32], sfu_key: [2; 32], seq: 3, to_ms: 4, batch_hash: [5; 32] };
        assert_eq!(BatchMessage::parse(&message), Some(parsed));
        for position in 0..BATCH_MESSAGE_PREFIX.len() {
            let mut other = message;
            other[position] ^= 1;
            assert_eq!(BatchMessage::parse(&other), None);
        }
    }
}
