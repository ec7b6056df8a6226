//! Clusters: how they are named on a command line, and who they are by their genesis hash.

use std::path::{Path, PathBuf};

use super::secret::SecretUrl;

const MAINNET_BETA: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
const TESTNET: &str = "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY";
const DEVNET: &str = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";

/// Which cluster it is. Only the genesis hash says so; an address says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cluster {
    /// Solana's main network.
    MainnetBeta,
    /// Solana's testnet.
    Testnet,
    /// Solana's devnet.
    Devnet,
    /// A local validator, an embedded chain, or a network of others.
    Other([u8; 32]),
}

impl Cluster {
    /// The cluster with this genesis hash.
    #[must_use]
    pub fn of(genesis_hash: &[u8; 32]) -> Self {
        match bs58::encode(genesis_hash).into_string().as_str() {
            MAINNET_BETA => Self::MainnetBeta,
            TESTNET => Self::Testnet,
            DEVNET => Self::Devnet,
            _ => Self::Other(*genesis_hash),
        }
    }
}

impl std::fmt::Display for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MainnetBeta => formatter.write_str("mainnet-beta"),
            Self::Testnet => formatter.write_str("testnet"),
            Self::Devnet => formatter.write_str("devnet"),
            Self::Other(hash) => write!(formatter, "private cluster {}", bs58::encode(hash).into_string()),
        }
    }
}

/// Where a cluster is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// An RPC node.
    Rpc(SecretUrl),
    /// An embedded chain's file; `None` for the one in the data folder.
    Embedded(Option<PathBuf>),
}

impl Endpoint {
    /// Reads an address or moniker, as Solana's tools do; `embedded` and `embedded:FILE` besides. FILE is taken from
    /// `folder` if it is relative.
    ///
    /// # Errors
    /// If it is neither; the message lists what there is.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let url = match text {
            "m" | "mainnet-beta" => "https://api.mainnet-beta.solana.com",
            "t" | "testnet" => "https://api.testnet.solana.com",
            "d" | "devnet" => "https://api.devnet.solana.com",
            "l" | "localhost" | "localnet" => "http://localhost:8899",
            "e" | "embedded" => return Ok(Self::Embedded(None)),
            _ => match text.strip_prefix("embedded:") {
                Some("") => return Err("\"embedded:\" names no file".into()),
                Some(file) => return Ok(Self::Embedded(Some(folder.join(file)))),
                None if text.starts_with("http://") || text.starts_with("https://") => text,
                None => {
                    return Err(format!(
                        "\"{}\" is no cluster: give localnet, devnet, testnet, mainnet-beta (or their first letters), embedded[:FILE], or an address that begins with http:// or https://",
                        super::secret::without_secrets(text)
                    ));
                }
            },
        };
        Ok(Self::Rpc(SecretUrl::new(url)))
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rpc(url) => url.fmt(formatter),
            Self::Embedded(None) => formatter.write_str("embedded"),
            Self::Embedded(Some(file)) => write!(formatter, "embedded:{}", file.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        Endpoint::parse(text, Path::new("/etc/settler")).map(|endpoint| match endpoint {
            Endpoint::Rpc(url) => url.expose().to_owned(),
            Endpoint::Embedded(file) => format!("{file:?}"),
        })
    }

    #[test]
    fn monikers_are_solanas() {
        for (monikers, url) in [
            (&["m", "mainnet-beta"][..], "https://api.mainnet-beta.solana.com"),
            (&["t", "testnet"], "https://api.testnet.solana.com"),
            (&["d", "devnet"], "https://api.devnet.solana.com"),
            (&["l", "localhost", "localnet"], "http://localhost:8899"),
        ] {
            for moniker in monikers {
                assert_eq!(parse(moniker).unwrap(), url);
            }
        }
        assert_eq!(parse("https://node.example:1/key").unwrap(), "https://node.example:1/key");
        assert_eq!(parse("embedded").unwrap(), "None");
        assert_eq!(parse("embedded:a.chain").unwrap(), "Some(\"/etc/settler/a.chain\")");
        assert_eq!(parse("embedded:/b.chain").unwrap(), "Some(\"/b.chain\")");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "main", "mainnet", "devnet.example", "ftp://x", "embedded:", "DEVNET"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn clusters_are_known_by_their_genesis_hash() {
        for (hash, name) in [(MAINNET_BETA, "mainnet-beta"), (TESTNET, "testnet"), (DEVNET, "devnet")] {
            let hash: [u8; 32] = bs58::decode(hash).into_vec().unwrap().try_into().unwrap();
            assert_eq!(Cluster::of(&hash).to_string(), name);
        }
        assert_eq!(Cluster::of(&[1; 32]), Cluster::Other([1; 32]));
    }
}
