//! The configuration file, `settler.toml`.

use std::path::Path;

use serde::Deserialize;

use super::document;
use crate::durable;
use crate::outcome::{Failure, Outcome};

/// What a file may say. Every field is optional; a key that is not one of these is refused.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Cluster: RPC address or moniker.
    pub url: Option<String>,
    /// Genesis hash (base58) of the cluster that the deployment is on.
    pub genesis_hash: Option<String>,
    /// The deployment's domain (hex).
    pub domain: Option<String>,
    /// The deployment's address lookup table.
    pub lookup_table: Option<String>,
    /// Key file of the settler.
    pub keypair: Option<String>,
    /// Key file of the authority.
    pub authority_keypair: Option<String>,
    /// Key file of a demo SFU.
    pub demo_sfu_keypair: Option<String>,
    /// Folder of held batches, sealed epochs and the journal.
    pub data: Option<String>,
    /// Provisional calculations and posts.
    pub radio_payouts_demo: Option<bool>,
    /// Most to offer as priority fee, in micro-lamports per compute unit.
    pub max_priority_fee: Option<u64>,
    /// Make rows of what is taken in.
    pub rows: Option<bool>,
    /// Where packs and rows are kept for good.
    pub store: Option<String>,
}

impl ConfigFile {
    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or says something that is not understood.
    pub fn read(path: &Path) -> Outcome<Option<Self>> {
        match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::new(crate::outcome::Exit::Failed, format!("{}: {error}", path.display()))),
            Ok(text) => {
                Self::parse(&text).map(Some).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
            }
        }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// If it is not TOML, or has an unknown key or a value of the wrong kind.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Writes the file, every key explained, what is not set as a comment.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Outcome {
        // An address with a key in it is for its owner only.
        let secret = self.url.as_ref().is_some_and(|url| super::secret::without_secrets(url) != *url);
        let write = if secret { durable::write_secret } else { durable::write };
        write(path, document::render(self).as_bytes())
            .map_err(|error| Failure::new(crate::outcome::Exit::Failed, format!("{}: {error}", path.display())))
    }
}
