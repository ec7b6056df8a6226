//! Where held batches and sealed epochs live.
//!
//! ```text
//! DATA/batches/<day>/<received_ms>-<sha256>.ndjson.zst   packs of signed envelopes: the truth, never changed
//! DATA/index.sqlite                                      an index over them, rebuilt from them
//! DATA/batches/<day>/….ndjson.zst.cold.json              stands for a pack that was archived
//! DATA/cold-cache/                                       archived packs that were read lately
//! DATA/rows/                                             the same batches as rows, for an engine: made from the packs
//! DATA/pushed/                                           which records the store of the setting `store` is known to have
//! DATA/pulling/                                          what is on its way from there
//! DATA/rejects/<day>.ndjson                              every refused input with its answer
//! DATA/epochs/epoch-000042/                              sealed epochs, as published (section 12)
//! DATA/work/epoch-000042/                                a settlement under way
//! DATA/settle.lock                                       one settlement at a time
//! DATA/rows.lock                                         one maker of rows at a time
//! DATA/bucket.lock                                       one who sends to or fetches from the store of the setting at a time
//! DATA/store.lock                                        shared by those who write, alone for a rebuild
//! ```

use std::path::{Path, PathBuf};

use radio_payouts_engine::EngineError;
use radio_payouts_protocol::batch::{Batch, BatchHeader};
use radio_payouts_protocol::hash::Hash;

pub mod bucket;
pub mod cold;
pub mod compact;
pub mod due;
pub mod durable;
pub mod frame;
pub mod hold;
pub mod index;
pub mod intake;
pub mod lock;
pub mod pack;
pub mod place;
pub mod rebuild;
pub mod rejects;
pub mod rows;
pub mod stages;

use cold::ColdError;
use durable::FileError;
use index::{Index, Located};
pub use lock::Lock;
pub use place::{Place, PlaceError};

/// Why the store could not do something. That a batch is not good is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The index, on a full or read-only disk.
    #[error("the index cannot be written: the disk is full or read-only; nothing that was acknowledged is lost")]
    IndexFull(#[source] rusqlite::Error),
    /// The index.
    #[error("the index failed; `settler store rebuild` makes it anew from the packs")]
    Index(#[source] rusqlite::Error),
    /// A pack in cold storage.
    #[error(transparent)]
    Cold(ColdError),
    /// An object of the store that is named by a URL.
    #[error(transparent)]
    Place(PlaceError),
    /// A file is not what it must be.
    #[error("{} is damaged: {why}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Rows could not be made.
    #[error("rows could not be made of what is held")]
    Rows(#[source] EngineError),
    /// A batch that should be held is not.
    #[error("batch {} is not in the store", hex::encode(.0))]
    Missing(Hash),
    /// Another process works on the store.
    #[error("another process is at work: it holds {}; try again", .0.display())]
    Busy(PathBuf),
    /// A write was asked of a store opened for reading.
    #[error("the store was opened for reading only")]
    ReadOnly,
}

impl StoreError {
    /// A damaged file.
    pub fn corrupt(path: &Path, why: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), why: why.into() }
    }
}

impl From<ColdError> for StoreError {
    fn from(error: ColdError) -> Self {
        match error {
            ColdError::Place(PlaceError::File(error)) => error.into(),
            error => Self::Cold(error),
        }
    }
}

impl From<PlaceError> for StoreError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::File(error) => error.into(),
            error => Self::Place(error),
        }
    }
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::File { doing, path, source } => FileError::new(doing, &path, source).into(),
            EngineError::Damaged { path, why } => Self::Corrupt { path, why },
            other => Self::Rows(other),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
        match error.sqlite_error_code() {
            Some(DiskFull | ReadOnly | CannotOpen | SystemIoFailure) => Self::IndexFull(error),
            _ => Self::Index(error),
        }
    }
}

/// The store of one settler.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    index: Index,
    /// Held by everybody who writes; `None` in a store opened for reading.
    writing: Option<Lock>,
    /// Where packs and rows are kept for good, if not here.
    kept_at: Option<Place>,
}

impl Store {
    /// Opens the store below `folder`, creating it if needed, and indexes packs that a killed process left unindexed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        for name in ["batches", "epochs", "rejects", "work"] {
            durable::create_folder(&folder.join(name))?;
        }
        let writing = Some(Lock::share(&folder.join("store.lock"))?);
        let index = Index::open(&folder.join("index.sqlite"))?;
        let mut store = Self { folder: folder.to_owned(), index, writing, kept_at: None };
        store.recover()?;
        Ok(store)
    }

    /// Opens a store for reading: nothing on disk changes.
    ///
    /// # Errors
    /// [`StoreError`], also if there is none.
    pub fn open_read_only(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("index.sqlite");
        if !path.is_file() {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "nothing was ingested here yet");
            return Err(FileError::new("read", &path, missing).into());
        }
        Ok(Self { folder: folder.to_owned(), index: Index::open_read_only(&path)?, writing: None, kept_at: None })
    }

    /// The store's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the packs are.
    #[must_use]
    pub fn packs_folder(&self) -> PathBuf {
        self.folder.join("batches")
    }

    /// Where sealed epochs are.
    #[must_use]
    pub fn epochs_folder(&self) -> PathBuf {
        self.folder.join("epochs")
    }

    /// Where refused inputs are logged.
    #[must_use]
    pub fn rejects_folder(&self) -> PathBuf {
        self.folder.join("rejects")
    }

    /// The index, for reading.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The index, for writing.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`].
    pub fn index_mut(&mut self) -> Result<&mut Index, StoreError> {
        if self.writing.is_some() { Ok(&mut self.index) } else { Err(StoreError::ReadOnly) }
    }

    /// The lock of settlements.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        Lock::take(&self.folder.join("settle.lock"))
    }

    /// The envelope of a held batch, as received.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn envelope(&self, located: &Located) -> Result<Vec<u8>, StoreError> {
        self.envelope_of(&located.header.hash)
    }

    /// The envelope of the held batch with this hash, as received.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if it is not held.
    pub fn envelope_of(&self, hash: &Hash) -> Result<Vec<u8>, StoreError> {
        self.read_where_it_is(hash, |root, located| pack::read(root, &located.pack, located.span))
    }

    /// The envelope of the held batch with this hash, with a line feed, as one ZSTD frame.
    ///
    /// # Errors
    /// As [`Store::envelope_of`].
    pub fn frame_of(&self, hash: &Hash) -> Result<Vec<u8>, StoreError> {
        self.read_where_it_is(hash, |root, located| pack::read_frame(root, &located.pack, located.span))
    }

    /// Reads a held batch in its pack. Compaction may move it to another one between the look-up and the reading: then it is looked up again.
    fn read_where_it_is<T>(
        &self,
        hash: &Hash,
        read: impl Fn(&Path, &Located) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let root = self.packs_folder();
        let located = self.index.find(hash)?.ok_or(StoreError::Missing(*hash))?;
        match read(&root, &located) {
            Err(StoreError::File(error)) if error.is_missing() => {
                let again = self.index.find(hash)?.ok_or(StoreError::Missing(*hash))?;
                if again.pack == located.pack { Err(error.into()) } else { read(&root, &again) }
            }
            done => done,
        }
    }

    /// A held batch, checked against its hash.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the bytes on disk are not that batch.
    pub fn batch(&self, header: &BatchHeader) -> Result<Batch, StoreError> {
        let (path, envelope) = self.read_where_it_is(&header.hash, |root, located| {
            Ok((root.join(&located.pack), pack::read(root, &located.pack, located.span)?))
        })?;
        let received = rebuild::read(&envelope, &path)?;
        if received.header() == *header {
            Ok(received.into_batch().into_owned())
        } else {
            Err(StoreError::corrupt(&path, "a batch is not the one that the index says"))
        }
    }
}
