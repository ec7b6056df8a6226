//! `manifest.json`: the statement's fields, what they rest on besides batches, and the hash of every other file.
//!
//! None of the file hashes is committed on chain; the commitment is. A `u64` is a decimal string, bytes are hex.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::did::did_of_key;
use crate::domain::Domain;
use crate::hash::Hash;
use crate::history::History;
use crate::params::{Mode, Params};
use crate::ranges::Ranges;
use crate::registry::Sfu;
use crate::seal::{Judged, SfuSeal, SfuState};
use crate::settlement::{Parent, Settlement, Summary};
use crate::statement::Statement;
use crate::tree::TreeRoot;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::difference::{self, FieldDifference};
use super::terms::{Deployment, ParentTerms, Terms, VersionInForce};

/// The one format of this version.
pub const FORMAT: &str = "radio-payouts/epoch/v1";
/// What every artefact says of itself: whether an epoch was ratified is read from the chain, never from a file.
pub const STANDING: &str = "provisional";

/// A committed tree.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RootJson {
    /// The root's hash.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub root: Hash,
    /// Its sum.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub sum: u64,
    /// Number of leaves.
    pub count: u32,
}

/// The statement of section 5.2.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StatementJson {
    /// The epoch.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub epoch: u64,
    /// Commitment of the parent.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub parent: Hash,
    /// Version of the parameters.
    pub params_version: u32,
    /// Version of the registry.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub registry_version: u64,
    /// Hash over the inputs.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub inputs_hash: Hash,
    /// Hash over the history.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub history_hash: Hash,
    /// The batch tree.
    pub batches: RootJson,
    /// Base units to be split.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub pool: u64,
    /// The payout trees.
    pub payouts: Vec<RootJson>,
}

/// State of an SFU after an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateJson {
    /// The SFU's key.
    #[serde(with = "crate::json::hex32")]
    pub key: [u8; 32],
    /// Largest `seq` judged.
    #[serde(with = "crate::json")]
    pub cursor: u64,
    /// Least stop that the batches show.
    #[serde(with = "crate::json")]
    pub stop: u64,
    /// Open gaps.
    pub gaps: Vec<RangeJson>,
    /// Judged batches that a late one can still touch.
    pub edges: Vec<Judged>,
}

/// An inclusive range of sequence numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RangeJson(#[serde(with = "crate::json")] pub u64, #[serde(with = "crate::json")] pub u64);

/// What of the parent an epoch rests on; its history before is in `history.parquet`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentJson {
    /// Its commitment.
    #[serde(with = "crate::json::hex32")]
    pub commitment: Hash,
    /// Its statement.
    pub statement: StatementJson,
    /// Mode of its parameters.
    pub mode: Mode,
    /// State of every SFU after it, by key.
    pub sfus: Vec<StateJson>,
}

/// An SFU's part of the inputs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SfuJson {
    /// The SFU's DID.
    pub sfu: String,
    /// Largest `seq` judged before.
    #[serde(with = "crate::json")]
    pub cursor_before: u64,
    /// Largest `seq` judged.
    #[serde(with = "crate::json")]
    pub cursor_after: u64,
    /// Batches from here on do not count.
    #[serde(with = "crate::json")]
    pub stop: u64,
    /// New gaps.
    pub gaps: Vec<RangeJson>,
    /// Accepted batches that filled gaps.
    pub carried: Vec<RangeJson>,
    /// Accepted batches.
    pub accepted: u32,
    /// Rejected batches.
    pub rejected: u32,
    /// State after this epoch.
    pub next: StateJson,
}

/// Sums for readers; each follows from the files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Accepted bytes.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub bytes: u64,
    /// Bytes that the rate is paid for.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub paid_bytes: u64,
    /// Sum of effective bytes.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub effective_bytes: u64,
    /// Most that one contributor gets.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub cap_base_units: u64,
    /// The minimum in force.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub minimum_base_units: u64,
    /// Sum of the leaves.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub allocated_base_units: u64,
    /// What is left of the pool; nothing is minted for it.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub unallocated_base_units: u64,
    /// Contributors, with and without a leaf.
    pub contributors: u32,
}

/// A file's content for transport.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileJson {
    /// SHA-256.
    #[serde(with = "crate::json::hex32")]
    pub sha256: Hash,
    /// Length in bytes.
    #[serde(with = "crate::json")]
    pub length: u64,
}

/// The whole of `manifest.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`STANDING`].
    pub standing: String,
    /// The commitment of `statement`.
    #[serde(with = "crate::json::hex32")]
    pub commitment: Hash,
    /// What was posted.
    pub statement: StatementJson,
    /// Mode of the parameters.
    pub mode: Mode,
    /// Cluster and program.
    pub deployment: Deployment,
    /// The parameters.
    pub params: Params,
    /// When which version was in force.
    pub params_versions: Vec<VersionInForce>,
    /// The registered SFUs with their terms.
    pub registry: Vec<Sfu>,
    /// The parent; absent for the first epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentJson>,
    /// The inputs, by SFU key.
    pub sfus: Vec<SfuJson>,
    /// Sums.
    pub totals: Totals,
    /// Every other file of the folder.
    pub files: BTreeMap<String, FileJson>,
}

/// Why a file is not a manifest.
#[derive(Debug, Error)]
pub enum ManifestFault {
    /// Not JSON, or not of these fields.
    #[error("not a manifest: {0}")]
    Malformed(serde_json::Error),
    /// Written in another format.
    #[error("format {0:?} is unknown")]
    Format(String),
    /// The commitment is another one than its statement leads to.
    #[error("field commitment is not that of the statement")]
    Commitment,
}

impl Manifest {
    /// Reads a manifest, and checks that it is of our format and its commitment that of its own statement.
    ///
    /// # Errors
    /// [`ManifestFault`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestFault> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(ManifestFault::Malformed)?;
        if manifest.format != FORMAT {
            return Err(ManifestFault::Format(manifest.format));
        }
        let domain = Domain::from_bytes(manifest.deployment.domain);
        if Statement::from(&manifest.statement).commitment(&domain) != manifest.commitment {
            return Err(ManifestFault::Commitment);
        }
        Ok(manifest)
    }

    /// The first field in which the inputs or the statement differ from what a settlement came to.
    ///
    /// # Errors
    /// Never for a manifest of ours.
    pub fn compare(&self, settlement: &Settlement) -> Result<Option<FieldDifference>, serde_json::Error> {
        if let Some(found) = self.compare_sfus(&settlement.seals)? {
            return Ok(Some(found));
        }
        let found = difference::statements(&Statement::from(&self.statement), &settlement.statement);
        Ok(found.map(|found| found.below("statement")))
    }

    /// The first field of the SFUs' inputs (cursors, stops, gaps, carried and rejected batches) that differs from what sealing again came to.
    ///
    /// # Errors
    /// Never for a manifest of ours.
    pub fn compare_sfus(&self, seals: &[SfuSeal]) -> Result<Option<FieldDifference>, serde_json::Error> {
        let inputs: Vec<SfuJson> = seals.iter().map(SfuJson::from).collect();
        let found = difference::json(&serde_json::to_value(&self.sfus)?, &serde_json::to_value(inputs)?);
        Ok(found.map(|found| found.below("sfus")))
    }

    /// The first field in which the cursors that this manifest says the parent left differ from the parent's own manifest.
    ///
    /// # Errors
    /// Never for a manifest of ours.
    pub fn compare_parent(&self, parent: &Self) -> Result<Option<FieldDifference>, serde_json::Error> {
        let ours: Vec<&StateJson> = self.parent.iter().flat_map(|parent| &parent.sfus).collect();
        let states: Vec<&StateJson> = parent.sfus.iter().map(|sfu| &sfu.next).collect();
        let found = difference::json(&serde_json::to_value(ours)?, &serde_json::to_value(states)?);
        Ok(found.map(|found| found.below("parent.sfus")))
    }

    /// The manifest of a settled epoch.
    #[must_use]
    pub fn of(terms: &Terms, settled: &Summary, files: BTreeMap<String, FileJson>) -> Self {
        Self {
            format: FORMAT.to_owned(),
            standing: STANDING.to_owned(),
            commitment: settled.commitment,
            statement: (&settled.statement).into(),
            mode: settled.mode,
            deployment: terms.deployment,
            params: terms.params,
            params_versions: terms.versions.clone(),
            registry: terms.registry.clone(),
            parent: terms.parent.as_ref().map(ParentJson::from),
            sfus: settled.seals.iter().map(SfuJson::from).collect(),
            totals: Totals {
                bytes: settled.statement.batches.sum,
                paid_bytes: settled.paid_bytes,
                effective_bytes: settled.effective_bytes,
                cap_base_units: settled.cap,
                minimum_base_units: settled.minimum,
                allocated_base_units: settled.allocated,
                unallocated_base_units: settled.statement.pool.saturating_sub(settled.allocated),
                contributors: settled.contributors,
            },
            files,
        }
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// Never for a manifest of ours.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Everything besides batches that the epoch rests on. `before` is the history after the parent.
    #[must_use]
    pub fn terms(&self, before: History) -> Terms {
        Terms {
            deployment: self.deployment,
            epoch: self.statement.epoch,
            params: self.params,
            params_version: self.statement.params_version,
            versions: self.params_versions.clone(),
            registry_version: self.statement.registry_version,
            registry: self.registry.clone(),
            parent: self.parent.as_ref().map(|parent| ParentTerms {
                statement: Statement::from(&parent.statement),
                state: Parent {
                    epoch: parent.statement.epoch,
                    commitment: parent.commitment,
                    mode: parent.mode,
                    sfus: parent.sfus.iter().map(|state| (state.key, state.into())).collect(),
                    history: before,
                },
            }),
        }
    }

    /// This epoch as the parent of the next. `after` is the history after it.
    #[must_use]
    pub fn to_parent(&self, after: History) -> ParentTerms {
        ParentTerms {
            statement: Statement::from(&self.statement),
            state: Parent {
                epoch: self.statement.epoch,
                commitment: self.commitment,
                mode: self.mode,
                sfus: self.sfus.iter().map(|sfu| (sfu.next.key, (&sfu.next).into())).collect(),
                history: after,
            },
        }
    }
}

impl From<&ParentTerms> for ParentJson {
    fn from(parent: &ParentTerms) -> Self {
        Self {
            commitment: parent.state.commitment,
            statement: (&parent.statement).into(),
            mode: parent.state.mode,
            sfus: parent.state.sfus.iter().map(|(key, state)| StateJson::of(key, state)).collect(),
        }
    }
}

impl From<&SfuSeal> for SfuJson {
    fn from(seal: &SfuSeal) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            sfu: did_of_key(&seal.key),
            cursor_before: seal.cursor_before,
            cursor_after: seal.cursor_after,
            stop: seal.stop,
            gaps: ranges_to_json(&seal.gaps),
            carried: ranges_to_json(&seal.carried),
            accepted: count(seal.accepted().count()),
            rejected: count(seal.rejected().count()),
            next: StateJson::of(&seal.key, &seal.next),
        }
    }
}

impl StateJson {
    fn of(key: &[u8; 32], state: &SfuState) -> Self {
        Self {
            key: *key,
            cursor: state.cursor,
            stop: state.stop,
            gaps: ranges_to_json(&state.gaps),
            edges: state.edges.clone(),
        }
    }
}

impl From<&StateJson> for SfuState {
    fn from(state: &StateJson) -> Self {
        let mut gaps = Ranges::default();
        for RangeJson(first, last) in &state.gaps {
            gaps.push(*first, *last);
        }
        Self { cursor: state.cursor, stop: state.stop, gaps, edges: state.edges.clone() }
    }
}

fn ranges_to_json(ranges: &Ranges) -> Vec<RangeJson> {
    ranges.as_slice().iter().map(|(first, last)| RangeJson(*first, *last)).collect()
}

impl From<&TreeRoot> for RootJson {
    fn from(root: &TreeRoot) -> Self {
        Self { root: root.root, sum: root.sum, count: root.count }
    }
}

impl From<&RootJson> for TreeRoot {
    fn from(root: &RootJson) -> Self {
        Self { root: root.root, sum: root.sum, count: root.count }
    }
}

impl From<&Statement> for StatementJson {
    fn from(statement: &Statement) -> Self {
        Self {
            epoch: statement.epoch,
            parent: statement.parent,
            params_version: statement.params_version,
            registry_version: statement.registry_version,
            inputs_hash: statement.inputs_hash,
            history_hash: statement.history_hash,
            batches: (&statement.batches).into(),
            pool: statement.pool,
            payouts: statement.payouts.iter().map(RootJson::from).collect(),
        }
    }
}

impl From<&StatementJson> for Statement {
    fn from(statement: &StatementJson) -> Self {
        Self {
            epoch: statement.epoch,
            parent: statement.parent,
            params_version: statement.params_version,
            registry_version: statement.registry_version,
            inputs_hash: statement.inputs_hash,
            history_hash: statement.history_hash,
            batches: (&statement.batches).into(),
            pool: statement.pool,
            payouts: statement.payouts.iter().map(TreeRoot::from).collect(),
        }
    }
}
