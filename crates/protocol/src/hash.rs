//! SHA-256, the one hash of the protocol.
//!
//! On chain it goes through the `sol_sha256` syscall, elsewhere through the `sha2` crate. Both see the
//! same concatenation, so a hash is defined once, by the slices that a caller passes.

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Thirty-two zero bytes: "no parent", "no payee", the `prev` of an SFU's first batch.
pub const ZERO_HASH: Hash = [0; 32];

/// SHA-256 of the concatenation of `parts`.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    #[cfg(target_os = "solana")]
    {
        solana_sha256_hasher::hashv(parts).to_bytes()
    }
    #[cfg(not(target_os = "solana"))]
    {
        use sha2::Digest as _;
        let mut hasher = sha2::Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// A message of exactly two blocks (56 to 119 bytes) with its padding.
///
/// Leaves and inner nodes of the tree are such messages, two for every leaf: worth hashing without the buffering
/// that longer messages need.
#[derive(Clone, Copy)]
pub struct ShortMessage {
    blocks: [[u8; 64]; 2],
    length: u8,
}

impl ShortMessage {
    /// Puts fields one after the other; together they must have `N` bytes, 56 to 119.
    #[inline(always)]
    #[must_use]
    pub fn new<const N: usize, const F: usize>(fields: [&[u8]; F]) -> Self {
        const { assert!(N >= 56 && N <= 119, "exactly two blocks") };
        let mut blocks = [[0u8; 64]; 2];
        let bytes = blocks.as_flattened_mut();
        let mut free = &mut *bytes;
        for field in fields {
            let (place, rest) = free.split_at_mut(field.len());
            place.copy_from_slice(field);
            free = rest;
        }
        // FIPS 180-4: a one bit, zeros, and the length in bits, big-endian.
        if let Some(marker) = free.first_mut() {
            *marker = 0x80;
        }
        if let Some(length) = bytes.last_chunk_mut::<8>() {
            *length = (N as u64).wrapping_mul(8).to_be_bytes();
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 119")]
        Self { blocks, length: N as u8 }
    }

    /// SHA-256 of the message.
    #[inline]
    #[must_use]
    pub fn digest(&self) -> Hash {
        #[cfg(target_os = "solana")]
        {
            let message = self.blocks.as_flattened().get(..usize::from(self.length)).unwrap_or_default();
            solana_sha256_hasher::hash(message).to_bytes()
        }
        #[cfg(not(target_os = "solana"))]
        {
            debug_assert!(self.length <= 119);
            let mut state = INITIAL;
            sha2::block_api::compress256(&mut state, &self.blocks);
            let mut digest = ZERO_HASH;
            for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            digest
        }
    }
}

/// The hash value that SHA-256 starts from.
#[cfg(not(target_os = "solana"))]
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_messages_hash_as_any_others() {
        assert_eq!(ShortMessage::new::<56, 1>([&[7; 56]]).digest(), sha256(&[&[7; 56]]));
        assert_eq!(ShortMessage::new::<82, 2>([&[8; 40], &[8; 42]]).digest(), sha256(&[&[8; 82]]));
        assert_eq!(ShortMessage::new::<119, 1>([&[9; 119]]).digest(), sha256(&[&[9; 119]]));
    }
}
