//! Everything that an epoch depends on besides batches, as it was read from the chain or stands in a manifest.

use std::collections::BTreeMap;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::did;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::Sfu;
use radio_payouts_protocol::seal::{SfuSeal, SfuState};
use radio_payouts_protocol::settlement::{Parent, Setting, Settlement, SettlementError, seal_all, settle};
use radio_payouts_protocol::statement::Statement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source::BatchSource;

/// The cluster and program that an epoch belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub domain: Hash,
    /// The cluster's genesis hash.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub genesis_hash: Hash,
    /// The program's address.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub program_id: Hash,
    /// Unix seconds at which epoch 0 starts (exclusive).
    pub genesis_unix: i64,
    /// Length of every epoch.
    pub epoch_seconds: u32,
}

impl Deployment {
    /// Start and length of epochs.
    ///
    /// # Errors
    /// If the values are out of range.
    pub fn calendar(&self) -> anyhow::Result<Calendar> {
        Ok(Calendar::new(self.genesis_unix, self.epoch_seconds)?)
    }

    /// Whether the domain is the one of genesis hash and program.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        Domain::derive(&self.genesis_hash, &self.program_id).as_bytes() == &self.domain
    }
}

/// From which epoch on a version of the parameters is in force, and its mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionInForce {
    /// Number of the version.
    pub version: u32,
    /// First epoch in which it is in force.
    #[serde(with = "radio_payouts_protocol::json")]
    pub effective_epoch: u64,
    /// Its mode.
    pub mode: Mode,
}

/// The parent epoch: what the chain has of it, and what the next epoch needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParentTerms {
    /// Its statement.
    pub statement: Statement,
    /// Its state after sealing.
    pub state: Parent,
}

/// Everything besides batches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Cluster and program.
    pub deployment: Deployment,
    /// The epoch.
    pub epoch: u64,
    /// Parameters of the epoch.
    pub params: Params,
    /// Their version.
    pub params_version: u32,
    /// Every version up to that one, ascending.
    pub versions: Vec<VersionInForce>,
    /// Version of the registry.
    pub registry_version: u64,
    /// SFUs with `valid_from <= epoch`, by key.
    pub registry: Vec<Sfu>,
    /// The parent, if there is one.
    pub parent: Option<ParentTerms>,
}

impl Terms {
    /// Mode of the parameters of an epoch: that of the last version effective at or before it.
    #[must_use]
    pub fn mode_of(&self, epoch: u64) -> Mode {
        let before = |version: &&VersionInForce| version.effective_epoch <= epoch;
        // Version 0 is in force from epoch 0 on; a manifest without it is Demo before its first.
        self.versions.iter().rev().find(before).map_or(Mode::Demo, |version| version.mode)
    }

    /// The state of every SFU after the parent.
    #[must_use]
    pub fn states(&self) -> BTreeMap<[u8; 32], SfuState> {
        self.parent.as_ref().map(|parent| parent.state.sfus.clone()).unwrap_or_default()
    }

    /// Settles the epoch over the held batches that no ancestor judged: the protocol crate's one path.
    ///
    /// # Errors
    /// If a batch cannot be loaded.
    pub fn settle(&self, held: &[BatchHeader], batches: &dyn BatchSource) -> anyhow::Result<Settlement> {
        self.with_setting(|setting| {
            settle(setting, held, |header| batches.batch(header)).map_err(|error| match error {
                SettlementError::Load(error) => error.context("a held batch could not be loaded"),
                other => anyhow::anyhow!("{other}"),
            })
        })
    }

    /// Seals every SFU over these batches, which no ancestor judged, and computes nothing more.
    ///
    /// # Errors
    /// If the calendar is out of range.
    pub fn seal(&self, held: &[BatchHeader]) -> anyhow::Result<Vec<SfuSeal>> {
        self.with_setting(|setting| Ok(seal_all(setting, held)))
    }

    fn with_setting<T>(&self, work: impl FnOnce(&Setting<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let domain = Domain::from_bytes(self.deployment.domain);
        let cluster_reference = did::cluster_reference(&self.deployment.genesis_hash);
        work(&Setting {
            domain: &domain,
            cluster_reference: &cluster_reference,
            calendar: self.deployment.calendar()?,
            epoch: self.epoch,
            parent: self.parent.as_ref().map(|parent| &parent.state),
            params: &self.params,
            params_version: self.params_version,
            mode_of: &|epoch| self.mode_of(epoch),
            registry_version: self.registry_version,
            sfus: &self.registry,
        })
    }
}
