//! Key files in Solana's format: a JSON array of 64 bytes, readable by the owner only.

use std::path::Path;

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
        std::fs::write(&path, "[1,2,3]").unwrap();
        assert!(load(&path).is_err());
    }
}
