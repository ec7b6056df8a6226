//! Everything that an epoch depends on besides batches, as it was read from the chain or stands in a manifest.

use alloc::collections::BTreeMap;
#[cfg(feature = "schema")]
use alloc::string::String;
use alloc::vec::Vec;

use crate::batch::{Batch, BatchHeader};
use crate::calendar::{Calendar, CalendarError};
use crate::did;
use crate::domain::Domain;
use crate::hash::Hash;
use crate::params::{Mode, Params};
use crate::registry::Sfu;
use crate::seal::{SfuSeal, SfuState};
use crate::settlement::{Parent, Setting, Settlement, SettlementError, seal_all, settle};
use crate::statement::Statement;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The cluster and program that an epoch belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// `SHA-256("radio-payouts/v1" || genesis_hash || program_id)`.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub domain: Hash,
    /// The cluster's genesis hash.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub genesis_hash: Hash,
    /// The program's address.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
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
    pub fn calendar(&self) -> Result<Calendar, CalendarError> {
        Calendar::new(self.genesis_unix, self.epoch_seconds)
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
    #[serde(with = "crate::json")]
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

/// Why what a manifest says of the parent cannot be true.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ParentFault {
    /// The parent's statement is not the one that the epoch names.
    #[error("field parent: the parent's statement does not lead to the commitment {}", hex::encode(.0))]
    Commitment(Hash),
    /// The history is not the one that the parent committed to.
    #[error("history.parquet: the records do not lead to the history_hash of epoch {0}")]
    History(u64),
}

impl ParentTerms {
    /// Checks that statement and history are those of `commitment`.
    ///
    /// # Errors
    /// [`ParentFault`].
    pub fn check(&self, domain: &Domain, commitment: &Hash) -> Result<(), ParentFault> {
        if self.state.commitment != *commitment || self.statement.commitment(domain) != *commitment {
            return Err(ParentFault::Commitment(*commitment));
        }
        if self.state.history.hash() != self.statement.history_hash {
            return Err(ParentFault::History(self.statement.epoch));
        }
        Ok(())
    }
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

    /// Settles the epoch over the held batches that no ancestor judged: the one path of [`settle`].
    ///
    /// # Errors
    /// If the calendar is out of range; those of [`settle`].
    pub fn settle<E>(
        &self,
        held: &[BatchHeader],
        load: impl FnMut(&BatchHeader) -> Result<Batch, E>,
    ) -> Result<Settlement, SettlementError<E>> {
        self.with_setting(|setting| settle(setting, held, load))?
    }

    /// Seals every SFU over these batches, which no ancestor judged, and computes nothing more.
    ///
    /// # Errors
    /// If the calendar is out of range.
    pub fn seal(&self, held: &[BatchHeader]) -> Result<Vec<SfuSeal>, CalendarError> {
        self.with_setting(|setting| seal_all(setting, held))
    }

    /// Lends these terms as the protocol's own [`Setting`].
    ///
    /// # Errors
    /// If the calendar is out of range.
    pub fn with_setting<T>(&self, work: impl FnOnce(&Setting<'_>) -> T) -> Result<T, CalendarError> {
        let domain = Domain::from_bytes(self.deployment.domain);
        let cluster_reference = did::cluster_reference(&self.deployment.genesis_hash);
        Ok(work(&Setting {
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
        }))
    }
}
