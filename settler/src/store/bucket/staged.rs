//! `DATA/pulling/<id>/`: a record that was fetched, before it is there.
//!
//! The packs of a record come first, checked, below `packs/`; the record itself comes last. From then on everything that is to be done is
//! done on this machine, and whoever makes rows finishes it: packs get their names and are indexed, then the record is committed. So packs
//! that come with their rows never get rows of this machine's own beside them, which would be read twice. A folder without a record is a
//! left-over.

use std::path::{Path, PathBuf};

use radio_payouts_engine::Rows;
use radio_payouts_engine::record::Record;
use radio_payouts_protocol::hash::Hash;

use super::named;
use crate::crash;
use crate::store::durable::{self, FileError};
use crate::store::pack::{self, PackName};
use crate::store::{Store, StoreError, rebuild};

const RECORD: &str = "record.json";

/// The folder of one record.
pub struct Staged {
    folder: PathBuf,
}

impl Staged {
    /// Begins anew.
    pub fn begin(store: &Store, id: &Hash) -> Result<Self, StoreError> {
        let staged = Self { folder: all(store.folder()).join(hex::encode(id)) };
        durable::remove_folder(&staged.folder)?;
        durable::create_folder(&staged.packs())?;
        Ok(staged)
    }

    fn packs(&self) -> PathBuf {
        self.folder.join("packs")
    }

    /// Where a pack goes.
    pub fn pack(&self, name: &PackName) -> PathBuf {
        self.packs().join(name.path())
    }

    /// Says that everything is there.
    pub fn seal(&self, record: &[u8]) -> Result<(), StoreError> {
        Ok(durable::write(&self.folder.join(RECORD), record)?)
    }

    /// Lets go of what was fetched.
    pub fn discard(self) -> Result<(), StoreError> {
        Ok(durable::remove_folder(&self.folder)?)
    }

    /// Gives packs their names and indexes them, then commits the record. Whoever calls it makes rows, alone.
    ///
    /// # Errors
    /// [`StoreError`]; the next maker of rows goes on.
    pub fn finish(self, store: &mut Store, rows: &Rows) -> Result<(), StoreError> {
        let path = self.folder.join(RECORD);
        let bytes = durable::read(&path)?;
        let record = Record::parse(&bytes, rows.calendar()).map_err(|why| StoreError::corrupt(&path, why))?;
        let root = store.packs_folder();
        let mut placed = Vec::new();
        for (name, from) in pack::list(&self.packs())? {
            let to = root.join(name.path());
            durable::create_folder(crate::durable::folder_of(&to))?;
            durable::rename(&from, &to)?;
            crash::point("pull.pack_named");
            placed.push((name, to));
        }
        rebuild::index_packs(store.index_mut()?, &placed)?;
        crash::point("pull.packs_indexed");
        durable::create_once(&rows.root().join("records").join(named(&Record::id(&record.sources))), &bytes)?;
        crash::point("pull.record_committed");
        self.discard()
    }
}

fn all(store: &Path) -> PathBuf {
    store.join("pulling")
}

/// Finishes what a killed process had fetched whole, and removes what it had not. Whoever calls it makes rows, alone.
///
/// # Errors
/// [`StoreError`].
pub fn finish_all(store: &Path, rows: &Rows) -> Result<(), StoreError> {
    let entries = match std::fs::read_dir(all(store)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|error| FileError::new("read", &all(store), error))?,
    };
    for entry in entries {
        let folder = entry.map_err(|error| FileError::new("read", &all(store), error))?.path();
        let staged = Staged { folder };
        if staged.folder.join(RECORD).is_file() {
            // Opened anew, it indexes packs that have their names already.
            staged.finish(&mut Store::open(store)?, rows)?;
        } else {
            staged.discard()?;
        }
    }
    Ok(())
}
