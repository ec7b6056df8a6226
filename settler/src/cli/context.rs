//! What commands share: global options and the output. Configuration, keys and chain are opened when asked for.

use std::cell::OnceCell;
use std::path::PathBuf;

use solana_keypair::Keypair;

use super::Global;
use crate::chain::embedded::Embedded;
use crate::chain::rpc::Rpc;
use crate::chain::sender::Guard;
use crate::chain::{Chain, Journal, Sender};
use crate::config::{Config, Endpoint};
use crate::epoch::settle::busy;
use crate::keyfile;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::store::Store;

/// Handed to every command.
pub struct Context {
    /// The global options as given.
    pub global: Global,
    /// The only writer to stdout.
    pub output: Output,
    config: OnceCell<Config>,
}

impl Context {
    /// Puts options and output together; touches nothing.
    #[must_use]
    pub fn new(global: Global, output: Output) -> Self {
        Self { global, output, config: OnceCell::new() }
    }

    /// The configuration in force.
    ///
    /// # Errors
    /// Exit 2 if a file says something wrong.
    pub fn config(&self) -> Outcome<&Config> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = Config::load(&self.global)?;
        Ok(self.config.get_or_init(|| config))
    }

    /// Folder of held batches, sealed epochs and the journal.
    ///
    /// # Errors
    /// As [`Context::config`].
    pub fn data(&self) -> Outcome<PathBuf> {
        Ok(self.config()?.data.value.clone())
    }

    /// The store, with the place where its packs and rows are kept for good.
    ///
    /// # Errors
    /// As [`Context::config`]; exit 75 while its index is made anew.
    pub fn store(&self) -> Outcome<Store> {
        let kept_at = self.config()?.kept_at()?;
        Ok(Store::open(&self.data()?).map_err(busy)?.kept_at(kept_at))
    }

    /// The settler's key.
    ///
    /// # Errors
    /// Exit 2 if none is named, or the file is not one.
    pub fn keypair(&self) -> Outcome<Keypair> {
        let keypair = self.config()?.keypair.as_ref();
        let path = keypair.ok_or_else(|| Failure::usage("no key: give --keypair, or run `settler init`"))?;
        keyfile::load(&path.value)
    }

    /// The authority's key; the settler's own if no other is named.
    ///
    /// # Errors
    /// As [`Context::keypair`].
    pub fn authority_keypair(&self) -> Outcome<Keypair> {
        match &self.config()?.authority_keypair {
            Some(path) => keyfile::load(path),
            None => self.keypair(),
        }
    }

    /// The cluster, for reading.
    ///
    /// # Errors
    /// Exit 2 if none is named; whatever keeps an embedded one from being opened.
    pub fn chain(&self) -> Outcome<Box<dyn Chain>> {
        let config = self.config()?;
        Ok(match config.require_endpoint()? {
            Endpoint::Rpc(url) => Box::new(Rpc::new(url.expose())),
            Endpoint::Embedded(file) => Box::new(Embedded::open(file.as_deref().unwrap_or(&config.embedded_file()))?),
        })
    }

    /// The cluster, for sending: with the journal, and only to the cluster that the configuration was made for.
    ///
    /// # Errors
    /// As [`Context::chain`].
    pub fn sender(&self) -> Outcome<Sender> {
        let config = self.config()?;
        let guard = Guard { genesis_hash: config.genesis_hash, may_initialize: false };
        let journal = Journal::new(&config.journal_folder());
        Ok(Sender::new(self.chain()?, journal, guard, config.max_priority_fee.value))
    }

    /// The deployment's lookup table, for large proofs; none if the configuration names none.
    ///
    /// # Errors
    /// If the chain is away, or the account is not a table.
    pub fn lookup_tables(&self, chain: &dyn Chain) -> Outcome<Vec<solana_message::AddressLookupTableAccount>> {
        let Some(address) = &self.config()?.lookup_table else { return Ok(Vec::new()) };
        Ok(crate::chain::deployment::lookup_table(chain, address)?.into_iter().collect())
    }
}
