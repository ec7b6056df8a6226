//! Key files in Solana's format: a JSON array of 64 bytes, readable by the owner only.

use std::path::Path;

use ed25519_dalek::SigningKey;
use solana_keypair::{Keypair, read_keypair_file};

use crate::durable;
use crate::outcome::{Failure, Outcome};

/// Reads a key file.
///
/// # Errors
/// If it is not there or not a key; the message never holds any of it.
pub fn load(path: &Path) -> Outcome<Keypair> {
    let text = path.to_string_lossy();
    if text.contains("://") || text == "ASK" || text == "-" {
        return Err(Failure::usage(format!("{text}: only key files are supported; give one with --keypair")));
    }
    if !path.exists() {
        return Err(Failure::usage(format!(
            "there is no key file {}; `settler keygen {}` makes one",
            path.display(),
            path.display()
        )));
    }
    read_keypair_file(path).map_err(|_| Failure::usage(format!("{} is not a key file", path.display())))
}

/// Makes a key and its file.
///
/// # Errors
/// If the file is there already: a key is never overwritten.
pub fn create(path: &Path) -> Outcome<Keypair> {
    if path.exists() {
        return Err(Failure::usage(format!("{} exists already; a key is never overwritten", path.display())));
    }
    let keypair = Keypair::new();
    let bytes = serde_json::to_vec(&keypair.to_bytes().as_slice())?;
    durable::write_secret(path, &bytes)?;
    Ok(keypair)
}

/// Reads a key file, or makes it.
///
/// # Errors
/// If it is there and not a key, or cannot be made.
pub fn load_or_create(path: &Path) -> Outcome<Keypair> {
    if path.exists() { load(path) } else { create(path) }
}

/// The key as an SFU signs with it.
#[must_use]
pub fn signing_key(keypair: &Keypair) -> SigningKey {
    SigningKey::from_bytes(keypair.secret_bytes())
}

#[cfg(test)]
mod tests {
    use solana_signer::Signer as _;

    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/settler.json");
        assert!(load(&path).is_err());
        let made = load_or_create(&path).unwrap();
        assert_eq!(load_or_create(&path).unwrap().pubkey(), made.pubkey());
        assert!(create(&path).is_err());
        let halves_of_two_keys = [[1; 32], [2; 32]].concat();
        for bad in ["[211,212,213]", "[211,\"secret211\"]", "{}", "", &format!("{halves_of_two_keys:?}")] {
            std::fs::write(&path, bad).unwrap();
            let message = format!("{:#}", load(&path).unwrap_err().error);
            assert!(!message.contains("211"), "{message}");
        }
    }

    #[test]
    fn reads_what_solana_keygen_writes() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id.json");
        std::fs::write(&path, format!("{:?}", key.to_keypair_bytes())).unwrap();
        let keypair = load(&path).unwrap();
        assert_eq!(keypair.pubkey().to_string(), "AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9");
        assert_eq!(signing_key(&keypair).to_bytes(), key.to_bytes());
    }
}
