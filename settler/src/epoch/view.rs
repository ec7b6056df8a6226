//! What the chain says, read once per settlement: deployment, parameters, registry, head.

use std::cell::OnceCell;

use radio_payouts_client::PROGRAM_ID;
use radio_payouts_client::state::{Config, Epoch, EpochStatus, ParamsVersion, Sfu as SfuAccount};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::Sfu;
use radio_payouts_protocol::statement::Statement;

use crate::artefact::terms::{Deployment, ParentTerms, Terms, VersionInForce};
use crate::chain::{Chain, deployment};
use crate::outcome::{Failure, Outcome};

/// A deployment's state as of one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// The deployment.
    pub config: Config,
    /// Genesis hash of the cluster.
    pub genesis_hash: Hash,
    /// Every version of the parameters, ascending.
    pub versions: Vec<ParamsVersion>,
    /// Every SFU, by key.
    pub sfus: Vec<SfuAccount>,
    /// The chain's clock, in Unix seconds.
    pub now: i64,
    /// Slot of that clock.
    pub slot: u64,
}

/// The deployment as it is on chain when it is first asked for: a folder is compared with itself before.
pub struct OnChain<'a> {
    /// The chain.
    pub chain: &'a dyn Chain,
    view: OnceCell<View>,
}

impl<'a> OnChain<'a> {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(chain: &'a dyn Chain) -> Self {
        Self { chain, view: OnceCell::new() }
    }

    /// The deployment, read once.
    ///
    /// # Errors
    /// As [`View::read`].
    pub fn view(&self) -> Outcome<&View> {
        if let Some(view) = self.view.get() {
            return Ok(view);
        }
        let view = View::read(self.chain)?;
        Ok(self.view.get_or_init(|| view))
    }
}

impl View {
    /// Reads the deployment.
    ///
    /// # Errors
    /// Exit 75 if the chain is away; exit 1 if there is no deployment.
    pub fn read(chain: &dyn Chain) -> Outcome<Self> {
        let config = deployment::require_config(chain)?;
        let versions = deployment::params_versions(chain, &config)?;
        let sfus = deployment::sfus(chain)?;
        let clock = chain.clock()?;
        let genesis_hash = chain.genesis_hash()?;
        let view = Self { config, genesis_hash, versions, sfus, now: clock.unix_timestamp, slot: clock.slot };
        if !view.deployment().is_consistent() {
            return Err(Failure::not_permitted(
                "the deployment's domain is not that of this cluster and program; nothing can be settled here",
            ));
        }
        Ok(view)
    }

    /// The deployment's domain.
    #[must_use]
    pub const fn domain(&self) -> Domain {
        Domain::from_bytes(self.config.domain)
    }

    /// Cluster and program.
    #[must_use]
    pub fn deployment(&self) -> Deployment {
        Deployment {
            domain: self.config.domain,
            genesis_hash: self.genesis_hash,
            program_id: PROGRAM_ID.to_bytes(),
            genesis_unix: self.config.genesis_unix,
            epoch_seconds: self.config.epoch_seconds,
        }
    }

    /// The parameters in force in an epoch.
    ///
    /// # Errors
    /// If there are none.
    pub fn params(&self, epoch: u64) -> Outcome<&ParamsVersion> {
        deployment::params_in_force(&self.versions, epoch)
            .ok_or_else(|| anyhow::anyhow!("no version of the parameters is in force in epoch {epoch}").into())
    }

    /// Mode of an epoch's parameters.
    ///
    /// # Errors
    /// As [`View::params`].
    pub fn mode(&self, epoch: u64) -> Outcome<Mode> {
        Ok(mode(self.params(epoch)?))
    }

    /// The registered SFUs, by key.
    #[must_use]
    pub fn registry(&self) -> Vec<Sfu> {
        let mut sfus: Vec<Sfu> = self.sfus.iter().map(registered).collect();
        sfus.sort_unstable_by_key(|sfu| sfu.key);
        sfus
    }

    /// Everything that an epoch rests on besides batches.
    ///
    /// # Errors
    /// As [`View::params`].
    pub fn terms(&self, epoch: u64, parent: Option<ParentTerms>) -> Outcome<Terms> {
        let in_force = self.params(epoch)?;
        let versions = self.versions.iter().filter(|version| version.number <= in_force.number);
        Ok(Terms {
            deployment: self.deployment(),
            epoch,
            params: Params::from(in_force.values),
            params_version: in_force.number,
            versions: versions
                .map(|version| VersionInForce {
                    version: version.number,
                    effective_epoch: version.effective_epoch,
                    mode: mode(version),
                })
                .collect(),
            registry_version: self.config.registry_version,
            registry: self.registry().into_iter().filter(|sfu| sfu.valid_from <= epoch).collect(),
            parent,
        })
    }
}

/// The mode of a version in the protocol crate's terms.
#[must_use]
pub fn mode(version: &ParamsVersion) -> Mode {
    match version.mode {
        radio_payouts_client::state::Mode::Demo => Mode::Demo,
        radio_payouts_client::state::Mode::Live => Mode::Live,
    }
}

/// An SFU's account in the protocol crate's terms.
#[must_use]
pub fn registered(account: &SfuAccount) -> Sfu {
    Sfu {
        key: account.key,
        demo: account.demo,
        valid_from: account.valid_from,
        valid_until: account.valid_until,
        max_bytes_per_epoch: account.max_bytes_per_epoch,
        stop_seq: account.stop_seq,
    }
}

/// The root in force of an epoch: its commitment and statement; `None` while there is none.
#[must_use]
pub fn root_in_force(account: Option<&Epoch>) -> Option<(Hash, Statement)> {
    let account = account.filter(|account| account.status.has_root())?;
    Some((account.commitment, *account.statement.to_protocol(account.epoch)))
}

/// The word for where an epoch stands.
#[must_use]
pub fn standing(status: EpochStatus) -> &'static str {
    match status {
        EpochStatus::Open => "open",
        EpochStatus::Posted => "posted (provisional)",
        EpochStatus::Disputed => "disputed (provisional)",
        EpochStatus::Final => "final (provisional)",
        EpochStatus::Ratified => "ratified",
        EpochStatus::Closed => "closed",
        EpochStatus::Revoked => "revoked",
    }
}
