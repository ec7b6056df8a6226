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
