//! `DATA/pushed/…`: which records a bucket is known to have, so that it is not asked for each of them again and again.
//!
//! A cache: without it, or with a line too few, the bucket is asked. Whoever empties a bucket removes this folder too.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use radio_payouts_protocol::hash::{Hash, sha256};

use super::Bucket;
use crate::store::Store;
use crate::store::durable::{self, FileError, FileResult};

/// What is known of one bucket.
pub struct Noted {
    path: PathBuf,
    file: File,
    records: HashSet<Hash>,
}

impl Noted {
    /// Reads what is known.
    pub fn open(store: &Store, bucket: &Bucket) -> FileResult<Self> {
        let name = hex::encode(sha256(&[bucket.url().as_bytes()]));
        let folder = store.folder.join("pushed");
        durable::create_folder(&folder)?;
        let path = folder.join(name);
        let text = match durable::read(&path) {
            Err(error) if error.is_missing() => Vec::new(),
            other => other?,
        };
        let id = |line: &[u8]| {
            let mut id = [0; 32];
            hex::decode_to_slice(line, &mut id).ok().map(|()| id)
        };
        let records = text.split(|byte| *byte == b'\n').filter_map(id).collect();
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| FileError::new("open", &path, error))?;
        Ok(Self { path, file, records })
    }

    /// Whether the bucket has this record, or is not to have it.
    pub fn has(&self, id: &Hash) -> bool {
        self.records.contains(id)
    }

    /// Notes a record.
    pub fn add(&mut self, id: Hash) -> FileResult<()> {
        // A line feed before it too: the last line may have been cut off.
        let line = format!("\n{}\n", hex::encode(id));
        self.file.write_all(line.as_bytes()).map_err(|error| FileError::new("write", &self.path, error))?;
        self.records.insert(id);
        Ok(())
    }
}
