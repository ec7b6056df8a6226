//! The domain that ties every signature, leaf and empty node to one cluster and one deployment (section 2).

use crate::hash::{Hash, sha256};

const PREFIX: &[u8] = b"radio-payouts/v1";

/// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`.
///
/// There is no default: a caller that does not know its domain cannot make one up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Domain(Hash);

impl Domain {
    /// Derives the domain of a deployment from the cluster's genesis hash and the program's address (raw values).
    #[must_use]
    pub fn derive(genesis_hash: &Hash, program_id: &Hash) -> Self {
        Self(sha256(&[PREFIX, genesis_hash, program_id]))
    }

    /// Takes a domain as read from `Config.domain`, a manifest or a vector.
    #[must_use]
    pub const fn from_bytes(bytes: Hash) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &Hash {
        &self.0
    }
}
