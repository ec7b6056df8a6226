//! Sealed epochs, ready for look-ups: one SQLite file, filled once for each epoch from its folder, and the level file of its payout
//! trees ([`levels`]). A request reads a few rows and, for a proof, at most three pieces of the level file; never a folder.
//!
//! ```text
//! DATA/service/catalogue.sqlite      shares, cells, tracks, verdicts, and where envelopes are
//! DATA/trees/<commitment>.levels     levels of the payout trees
//! ```
//!
//! Both are caches: whatever is in them follows from the folders, whose trees are checked against the statement first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::statement::Statement;
use rusqlite::{Connection, OpenFlags};

use super::http::problem::Problem;
use crate::artefact::folder_name;
use crate::artefact::levels::{self, Levels};
use crate::artefact::manifest::Manifest;
use crate::store::durable;

pub mod build;
pub mod read;

const SCHEMA: &str = include_str!("../../../migrations/catalogue_0001.sql");
/// `PRAGMA user_version` of [`SCHEMA`].
const SCHEMA_VERSION: i64 = 1;

/// Most level files that are kept open.
const OPEN_LEVELS: usize = 64;

/// How many batches or receipts got which verdict.
pub type Verdicts = BTreeMap<String, u64>;

/// A sealed epoch in the catalogue.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its row.
    pub id: i64,
    /// Its manifest without lists: of registry, inputs, files and versions there is nothing.
    pub manifest: Manifest,
    /// Verdicts of batches.
    pub batches: Verdicts,
    /// Verdicts of receipts of accepted batches.
    pub receipts: Verdicts,
}

/// Sums over everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Contributors with at least one share.
    pub contributors: u64,
    /// Shares.
    pub shares: u64,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    sealed: BTreeMap<u64, Arc<Sealed>>,
    sums: Sums,
}

/// A connection for reading.
pub struct Reader(Connection);

/// The catalogue.
pub struct Catalogue {
    folder: PathBuf,
    epochs: PathBuf,
    trees: PathBuf,
    levels: Mutex<BTreeMap<Hash, Arc<Levels>>>,
    contents: RwLock<Contents>,
    idle: Mutex<Vec<Reader>>,
}

impl Catalogue {
    /// Opens the catalogue of the store below `data`, or makes it. One that is damaged or of another version is made anew.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let folder = data.join("service");
        let trees = levels::folder(data);
        durable::create_folder(&folder)?;
        durable::create_folder(&trees)?;
        let catalogue = Self {
            folder,
            epochs: data.join("epochs"),
            trees,
            levels: Mutex::default(),
            contents: RwLock::default(),
            idle: Mutex::default(),
        };
        if let Err(error) = catalogue.writer().and_then(|writer| catalogue.refresh(&writer)) {
            tracing::warn!(error = format!("{error:#}"), "the catalogue of sealed epochs is made anew");
            for name in ["catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"] {
                crate::durable::remove(&catalogue.folder.join(name))?;
            }
            catalogue.refresh(&catalogue.writer()?)?;
        }
        Ok(catalogue)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("catalogue.sqlite")
    }

    /// A connection for writing; one thread has it.
    ///
    /// # Errors
    /// If the file is damaged or of another version.
    pub fn writer(&self) -> anyhow::Result<Connection> {
        let mut connection = Connection::open(self.path())?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.set_prepared_statement_cache_capacity(64);
        let creation = connection.transaction()?;
        let version: i64 = creation.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                creation.execute_batch(SCHEMA)?;
                creation.pragma_update(None, "user_version", SCHEMA_VERSION)?;
                creation.commit()?;
            }
            SCHEMA_VERSION => drop(creation),
            _ => anyhow::bail!("the catalogue is of version {version}"),
        }
        Ok(connection)
    }

    /// A connection for reading; give it back.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn reader(&self) -> Result<Reader, Problem> {
        if let Some(reader) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(reader);
        }
        let connection = Connection::open_with_flags(self.path(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Reader(connection))
    }

    /// Gives a connection back.
    pub fn give_back(&self, reader: Reader) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
    }

    /// Where sealed epochs are.
    #[must_use]
    pub fn epochs_folder(&self) -> &Path {
        &self.epochs
    }

    /// The folder of an epoch.
    #[must_use]
    pub fn epoch_folder(&self, epoch: u64) -> PathBuf {
        self.epochs.join(folder_name(epoch))
    }

    /// The level file of an epoch.
    #[must_use]
    pub fn level_file(&self, commitment: &Hash) -> PathBuf {
        levels::file(&self.trees, commitment)
    }

    /// The open level file of an epoch.
    ///
    /// # Errors
    /// If it is not there or damaged.
    pub fn levels(&self, manifest: &Manifest) -> anyhow::Result<Arc<Levels>> {
        let mut open = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(levels) = open.get(&manifest.commitment) {
            return Ok(levels.clone());
        }
        let domain = Domain::from_bytes(manifest.deployment.domain);
        let roots = Statement::from(&manifest.statement).payouts;
        let path = self.level_file(&manifest.commitment);
        let levels = Arc::new(Levels::open(&path, &domain, &manifest.commitment, &roots)?);
        if open.len() >= OPEN_LEVELS {
            let _ = open.pop_first();
        }
        open.insert(manifest.commitment, levels.clone());
        Ok(levels)
    }

    /// Every sealed epoch, in order.
    #[must_use]
    pub fn sealed(&self) -> Vec<Arc<Sealed>> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner).sealed.values().cloned().collect()
    }

    /// One sealed epoch.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Option<Arc<Sealed>> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner).sealed.get(&epoch).cloned()
    }

    /// Sums over all epochs.
    #[must_use]
    pub fn sums(&self) -> Sums {
        self.contents.read().unwrap_or_else(PoisonError::into_inner).sums
    }

    /// Reads the list of epochs again, after one was added.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn refresh(&self, connection: &Connection) -> anyhow::Result<()> {
        let mut sealed = BTreeMap::new();
        let mut statement = connection.prepare("SELECT id, epoch, manifest FROM epochs")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, epoch): (i64, i64) = (row.get(0)?, row.get(1)?);
            let manifest: Manifest = serde_json::from_str(&row.get::<_, String>(2)?)?;
            let batches = read::verdicts(connection, id, "batch")?;
            let receipts = read::verdicts(connection, id, "receipt")?;
            sealed.insert(epoch.cast_unsigned(), Arc::new(Sealed { id, manifest, batches, receipts }));
        }
        let sums = connection.query_row("SELECT count(DISTINCT contributor), count(*) FROM shares", [], |row| {
            Ok(Sums {
                contributors: row.get::<_, i64>(0)?.cast_unsigned(),
                shares: row.get::<_, i64>(1)?.cast_unsigned(),
            })
        })?;
        *self.contents.write().unwrap_or_else(PoisonError::into_inner) = Contents { sealed, sums };
        Ok(())
    }
}
