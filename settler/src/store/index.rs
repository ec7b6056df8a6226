//! The index over the packs: SQLite in WAL mode. A cache: whatever is in it can be read from the packs again.

use std::path::Path;
use std::time::Duration;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, TransactionBehavior, params};

use super::StoreError;
use super::pack::Span;

const SCHEMA: &str = include_str!("../../../migrations/0001_index.sql");
/// `PRAGMA user_version` of [`SCHEMA`].
const SCHEMA_VERSION: i64 = 1;

/// A held batch and where its envelope is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// The batch.
    pub header: BatchHeader,
    /// Path of its pack below `batches/`.
    pub pack: String,
    /// Where in it.
    pub span: Span,
    /// When it was received.
    pub received_ms: u64,
}

/// What is held of an SFU, as far as the next answer depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SfuHeld {
    /// Row of the SFU.
    pub id: i64,
    /// Greatest `seq` held; 0 if none.
    pub greatest_seq: u64,
    /// Least `seq` that the held batches stop it at; `u64::MAX` if there is none.
    pub stop: u64,
}

/// A connection to the index.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
}

impl Index {
    /// Opens the index, creating it if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Index`]; [`StoreError::Corrupt`] for an index of another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // The packs are durable before a row is written; a row lost with the power is found again from its pack.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.set_prepared_statement_cache_capacity(64);
        let creation = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = creation.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version {
            0 => {
                creation.execute_batch(SCHEMA)?;
                creation.pragma_update(None, "user_version", SCHEMA_VERSION)?;
                creation.commit()?;
            }
            SCHEMA_VERSION => drop(creation),
            _ => {
                let why =
                    format!("its version is {version}, this program's {SCHEMA_VERSION}; run `settler store rebuild`");
                return Err(StoreError::corrupt(path, why));
            }
        }
        Ok(Self { connection })
    }

    /// Opens the index for reading only.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        Ok(Self { connection })
    }

    /// Closes the index with everything in its main file.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn close(self) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "journal_mode", "DELETE")?;
        self.connection.close().map_err(|(_, error)| error.into())
    }

    /// Begins a round of writing; other writers wait.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn begin(&mut self) -> Result<Round<'_>, StoreError> {
        Ok(Round(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }

    /// The held batch of this hash; if it was received more than once, the first.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn find(&self, hash: &Hash) -> Result<Option<Located>, StoreError> {
        let mut statement =
            self.connection.prepare_cached(&format!("{SELECT} WHERE b.hash = ?1 ORDER BY p.received_ms LIMIT 1"))?;
        Ok(statement.query_row([&hash[..]], located).optional()?)
    }

    /// Number of receipts of the held batch of this hash; 0 if it is not held.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn receipts(&self, hash: &Hash) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT receipts FROM batches WHERE hash = ?1 LIMIT 1")?;
        Ok(statement.query_row([&hash[..]], |row| number(row, 0)).optional()?.unwrap_or_default())
    }

    /// Names of all indexed packs.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn pack_names(&self) -> Result<std::collections::HashSet<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT name FROM packs")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Names of all indexed packs with the number of batches that are indexed to each.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn batches_by_pack(&self) -> Result<std::collections::BTreeMap<String, u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT p.name, coalesce(b.count, 0) FROM packs p
             LEFT JOIN (SELECT pack, count(*) AS count FROM batches GROUP BY pack) b ON b.pack = p.id",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, number(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Held batches of an SFU with `first <= seq <= last`, by (seq, hash).
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn between(&self, key: &[u8; 32], first: u64, last: u64) -> Result<Vec<Located>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("{SELECT} WHERE s.key = ?1 AND b.seq BETWEEN ?2 AND ?3 ORDER BY b.seq, b.hash"))?;
        let rows = statement.query_map(params![&key[..], clamp(first), clamp(last)], located)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The held batch of an SFU with the greatest `seq`.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn last(&self, key: &[u8; 32]) -> Result<Option<Located>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("{SELECT} WHERE s.key = ?1 ORDER BY b.seq DESC, p.received_ms LIMIT 1"))?;
        Ok(statement.query_row([&key[..]], located).optional()?)
    }

    /// Every `seq` up to `last` under which the SFU has more than one hash.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn equivocations(&self, key: &[u8; 32], last: u64) -> Result<Vec<u64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT b.seq FROM batches b JOIN sfus s ON s.id = b.sfu
             WHERE s.key = ?1 AND b.stops = 1 AND b.seq <= ?2 AND
                   EXISTS (SELECT 1 FROM batches o WHERE o.sfu = b.sfu AND o.seq = b.seq AND o.hash <> b.hash)
             GROUP BY b.seq ORDER BY b.seq",
        )?;
        let rows = statement.query_map(params![&key[..], clamp(last)], |row| number(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keys of all SFUs of which something is held, with the number of batches and receipts.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn totals(&self) -> Result<Vec<([u8; 32], u64, u64)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT s.key, count(*), sum(b.receipts) FROM batches b JOIN sfus s ON s.id = b.sfu GROUP BY s.id ORDER BY s.key",
        )?;
        let rows = statement.query_map([], |row| Ok((hash(row, 0)?, number(row, 1)?, number(row, 2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A number that changes whenever another connection has changed the index.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn data_version(&self) -> Result<i64, StoreError> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// The latest end of a held batch's window, if anything is held.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn window_ends(&self) -> Result<Option<(u64, u64)>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT min(to_ms), max(to_ms), count(*) FROM batches")?;
        Ok(statement.query_row([], |row| {
            if number(row, 2)? == 0 { Ok(None) } else { Ok(Some((number(row, 0)?, number(row, 1)?))) }
        })?)
    }
}

const SELECT: &str = "SELECT s.key, b.seq, b.hash, b.prev, b.from_ms, b.to_ms, p.name, b.start, b.length, p.received_ms
    FROM batches b JOIN sfus s ON s.id = b.sfu JOIN packs p ON p.id = b.pack";

/// A round of writing; dropped without [`Round::commit`], it never was.
pub struct Round<'a>(rusqlite::Transaction<'a>);

impl Round<'_> {
    /// What is held of an SFU; a row is made for one that is new.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn sfu(&self, key: &[u8; 32]) -> Result<SfuHeld, StoreError> {
        self.0
            .prepare_cached("INSERT INTO sfus (key) VALUES (?1) ON CONFLICT (key) DO NOTHING")?
            .execute([&key[..]])?;
        let mut statement = self.0.prepare_cached(
            "SELECT id, coalesce((SELECT max(seq) FROM batches WHERE sfu = sfus.id), 0),
                        (SELECT min(seq) FROM batches WHERE sfu = sfus.id AND stops = 1) FROM sfus WHERE key = ?1",
        )?;
        Ok(statement.query_row([&key[..]], |row| {
            let stop: Option<i64> = row.get(2)?;
            Ok(SfuHeld {
                id: row.get(0)?,
                greatest_seq: number(row, 1)?,
                stop: stop.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(u64::MAX),
            })
        })?)
    }

    /// Hashes held under a `seq` of an SFU.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn hashes_at(&self, sfu: i64, seq: u64) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT hash FROM batches WHERE sfu = ?1 AND seq = ?2")?;
        let rows = statement.query_map(params![sfu, clamp(seq)], |row| hash(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds a pack; `None` if it is there already.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn add_pack(&self, name: &str, received_ms: u64, length: u64) -> Result<Option<i64>, StoreError> {
        let added = self
            .0
            .prepare_cached("INSERT INTO packs (name, received_ms, length) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![name, clamp(received_ms), clamp(length)])?;
        Ok((added == 1).then(|| self.0.last_insert_rowid()))
    }

    /// Adds a pack that is still to be written.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn open_pack(&self, received_ms: u64) -> Result<i64, StoreError> {
        self.0
            .prepare_cached("INSERT INTO packs (name, received_ms, length) VALUES ('', ?1, 0)")?
            .execute([clamp(received_ms)])?;
        Ok(self.0.last_insert_rowid())
    }

    /// Names a pack that has been written.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn name_pack(&self, pack: i64, name: &str, length: u64) -> Result<(), StoreError> {
        self.0.prepare_cached("UPDATE packs SET name = ?2, length = ?3 WHERE id = ?1")?.execute(params![
            pack,
            name,
            clamp(length)
        ])?;
        Ok(())
    }

    /// Adds a held batch. One that is held already is taken from the pack that was received last: compaction makes such packs.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn add_batch(
        &self,
        sfu: i64,
        header: &BatchHeader,
        receipts: u64,
        stops: bool,
        pack: i64,
        span: Span,
    ) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO batches (sfu, seq, hash, prev, from_ms, to_ms, receipts, pack, start, length, stops)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (sfu, seq, hash) DO UPDATE
                 SET pack = excluded.pack, start = excluded.start, length = excluded.length
                 WHERE (SELECT received_ms FROM packs WHERE id = batches.pack)
                     < (SELECT received_ms FROM packs WHERE id = excluded.pack)",
            )?
            .execute(params![
                sfu,
                clamp(header.seq),
                &header.hash[..],
                &header.prev[..],
                clamp(header.from_ms),
                clamp(header.to_ms),
                clamp(receipts),
                pack,
                clamp(span.start),
                clamp(span.length),
                stops
            ])?;
        Ok(())
    }

    /// The row of a pack; `None` if it is not indexed.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn pack(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM packs WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Takes a held batch from another pack from now on; `false` if it is not held.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn move_batch(&self, sfu: i64, header: &BatchHeader, pack: i64, span: Span) -> Result<bool, StoreError> {
        let moved = self
            .0
            .prepare_cached(
                "UPDATE batches SET pack = ?4, start = ?5, length = ?6 WHERE sfu = ?1 AND seq = ?2 AND hash = ?3",
            )?
            .execute(params![sfu, clamp(header.seq), &header.hash[..], pack, clamp(span.start), clamp(span.length)])?;
        Ok(moved == 1)
    }

    /// Forgets a pack of which no batch is indexed.
    ///
    /// # Errors
    /// [`StoreError::Index`].
    pub fn remove_pack(&self, name: &str) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "DELETE FROM packs WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM batches WHERE pack = packs.id)",
            )?
            .execute([name])?;
        Ok(())
    }

    /// Ends the round.
    ///
    /// # Errors
    /// [`StoreError::Index`]; the round never was.
    pub fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit()?)
    }
}

/// SQLite's integers are signed; what batches hold stays below 2^53, bounds of a search may not.
fn clamp(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    row.get(column)
}

fn located(row: &Row<'_>) -> rusqlite::Result<Located> {
    let header = BatchHeader {
        sfu_key: hash(row, 0)?,
        seq: number(row, 1)?,
        hash: hash(row, 2)?,
        prev: hash(row, 3)?,
        from_ms: number(row, 4)?,
        to_ms: number(row, 5)?,
    };
    let span = Span { start: number(row, 7)?, length: number(row, 8)? };
    Ok(Located { header, pack: row.get(6)?, span, received_ms: number(row, 9)? })
}
