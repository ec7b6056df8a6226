//! From a manifest and the signed batches to the statement again, without files: what a browser runs.
//!
//! Nothing is believed but signatures. What an epoch rests on besides batches (parameters, registry, the parent's
//! cursors) stands in the manifest and enters the result, so the result is to be compared with the chain; the parent's
//! statement and history are checked against the commitment that the epoch names.

use alloc::string::String;
use alloc::vec::Vec;

use hashbrown::HashMap;
use thiserror::Error;

use super::manifest::Manifest;
use super::terms::{ParentFault, Terms};
use crate::batch::{Answer, Batch, BatchHeader, Envelope};
use crate::did::did_of_key;
use crate::domain::Domain;
use crate::hash::Hash;
use crate::history::History;
use crate::settlement::{Settlement, SettlementError};

/// Why an epoch cannot be recomputed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RecomputationFault {
    /// The domain is made up.
    #[error("manifest.json: field deployment.domain is not that of genesis_hash and program_id")]
    Domain,
    /// What the manifest says of the parent is not what the epoch names.
    #[error(transparent)]
    Parent(#[from] ParentFault),
    /// An envelope is none, or its signature does not hold.
    #[error("{}: {}", .0.as_str(), .0.explanation())]
    Envelope(Answer),
    /// A batch came twice.
    #[error("SFU {sfu}, seq {seq}: the batch is there twice")]
    Twice {
        /// The SFU.
        sfu: String,
        /// The batch's number.
        seq: u64,
    },
    /// It cannot be settled.
    #[error("{0}")]
    Settlement(String),
}

/// An epoch whose batches are being taken in.
#[derive(Debug)]
pub struct Recomputation {
    manifest: Manifest,
    terms: Terms,
    headers: Vec<BatchHeader>,
    batches: HashMap<Hash, Batch>,
}

/// A recomputed epoch.
#[derive(Debug)]
pub struct Recomputed {
    /// The manifest, not compared yet: [`Manifest::compare`].
    pub manifest: Manifest,
    /// What the epoch rests on besides batches, as the manifest says.
    pub terms: Terms,
    /// What the batches add up to.
    pub settlement: Settlement,
}

impl Recomputation {
    /// Begins with a manifest and the history before the epoch (empty if there is none).
    ///
    /// # Errors
    /// [`RecomputationFault::Domain`], [`RecomputationFault::Parent`].
    pub fn new(manifest: Manifest, history: History) -> Result<Self, RecomputationFault> {
        if !manifest.deployment.is_consistent() {
            return Err(RecomputationFault::Domain);
        }
        let terms = manifest.terms(history);
        if let Some(parent) = &terms.parent {
            parent.check(&Domain::from_bytes(manifest.deployment.domain), &manifest.statement.parent)?;
        }
        Ok(Self { manifest, terms, headers: Vec::new(), batches: HashMap::new() })
    }

    /// Takes an envelope in, once its signature was checked.
    ///
    /// # Errors
    /// [`RecomputationFault::Envelope`], [`RecomputationFault::Twice`].
    pub fn add(&mut self, envelope: &[u8]) -> Result<BatchHeader, RecomputationFault> {
        let domain = Domain::from_bytes(self.manifest.deployment.domain);
        let verified = Envelope::parse(envelope)
            .and_then(|received| received.verify(&domain))
            .map_err(RecomputationFault::Envelope)?;
        let header = verified.header();
        if self.batches.insert(header.hash, verified.into_batch()).is_some() {
            return Err(RecomputationFault::Twice { sfu: did_of_key(&header.sfu_key), seq: header.seq });
        }
        self.headers.push(header);
        Ok(header)
    }

    /// Number of batches taken in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether none was taken in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Settles what was taken in.
    ///
    /// # Errors
    /// [`RecomputationFault::Settlement`].
    pub fn settle(self) -> Result<Recomputed, RecomputationFault> {
        let Self { manifest, terms, headers, mut batches } = self;
        // Each accepted batch is loaded once.
        let load = |header: &BatchHeader| batches.remove(&header.hash).ok_or("it was not taken in");
        let settlement = terms
            .settle(&headers, load)
            .map_err(|error: SettlementError<&str>| RecomputationFault::Settlement(alloc::format!("{error}")))?;
        Ok(Recomputed { manifest, terms, settlement })
    }
}

#[cfg(test)]
mod tests;
