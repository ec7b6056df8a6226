//! Contributors' identities and the payee that follows from each (section 3).
//!
//! The payee follows from the DID string alone: no chain state and no network access enters a payout.

use alloc::string::String;

use curve25519_dalek::edwards::CompressedEdwardsY;
use thiserror::Error;

use crate::hash::{Hash, ZERO_HASH, sha256};
use crate::key::check_key;

/// Length of a DID in bytes.
pub const DID_BYTES: core::ops::RangeInclusive<usize> = 8..=256;
/// Multicodec prefix of an Ed25519 public key.
const ED25519_MULTICODEC: [u8; 2] = [0xed, 0x01];

/// A string that is a DID as section 3 has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Did<'a>(&'a str);

/// Why a string is not a DID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DidError {
    /// Shorter than 8 or longer than 256 bytes.
    #[error("a DID has 8 to 256 bytes")]
    Length,
    /// Not `did:` + method + `:` + id.
    #[error("a DID is did:method:id")]
    Shape,
    /// The method is not of `[a-z0-9]+`.
    #[error("a DID's method is of lower-case letters and digits")]
    Method,
    /// The id is not of `[A-Za-z0-9._:%-]+`; fragments, queries and paths are not part of a DID here.
    #[error("a DID's id is of letters, digits and . _ : % -")]
    Id,
}

impl<'a> Did<'a> {
    /// Checks the syntax.
    ///
    /// # Errors
    /// The first [`DidError`] that applies.
    pub fn parse(did: &'a str) -> Result<Self, DidError> {
        if !DID_BYTES.contains(&did.len()) {
            return Err(DidError::Length);
        }
        let (method, id) = did.strip_prefix("did:").and_then(|rest| rest.split_once(':')).ok_or(DidError::Shape)?;
        let is_method = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if method.is_empty() || !method.bytes().all(is_method) {
            return Err(DidError::Method);
        }
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'_' | b':' | b'%' | b'-');
        // To the end whatever is found: sixteen bytes at a time instead of one.
        if id.is_empty() || !id.bytes().fold(true, |good, byte| good & is_id(byte)) {
            return Err(DidError::Id);
        }
        Ok(Self(did))
    }

    /// The string as it stands in receipts.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// `SHA-256(DID bytes)`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        sha256(&[self.0.as_bytes()])
    }

    /// The Ed25519 key of a `did:key`, if it is the canonical encoding of a curve point not of small order.
    #[must_use]
    pub fn ed25519_key(&self) -> Option<[u8; 32]> {
        let encoded = self.0.strip_prefix("did:key:z")?;
        let mut bytes = [0; 34];
        let length = bs58::decode(encoded).onto(&mut bytes).ok()?;
        let key: [u8; 32] = bytes.get(..length)?.strip_prefix(&ED25519_MULTICODEC)?.try_into().ok()?;
        is_good_point(&key).then_some(key)
    }

    /// The payee of this DID's shares; `None` if it is to be bound on chain.
    ///
    /// `cluster_reference` is the first 32 characters of the cluster's base58 genesis hash.
    #[must_use]
    pub fn payee(&self, cluster_reference: &str) -> Option<[u8; 32]> {
        if let Some(key) = self.ed25519_key() {
            return Some(key);
        }
        let (reference, address) = self.0.strip_prefix("did:pkh:solana:")?.split_once(':')?;
        let mut bytes = [0; 32];
        let length = bs58::decode(address).onto(&mut bytes).ok()?;
        (reference == cluster_reference && length == 32 && bytes != ZERO_HASH).then_some(bytes)
    }
}

/// The `did:key` of an Ed25519 public key.
#[must_use]
pub fn did_of_key(key: &[u8; 32]) -> String {
    let mut bytes = [0; 34];
    let (prefix, rest) = bytes.split_at_mut(2);
    prefix.copy_from_slice(&ED25519_MULTICODEC);
    rest.copy_from_slice(key);
    let mut did = String::from("did:key:z");
    did.push_str(&bs58::encode(bytes).into_string());
    did
}

/// The cluster's reference in `did:pkh:solana`: the first 32 characters of its base58 genesis hash.
#[must_use]
pub fn cluster_reference(genesis_hash: &Hash) -> String {
    bs58::encode(genesis_hash).into_string().chars().take(32).collect()
}

fn is_good_point(key: &[u8; 32]) -> bool {
    check_key(key).is_ok() && CompressedEdwardsY(*key).decompress().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const MAINNET: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";
    const KEY_DID: &str = "did:key:z6MkpczE4p6MJUv1FouSa4JUx4w2TpKEnimSk8rw5T8Jvi99";

    fn payee(did: &str) -> Option<[u8; 32]> {
        Did::parse(did).unwrap().payee(MAINNET)
    }

    #[test]
    fn refuses_what_is_not_a_did() {
        for (did, error) in [
            ("did:a:b", DidError::Length),
            (&format!("did:web:{}", "a".repeat(249)), DidError::Length),
            ("dod:web:x", DidError::Shape),
            ("did:webx.y", DidError::Shape),
            ("did:Web:x.y", DidError::Method),
            ("did::abcdef", DidError::Method),
            ("did:web:x#k", DidError::Id),
            ("did:web:x?q=1", DidError::Id),
            ("did:web:x/y", DidError::Id),
            ("did:web:é.org", DidError::Id),
            ("did:example:", DidError::Id),
        ] {
            assert_eq!(Did::parse(did), Err(error), "{did}");
        }
        assert!(Did::parse(&format!("did:web:{}", "a".repeat(248))).is_ok());
    }

    #[test]
    fn a_did_key_is_its_own_payee() {
        let key = payee(KEY_DID).unwrap();
        assert_eq!(did_of_key(&key), KEY_DID);
    }

    #[test]
    fn weak_foreign_or_broken_keys_have_no_payee() {
        let mut small = [0; 32];
        small[0] = 1;
        assert_eq!(payee(&did_of_key(&small)), None);
        // y = 2 is not on the curve.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(payee(&did_of_key(&off)), None);
        assert_eq!(payee("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"), None);
        assert_eq!(payee(&KEY_DID[..KEY_DID.len() - 1]), None);
        assert_eq!(payee("did:mycelia:abc"), None);
    }

    #[test]
    fn a_did_pkh_is_paid_on_its_own_cluster_only() {
        let address = bs58::encode([3; 32]).into_string();
        assert_eq!(payee(&format!("did:pkh:solana:{MAINNET}:{address}")), Some([3; 32]));
        assert_eq!(payee(&format!("did:pkh:solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1:{address}")), None);
        assert_eq!(payee(&format!("did:pkh:solana:{MAINNET}:{}", "1".repeat(32))), None);
        assert_eq!(payee(&format!("did:pkh:eip155:1:{address}")), None);
    }
}
