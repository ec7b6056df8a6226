//! The journal of transactions: on disk before they are sent.
//!
//! One file a purpose, e.g. `post epoch 42 attempt 0 commitment 9f3c…`, under `DATA/journal/`. It holds the signature, the last
//! block height at which the transaction can land, and its signed bytes. While an entry is open, nothing else is
//! signed for that purpose; a later run first finds out what became of it:
//!
//! * it landed: done, or the error that it landed with;
//! * it can still land: the **same bytes** are sent again (a signature counts at most once);
//! * its blockhash has expired by finalized height, and the chain, asked after that, does not know it: it can never
//!   land, and a new transaction may be signed.
//!
//! A closed entry is kept with its end under `DATA/journal/closed/`, named by signature.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::ChainError;
use crate::{crash, durable};

/// A folder of entries.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
}

/// A transaction that was signed and may have been sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Entry {
    /// What it is for.
    pub purpose: String,
    /// Genesis hash (hex) of the cluster that it is for.
    pub genesis_hash: String,
    /// Its signature (base58).
    pub signature: String,
    /// The last block height at which it can land.
    pub last_valid_block_height: u64,
    /// Its signed bytes (hex).
    pub transaction: String,
}

/// How an entry ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "end")]
pub enum End {
    /// Final in this slot, with effect.
    Landed {
        /// Slot of its block.
        slot: u64,
    },
    /// Final in this slot, without effect.
    Failed {
        /// Slot of its block.
        slot: u64,
        /// What the runtime said.
        error: String,
    },
    /// It did not land, and no longer can.
    Expired,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Closed {
    #[serde(flatten)]
    entry: Entry,
    #[serde(flatten)]
    end: End,
}

impl Entry {
    /// The entry of a signed transaction.
    ///
    /// # Errors
    /// If the transaction has no signature or cannot be serialised.
    pub fn new(
        purpose: &str,
        genesis_hash: &[u8; 32],
        last_valid_block_height: u64,
        transaction: &VersionedTransaction,
    ) -> Result<Self, ChainError> {
        let signature =
            transaction.signatures.first().ok_or_else(|| ChainError::Other("an unsigned transaction".into()))?;
        let bytes = wincode::serialize(transaction)
            .map_err(|error| ChainError::Other(format!("the transaction cannot be serialised: {error}")))?;
        Ok(Self {
            purpose: purpose.to_owned(),
            genesis_hash: hex::encode(genesis_hash),
            signature: signature.to_string(),
            last_valid_block_height,
            transaction: hex::encode(bytes),
        })
    }

    /// The signature.
    ///
    /// # Errors
    /// If the entry was changed by hand.
    pub fn signature(&self) -> Result<Signature, ChainError> {
        self.signature.parse().map_err(|_| self.damaged("its signature is none"))
    }

    /// The transaction, exactly as signed.
    ///
    /// # Errors
    /// If the entry was changed by hand.
    pub fn transaction(&self) -> Result<VersionedTransaction, ChainError> {
        let bytes = hex::decode(&self.transaction).map_err(|_| self.damaged("its bytes are not hex"))?;
        let transaction: VersionedTransaction =
            wincode::deserialize(&bytes).map_err(|_| self.damaged("its bytes are no transaction"))?;
        if transaction.signatures.first() == Some(&self.signature()?) {
            Ok(transaction)
        } else {
            Err(self.damaged("its bytes have another signature"))
        }
    }

    fn damaged(&self, how: &str) -> ChainError {
        ChainError::Other(format!(
            "the journal's entry for \"{}\" is damaged: {how}. Look up signature {} before removing the file",
            self.purpose, self.signature
        ))
    }
}

impl Journal {
    /// The journal in this folder, which is created with the first entry.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Opens an entry: when this returns, it is on disk.
    ///
    /// # Errors
    /// If it cannot be written, or another one is open for the purpose.
    pub fn open(&self, entry: &Entry) -> Result<(), ChainError> {
        if self.find(&entry.purpose)?.is_some() {
            return Err(ChainError::Other(format!("a transaction for \"{}\" is already under way", entry.purpose)));
        }
        crash::point("journal.before_open");
        write(&self.path(&entry.purpose), entry)?;
        crash::point("journal.after_open");
        Ok(())
    }

    /// The open entry of a purpose.
    ///
    /// # Errors
    /// If it is there and cannot be read: nothing may be sent for that purpose then.
    pub fn find(&self, purpose: &str) -> Result<Option<Entry>, ChainError> {
        read(&self.path(purpose))
    }

    /// All open entries, sorted by purpose.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, ChainError> {
        let mut entries = Vec::new();
        let names = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(entries),
            other => other.map_err(|error| failed(&self.folder, &error))?,
        };
        for name in names {
            let path = name.map_err(|error| failed(&self.folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                entries.extend(read(&path)?);
            }
        }
        entries.sort_by(|left: &Entry, right| left.purpose.cmp(&right.purpose));
        Ok(entries)
    }

    /// Closes an entry: its end is on disk before it stops being open.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn close(&self, entry: &Entry, end: End) -> Result<(), ChainError> {
        crash::point("journal.before_close");
        let closed = self.folder.join("closed").join(format!("{}.json", entry.signature));
        write(&closed, &Closed { entry: entry.clone(), end })?;
        crash::point("journal.inside_close");
        let path = self.path(&entry.purpose);
        durable::remove(&path).map_err(|error| failed(&path, &error))?;
        crash::point("journal.after_close");
        Ok(())
    }

    /// How a signature's entry ended, if it was closed.
    ///
    /// # Errors
    /// If the record is there and cannot be read.
    pub fn end(&self, signature: &Signature) -> Result<Option<End>, ChainError> {
        let closed: Option<Closed> = read(&self.folder.join("closed").join(format!("{signature}.json")))?;
        Ok(closed.map(|closed| closed.end))
    }

    /// Closed entries whose purpose begins with `purpose`, by slot; those that expired first.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn closed(&self, purpose: &str) -> Result<Vec<(Entry, End)>, ChainError> {
        let folder = self.folder.join("closed");
        let mut entries = Vec::new();
        let names = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(entries),
            other => other.map_err(|error| failed(&folder, &error))?,
        };
        for name in names {
            let path = name.map_err(|error| failed(&folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let closed: Option<Closed> = read(&path)?;
                entries.extend(closed.map(|closed| (closed.entry, closed.end)));
            }
        }
        entries.retain(|(entry, _)| entry.purpose.starts_with(purpose));
        let slot = |end: &End| match end {
            End::Landed { slot } | End::Failed { slot, .. } => Some(*slot),
            End::Expired => None,
        };
        entries.sort_by(|(left, left_end), (right, right_end)| {
            slot(left_end).cmp(&slot(right_end)).then_with(|| left.signature.cmp(&right.signature))
        });
        Ok(entries)
    }

    fn path(&self, purpose: &str) -> PathBuf {
        let hash = radio_payouts_protocol::hash::sha256(&[purpose.as_bytes()]);
        self.folder.join(format!("{}.json", hex::encode(&hash[..16])))
    }
}

fn write<T: Serialize>(path: &Path, document: &T) -> Result<(), ChainError> {
    let text = serde_json::to_vec_pretty(document).map_err(|error| ChainError::Other(error.to_string()))?;
    durable::write(path, &text).map_err(|error| failed(path, &error))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, ChainError> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| ChainError::Other(format!("{}: not a journal entry: {error}", path.display()))),
    }
}

fn failed(path: &Path, error: &std::io::Error) -> ChainError {
    ChainError::Other(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
