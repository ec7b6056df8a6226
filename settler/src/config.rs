//! Configuration: command line, environment, file, and Solana's own configuration, in this order, each value with where it
//! comes from. There is no default cluster.

use std::path::{Path, PathBuf};

use radio_payouts_client::PROGRAM_ID;
use radio_payouts_protocol::domain::Domain;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::cli::Global;
use crate::outcome::{Failure, Outcome};
use crate::store::Place;

pub mod cluster;
pub mod document;
pub mod file;
pub mod secret;

pub use cluster::{Cluster, Endpoint};
pub use file::ConfigFile;

/// Most to offer as priority fee unless told otherwise: at 200,000 compute units 0.00002 SOL.
const DEFAULT_MAX_PRIORITY_FEE: u64 = 100_000;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An option on the command line.
    CommandLine,
    /// An environment variable.
    Environment,
    /// The configuration file.
    File,
    /// `~/.config/solana/cli/config.yml`.
    SolanaCli,
    /// Built in.
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::CommandLine => "command line",
            Self::Environment => "environment",
            Self::File => "configuration file",
            Self::SolanaCli => "Solana CLI configuration",
            Self::Default => "default",
        })
    }
}

/// A value and where it comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

/// What is in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The configuration file, whether it is there or not.
    pub path: PathBuf,
    /// Whether it is there.
    pub found: bool,
    /// Where the cluster is reached; commands that need one refuse to go on without.
    pub endpoint: Option<Sourced<Endpoint>>,
    /// Genesis hash of the cluster that the deployment is on.
    pub genesis_hash: Option<[u8; 32]>,
    /// The deployment's domain.
    pub domain: Option<[u8; 32]>,
    /// The deployment's lookup table.
    pub lookup_table: Option<Pubkey>,
    /// Key file of the settler.
    pub keypair: Option<Sourced<PathBuf>>,
    /// Key file of the authority, if it is another.
    pub authority_keypair: Option<PathBuf>,
    /// Key file of the demo SFU.
    pub demo_sfu_keypair: Option<PathBuf>,
    /// Folder of held batches, sealed epochs and the journal.
    pub data: Sourced<PathBuf>,
    /// Whether provisional calculations and posts are allowed.
    pub radio_payouts_demo: Sourced<bool>,
    /// Most to offer as priority fee, in micro-lamports per compute unit.
    pub max_priority_fee: Sourced<u64>,
    /// Whether rows are made of what is taken in.
    pub rows: Sourced<bool>,
    /// URL of the place where packs and rows are kept for good, if not in the data folder alone.
    pub store: Option<String>,
}

/// What Solana's own tools are configured with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SolanaCli {
    /// RPC address.
    pub url: String,
    /// Key file.
    pub keypair: String,
}

impl SolanaCli {
    /// Reads `~/.config/solana/cli/config.yml`; `None` if there is none.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn load() -> Outcome<Option<Self>> {
        let Some(path) = solana_cli_config::CONFIG_FILE.as_ref() else { return Ok(None) };
        if !Path::new(path).exists() {
            return Ok(None);
        }
        let config = solana_cli_config::Config::load(path)
            .map_err(|error| Failure::usage(format!("{path}: {error}; mend it with `solana config set`")))?;
        Ok(Some(Self { url: config.json_rpc_url, keypair: config.keypair_path }))
    }
}

impl Config {
    /// Puts everything together for these options.
    ///
    /// # Errors
    /// If the file or Solana's configuration cannot be read or says something wrong.
    pub fn load(global: &Global) -> Outcome<Self> {
        let file = ConfigFile::read(&global.config)?;
        Self::resolve(global, file, SolanaCli::load()?)
    }

    /// Puts what was read together.
    ///
    /// # Errors
    /// If a value is not of its kind; the message names the key.
    pub fn resolve(global: &Global, file: Option<ConfigFile>, solana: Option<SolanaCli>) -> Outcome<Self> {
        let found = file.is_some();
        let file = file.unwrap_or_default();
        let folder = global.config.parent().map(Path::to_owned).unwrap_or_default();
        let in_folder = |path: &String| folder.join(path);
        let here = Path::new("");

        let given_url = global.url.as_ref().map(|url| (url, here, global.source("url")));
        let file_url = || file.url.as_ref().map(|url| (url, folder.as_path(), Source::File));
        let solana_url = || solana.as_ref().map(|solana| (&solana.url, here, Source::SolanaCli));
        let endpoint = given_url.or_else(file_url).or_else(solana_url);
        let endpoint = endpoint
            .map(|(url, folder, source)| {
                Endpoint::parse(url, folder).map(|value| Sourced { value, source }).map_err(Failure::usage)
            })
            .transpose()?;

        let given_keypair = global.keypair.clone().map(|value| Sourced { value, source: global.source("keypair") });
        let file_keypair =
            || file.keypair.as_ref().map(|path| Sourced { value: in_folder(path), source: Source::File });
        let solana_keypair = || {
            let path = PathBuf::from(&solana.as_ref()?.keypair);
            Some(Sourced { value: path, source: Source::SolanaCli })
        };

        let given_data = global.data.clone().map(|value| Sourced { value, source: global.source("data") });
        let file_data = || file.data.as_ref().map(|path| Sourced { value: in_folder(path), source: Source::File });
        let default_data = || Sourced { value: folder.join("data"), source: Source::Default };

        let given_demo =
            global.radio_payouts_demo.map(|value| Sourced { value, source: global.source("radio_payouts_demo") });
        let file_demo = || file.radio_payouts_demo.map(|value| Sourced { value, source: Source::File });

        let genesis_hash = file.genesis_hash.as_deref().map(|text| base58_hash("genesis_hash", text)).transpose()?;
        let domain = file.domain.as_deref().map(hex_hash).transpose()?;
        if let (Some(genesis_hash), Some(domain)) = (&genesis_hash, &domain)
            && Domain::derive(genesis_hash, &PROGRAM_ID.to_bytes()).as_bytes() != domain
        {
            return Err(Failure::usage(format!(
                "domain and genesis_hash in {} do not belong together for program {PROGRAM_ID}: the file was made for another program, or changed by hand",
                global.config.display()
            )));
        }
        if let Some(store) = &file.store {
            let _ = Place::check(store).map_err(|error| Failure::usage(format!("store: {error}")))?;
        }
        let fee = file.max_priority_fee.map(|value| Sourced { value, source: Source::File });
        Ok(Self {
            path: global.config.clone(),
            found,
            endpoint,
            genesis_hash,
            domain,
            lookup_table: file
                .lookup_table
                .as_deref()
                .map(|text| base58_hash("lookup_table", text).map(Pubkey::new_from_array))
                .transpose()?,
            keypair: given_keypair.or_else(file_keypair).or_else(solana_keypair),
            authority_keypair: file.authority_keypair.as_ref().map(in_folder),
            demo_sfu_keypair: file.demo_sfu_keypair.as_ref().map(in_folder),
            data: given_data.or_else(file_data).unwrap_or_else(default_data),
            radio_payouts_demo: given_demo
                .or_else(file_demo)
                .unwrap_or(Sourced { value: false, source: Source::Default }),
            max_priority_fee: fee.unwrap_or(Sourced { value: DEFAULT_MAX_PRIORITY_FEE, source: Source::Default }),
            rows: file.rows.map_or(Sourced { value: false, source: Source::Default }, |value| Sourced {
                value,
                source: Source::File,
            }),
            store: file.store,
        })
    }

    /// Refuses to go on while the flag `radio_payouts_demo` is off.
    ///
    /// # Errors
    /// Exit 4, saying how to set it.
    pub fn require_demo_flag(&self) -> Outcome {
        if self.radio_payouts_demo.value {
            return Ok(());
        }
        Err(Failure::not_permitted(format!(
            "provisional calculations and posts are off ({}): set --radio-payouts-demo, RADIO_PAYOUTS_DEMO=true, or radio_payouts_demo = true in {}",
            self.radio_payouts_demo.source,
            self.path.display()
        )))
    }

    /// Where packs and rows are kept for good; `None` if in the data folder.
    ///
    /// # Errors
    /// Exit 2 if the environment has something that the store cannot be opened with.
    pub fn kept_at(&self) -> Outcome<Option<Place>> {
        Ok(self.store.as_deref().map(Place::of).transpose()?)
    }

    /// Where the cluster is reached.
    ///
    /// # Errors
    /// Exit 2 if nothing names one.
    pub fn require_endpoint(&self) -> Outcome<&Endpoint> {
        self.endpoint.as_ref().map(|endpoint| &endpoint.value).ok_or_else(|| {
            Failure::usage(
                "no cluster: give --url (localnet, devnet, testnet, mainnet-beta, embedded), or run `settler init`",
            )
        })
    }

    /// The file of the embedded chain that `embedded` without a file means.
    #[must_use]
    pub fn embedded_file(&self) -> PathBuf {
        self.data.value.join("embedded.chain")
    }

    /// The folder of the journal.
    #[must_use]
    pub fn journal_folder(&self) -> PathBuf {
        self.data.value.join("journal")
    }
}

fn base58_hash(key: &str, text: &str) -> Outcome<[u8; 32]> {
    let bytes = bs58::decode(text).into_vec().ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Failure::usage(format!("{key}: \"{text}\" is not 32 bytes in base58")))
}

fn hex_hash(text: &str) -> Outcome<[u8; 32]> {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Failure::usage(format!("domain: \"{text}\" is not 32 bytes in hex")))
}

#[cfg(test)]
mod tests;
