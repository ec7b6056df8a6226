//! Packs in cold storage: what a stub beside their place says of them, and how they are read all the same.
//!
//! An archived file `NAME.ndjson.zst` is not there any more; `NAME.ndjson.zst.cold.json` is, a [`Stub`]. Whoever opens the file gets it from
//! its URL, by way of `DATA/cold-cache/` where the file belongs to a store: whole, checked against the stub's SHA-256 and length, kept until
//! others take its room. Of a folder that was copied somewhere else nothing is kept: it is fetched each time.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use radio_payouts_protocol::artefact::manifest::FileJson;
use serde::{Deserialize, Serialize};

use super::durable::{self, FileError};
use super::place::{Place, PlaceError};
use crate::artefact::digest::Digesting;

pub mod cache;

/// What is appended to the name of a file that is archived.
pub const STUB: &str = ".cold.json";

/// Why an archived file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ColdError {
    /// The object that it became, or a file on this machine.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A stub that is none.
    #[error("{} is damaged: {why}", path.display())]
    Stub {
        /// The stub.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl From<FileError> for ColdError {
    fn from(error: FileError) -> Self {
        Self::Place(error.into())
    }
}

impl From<ColdError> for std::io::Error {
    fn from(error: ColdError) -> Self {
        match error {
            ColdError::Place(PlaceError::File(file)) if file.is_missing() => {
                Self::new(std::io::ErrorKind::NotFound, file)
            }
            other => Self::other(other),
        }
    }
}

/// Stands for a file that is archived.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stub {
    /// Where it is.
    pub url: String,
    /// The file as it was here and is there.
    pub packed: FileJson,
    /// Its plain content, which the manifest names.
    pub plain: FileJson,
}

/// Where the stub of a file is.
#[must_use]
pub fn stub_path(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(STUB);
    path.into()
}

/// The file that a stub stands for; `None` if the path is not named like one.
#[must_use]
pub fn file_of(stub: &Path) -> Option<PathBuf> {
    stub.to_str()?.strip_suffix(STUB).map(PathBuf::from)
}

impl Stub {
    /// The stub of a file, if there is one.
    ///
    /// # Errors
    /// [`ColdError::Stub`] if it is damaged.
    pub fn of(file: &Path) -> Result<Option<Self>, ColdError> {
        let path = stub_path(file);
        let text = match durable::read(&path) {
            Err(error) if error.is_missing() => return Ok(None),
            other => other?,
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| ColdError::Stub { path, why: error.to_string() })
    }

    /// Writes it beside the place of the file.
    ///
    /// # Errors
    /// [`ColdError::Place`].
    pub fn write(&self, file: &Path) -> Result<(), ColdError> {
        let path = stub_path(file);
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| ColdError::Stub { path: path.clone(), why: error.to_string() })?;
        Ok(durable::write(&path, &text)?)
    }

    /// Fetches the file into `target` and checks it.
    ///
    /// # Errors
    /// [`PlaceError::Changed`] if another one is there; [`ColdError`] if none can be had.
    pub fn fetch(&self, target: &mut File) -> Result<(), ColdError> {
        let mut writer = Digesting::new(target);
        let limit = self.packed.length;
        let length = Place::of(&self.url)?.read(limit, &mut |piece| writer.write_all(piece))?;
        let (found, target) = writer.finish();
        target.flush().map_err(|error| FileError::new("write", Path::new("a fetched file"), error))?;
        if length > limit {
            return Err(self.changed(format!("it is longer than {limit} bytes")));
        }
        if found != self.packed {
            return Err(self.changed(format!(
                "{} bytes with SHA-256 {} were expected, {} with {} are there",
                limit,
                hex::encode(self.packed.sha256),
                found.length,
                hex::encode(found.sha256)
            )));
        }
        Ok(())
    }

    fn changed(&self, why: String) -> ColdError {
        PlaceError::Changed { url: self.url.clone(), why }.into()
    }
}

/// Opens a file that may be archived.
///
/// # Errors
/// [`PlaceError::File`] if neither it nor a stub is there; [`ColdError`] if it cannot be fetched.
pub fn open(file: &Path) -> Result<File, ColdError> {
    match File::open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match Stub::of(file)? {
            Some(stub) => cache::open(file, &stub),
            // Fetched back for good in between, or not there at all.
            None => File::open(file).map_err(|error| FileError::new("read", file, error).into()),
        },
        other => other.map_err(|error| FileError::new("read", file, error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_is_away_longer_or_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let object = folder.path().join("object");
        let url = reqwest::Url::from_file_path(&object).unwrap().to_string();
        let digest = |bytes: &[u8]| FileJson {
            sha256: radio_payouts_protocol::hash::sha256(&[bytes]),
            length: bytes.len() as u64,
        };
        let stub = Stub { url, packed: digest(b"packed"), plain: digest(b"plain") };
        let fetch = || stub.fetch(&mut tempfile::tempfile().unwrap());
        assert!(matches!(fetch(), Err(ColdError::Place(PlaceError::Missing { .. }))));
        for changed in [&b"packe"[..], b"Packed", b"packed and more"] {
            std::fs::write(&object, changed).unwrap();
            assert!(matches!(fetch(), Err(ColdError::Place(PlaceError::Changed { .. }))), "{changed:?}");
        }
        std::fs::write(&object, b"packed").unwrap();
        fetch().unwrap();
        let file = folder.path().join("file");
        assert!(open(&file).is_err());
        std::fs::write(stub_path(&file), b"{}").unwrap();
        assert!(matches!(open(&file), Err(ColdError::Stub { .. })));
    }
}
