//! Which cluster a transaction may go to. Asked before every send.

use radio_payouts_client::PROGRAM_ID;
use radio_payouts_client::state::Mode;
use radio_payouts_protocol::domain::Domain;

use crate::chain::{Chain, ChainError, deployment};
use crate::config::cluster::Cluster;

/// What must hold of a cluster before anything is sent to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guard {
    /// The genesis hash that the configuration was made for, if there is a configuration.
    pub genesis_hash: Option<[u8; 32]>,
    /// Whether there may be no deployment yet (`settler init`).
    pub may_initialize: bool,
}

impl Guard {
    /// Compares the cluster with configuration and deployment; refuses mainnet-beta unless it is Live.
    ///
    /// # Errors
    /// [`ChainError::NotPermitted`], saying what to do; or the chain is away.
    pub fn check(&self, chain: &dyn Chain) -> Result<(), ChainError> {
        let genesis_hash = chain.genesis_hash()?;
        let cluster = Cluster::of(&genesis_hash);
        if self.genesis_hash.is_some_and(|expected| expected != genesis_hash) {
            return Err(ChainError::NotPermitted(format!(
                "{} is {cluster}, but the configuration was made for another cluster; nothing was sent. Give the right --url, or another --config made by `settler init` on this cluster",
                chain.describe()
            )));
        }
        let config = deployment::config(chain)?;
        match &config {
            Some(config) if config.domain != *Domain::derive(&genesis_hash, &PROGRAM_ID.to_bytes()).as_bytes() => {
                return Err(ChainError::NotPermitted(format!(
                    "the deployment on {cluster} was initialised with the domain of another cluster; nothing was sent. It cannot be used: deploy the program under another address"
                )));
            }
            None if !self.may_initialize => {
                return Err(ChainError::NotPermitted(format!(
                    "{cluster} has no deployment of program {PROGRAM_ID}; nothing was sent. Run `settler init` first"
                )));
            }
            _ => {}
        }
        if cluster != Cluster::MainnetBeta {
            return Ok(());
        }
        let live = match &config {
            None => false,
            Some(config) => deployment::params_now(chain, config)?.mode == Mode::Live,
        };
        if live {
            Ok(())
        } else {
            Err(ChainError::NotPermitted(
                "this is mainnet-beta, and the parameters in force are not Live; nothing was sent. Mainnet payouts require governance approval: use devnet or `settler init --url embedded` for demonstrations".into(),
            ))
        }
    }
}
