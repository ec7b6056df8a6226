//! The settlement of one epoch, in stages. Each reads and writes immutable files; a second run gives the same bytes.
//!
//! ```text
//! Sealed      work/epoch-000042/sealed.json: which batches are judged, under which terms
//! Aggregated  receipts, cells, tracks, history; from streams with a checkpoint in the work folder
//! Allocated   payouts
//! Built       manifest.json, with the trees' roots and the commitment
//! Published   epochs/epoch-000042/: the folder under its name
//! Posted      the transaction landed; it was in the journal before it was sent
//! Confirmed   the commitment on chain, finalized, equals the local one
//! ```
//!
//! A process may die anywhere (`crash::point` marks each boundary): the next run goes on from what is on disk and posts
//! once. Cursors and history come from the folder of the parent that the chain names, never from a table that changes.

pub mod adopt;
pub mod attest;
pub mod audit;
pub mod build;
pub mod candidate;
pub mod checkpoint;
pub mod due;
pub mod estimate;
pub mod post;
pub mod seal;
pub mod settle;
pub mod stages;
pub mod standing;
pub mod streamed;
pub mod verification;
pub mod view;

use serde::{Deserialize, Serialize};

/// How far an epoch's settlement has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The batches to judge and the terms are fixed.
    Sealed,
    /// Receipts are judged and added up.
    Aggregated,
    /// The pool is split.
    Allocated,
    /// Trees, statement and commitment are computed.
    Built,
    /// The folder is complete and under its name.
    Published,
    /// The transaction landed.
    Posted,
    /// The commitment on chain equals the local one.
    Confirmed,
}

impl Stage {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Aggregated => "aggregated",
            Self::Allocated => "allocated",
            Self::Built => "built",
            Self::Published => "published",
            Self::Posted => "posted",
            Self::Confirmed => "confirmed",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}
