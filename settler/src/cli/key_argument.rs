//! Keys and addresses on the command line.

use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::key::check_key;
use solana_pubkey::Pubkey;

/// Reads an Ed25519 key: a `did:key`, 32 bytes in base58, or in hex.
///
/// # Errors
/// If it is none of these.
pub fn ed25519_key(text: &str) -> Result<[u8; 32], String> {
    let from_did = || Did::parse(text).ok()?.ed25519_key();
    let from_base58 = || bs58::decode(text).into_vec().ok()?.try_into().ok();
    let from_hex = || hex::decode(text).ok()?.try_into().ok();
    let key: [u8; 32] = from_did()
        .or_else(from_base58)
        .or_else(from_hex)
        .ok_or("not a key: give a did:key of Ed25519, or its 32 bytes in base58 or hex")?;
    check_key(&key).map_err(|error| format!("not a key that may sign: {error}"))?;
    Ok(key)
}

/// Reads a Solana address.
///
/// # Errors
/// If it is not 32 bytes in base58.
pub fn solana_address(text: &str) -> Result<Pubkey, String> {
    text.parse().map_err(|_| "not a Solana address (32 bytes in base58)".into())
}

/// Reads a Solana address, or `governance`: the program's own, which signs for what was voted.
///
/// # Errors
/// If it is neither.
pub fn authority_address(text: &str) -> Result<Pubkey, String> {
    if text == "governance" {
        return Ok(radio_payouts_client::address::governance_address());
    }
    solana_address(text).map_err(|error| format!("{error}, nor the word governance"))
}

/// Reads a SHA-256 hash.
///
/// # Errors
/// If it is not 32 bytes in hex.
pub fn sha256_hash(text: &str) -> Result<[u8; 32], String> {
    hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "not a hash (32 bytes in hex)".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_written_in_three_ways() {
        let key = solana_signer::Signer::pubkey(&solana_keypair::Keypair::new()).to_bytes();
        let did = radio_payouts_protocol::did::did_of_key(&key);
        for text in [did, bs58::encode(key).into_string(), hex::encode(key)] {
            assert_eq!(ed25519_key(&text), Ok(key), "{text}");
        }
        for text in ["did:web:example.com", "", "11111111111111111111111111111111", &hex::encode([255; 32])] {
            assert!(ed25519_key(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hash_is_32_bytes_in_hex() {
        assert_eq!(sha256_hash(&"0a".repeat(32)), Ok([10; 32]));
        assert!(sha256_hash(&"0a".repeat(31)).is_err() && sha256_hash("x").is_err());
    }
}
