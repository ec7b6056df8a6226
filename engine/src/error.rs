//! Why rows could not be written, or an epoch not be settled from them.

use std::io;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::cells::Overflow;
use radio_payouts_protocol::hash::Hash;

/// Anything that stops the engine. None of them leaves a result.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file or folder.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or record is not what it must be.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A batch to be judged is in no record.
    #[error("no rows were made of batch {}", hex::encode(.0))]
    MissingRows(Hash),
    /// The engine's result does not agree with the control totals; it was thrown away.
    #[error("the engine's result was refused: {0}")]
    Refused(String),
    /// The engine failed.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// A sum left its range; no valid input does that.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A held batch could not be loaded.
    #[error("a held batch could not be loaded")]
    Load(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file of rows that is not on this disk could not be had from where it is kept.
    #[error("a file of rows is not on this disk and could not be fetched")]
    Kept(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The statement could not be computed.
    #[error("{0}")]
    Settlement(String),
}

impl EngineError {
    /// An I/O error with what was being done.
    pub fn file(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { doing, path: path.to_owned(), source }
    }

    /// A damaged file.
    pub fn damaged(path: &Path, why: impl std::fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_string() }
    }

    /// A result that is not accepted.
    pub fn refused(why: impl std::fmt::Display) -> Self {
        Self::Refused(why.to_string())
    }
}
