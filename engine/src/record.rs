//! Records: which files hold the rows of which sources, with control totals.
//!
//! A record is created once and never changed. Readers read only what records name: a killed writer leaves files that nobody names,
//! and they do not exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use serde::{Deserialize, Serialize};

use crate::{EngineError, durable};

/// The form of records and of the tables that they name.
pub const VERSION: u32 = 2;

/// A number of rows and the sum of their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Rows.
    #[serde(with = "json")]
    pub rows: u64,
    /// Sum of their column `bytes`.
    #[serde(with = "json")]
    pub bytes: u128,
}

impl Total {
    /// Adds another total to it.
    ///
    /// # Errors
    /// [`EngineError::Overflow`], which no number of rows that fits a disk can cause.
    pub fn add(&mut self, rows: u64, bytes: u128) -> Result<(), EngineError> {
        self.rows = self.rows.checked_add(rows).ok_or(radio_payouts_protocol::cells::Overflow)?;
        self.bytes = self.bytes.checked_add(bytes).ok_or(radio_payouts_protocol::cells::Overflow)?;
        Ok(())
    }
}

/// A hash, in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha256(#[serde(with = "json::hex32")] pub Hash);

/// A Parquet file, named by its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileName {
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Number of its bytes.
    #[serde(with = "json")]
    pub length: u64,
}

/// A file of receipts or of contributions, of one epoch and hour (and shard), with its control totals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Epoch of the batches' `to`.
    #[serde(with = "json")]
    pub epoch: u64,
    /// UTC hour 0 … 23 of the receipts' timestamps minus 1 ms.
    pub hour: u8,
    /// Shard of the DIDs' hashes; none for receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u32>,
    /// What is in it.
    pub total: Total,
    /// The file.
    pub file: FileName,
}

/// A file of DIDs, of one shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DidPart {
    /// Shard of the DIDs' hashes.
    pub shard: u32,
    /// The file.
    pub file: FileName,
}

/// What was made of one or more sources.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Start of epoch 0, in Unix seconds.
    pub genesis_unix: i64,
    /// Length of an epoch, in seconds.
    pub epoch_seconds: u32,
    /// Number of shards.
    pub shards: u32,
    /// What the rows were made of: hashes of packs, in order.
    pub sources: Vec<Sha256>,
    /// Epochs in which batches of these sources end, as decimal strings.
    pub epochs: BTreeSet<String>,
    /// The table of batches; none if there were none.
    pub batches: Option<FileName>,
    /// DIDs that rows name.
    pub dids: Vec<DidPart>,
    /// The table of tracks; none if there are no receipts.
    pub tracks: Option<FileName>,
    /// Receipts.
    pub receipts: Vec<Part>,
    /// Contributions.
    pub rows: Vec<Part>,
}

impl Record {
    /// The name of the record of these sources.
    #[must_use]
    pub fn id(sources: &[Sha256]) -> Hash {
        let parts: Vec<&[u8]> =
            std::iter::once(&b"radio-payouts/rows/v2"[..]).chain(sources.iter().map(|source| &source.0[..])).collect();
        sha256(&parts)
    }

    /// Its path below the folder of rows.
    #[must_use]
    pub fn path(root: &Path, sources: &[Sha256]) -> PathBuf {
        folder(root).join(format!("{}.json", hex::encode(Self::id(sources))))
    }

    /// Commits it; `false` if it was committed before.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn commit(&self, root: &Path) -> Result<bool, EngineError> {
        let path = Self::path(root, &self.sources);
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|error| EngineError::damaged(&path, error))?;
        bytes.push(b'\n');
        durable::create_once(&path, &bytes)
    }

    /// The names of all committed records, sorted, without reading them.
    ///
    /// # Errors
    /// [`EngineError::File`].
    pub fn ids(root: &Path) -> Result<Vec<Hash>, EngineError> {
        let paths = durable::list(&folder(root))?;
        Ok(paths.iter().filter_map(|path| Self::id_of(path.file_name()?.to_str()?)).collect())
    }

    /// The record that a file of this name is; `None` if it is not named like one.
    #[must_use]
    pub fn id_of(name: &str) -> Option<Hash> {
        let mut id = [0; 32];
        hex::decode_to_slice(name.strip_suffix(".json")?, &mut id).ok().map(|()| id)
    }

    /// All committed records, by name.
    ///
    /// # Errors
    /// [`EngineError::Damaged`] if one is not what its name says, or of another calendar or version.
    pub fn all(root: &Path, calendar: Calendar) -> Result<Vec<Self>, EngineError> {
        let paths = durable::list(&folder(root))?;
        paths
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .map(|path| Self::read(root, path, calendar))
            .collect()
    }

    fn read(root: &Path, path: &Path, calendar: Calendar) -> Result<Self, EngineError> {
        let record = Self::parse(&durable::read(path)?, calendar).map_err(|why| EngineError::damaged(path, why))?;
        if Self::path(root, &record.sources) != path {
            return Err(EngineError::damaged(path, "it is not the record of its sources"));
        }
        Ok(record)
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    /// What is wrong with them: no record, of another version, or for another calendar.
    pub fn parse(bytes: &[u8], calendar: Calendar) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if record.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", record.version));
        }
        if (record.genesis_unix, record.epoch_seconds) != (calendar.genesis_unix(), calendar.epoch_seconds()) {
            return Err("its rows were made for another calendar".to_owned());
        }
        Ok(record)
    }

    /// Whether it names no file: there is nothing in its sources of which rows could be made, or it has its rows elsewhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.batches.is_none() && self.receipts.is_empty() && self.rows.is_empty()
    }
}

fn folder(root: &Path) -> PathBuf {
    root.join("records")
}
