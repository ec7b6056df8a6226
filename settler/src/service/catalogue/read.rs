//! Look-ups in the catalogue. Each is a few rows by an index.

use radio_payouts_protocol::hash::sha256;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Reader, Verdicts};
use crate::artefact::explanation::CellLine;
use crate::artefact::payout::Payout;

/// Verdicts of an epoch, of `batch` or `receipt`.
///
/// # Errors
/// If the file is damaged.
pub fn verdicts(connection: &Connection, epoch: i64, kind: &str) -> rusqlite::Result<Verdicts> {
    let mut statement =
        connection.prepare_cached("SELECT verdict, count FROM verdicts WHERE epoch = ?1 AND kind = ?2")?;
    let rows = statement.query_map(params![epoch, kind], |row| Ok((row.get(0)?, unsigned(row, 1)?)))?;
    rows.collect()
}

/// A contributor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contributor {
    /// Its row.
    pub id: i64,
    /// The DID.
    pub did: String,
    /// The payee of its own; 32 zeros if there is none, or none is known yet.
    pub payee: [u8; 32],
}

/// A track of an epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Track {
    /// Its place in `tracks.parquet`.
    pub number: i64,
    /// The SFU's key.
    pub sfu: [u8; 32],
    /// The SFU's name for it.
    pub track_id: String,
    /// Accepted bytes.
    pub bytes: u64,
    /// Sum of recipients times window.
    pub recipient_ms: String,
    /// Listening time.
    pub listener_ms: String,
    /// Measured bit rate.
    pub kbps: String,
    /// Metadata fields present.
    pub metadata_fields: u32,
}

/// Something of an epoch that was rejected: a whole batch, or a receipt of an accepted one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// Row of the batch.
    pub batch: i64,
    /// Place of the receipt in it; -1 for the whole batch.
    pub position: i64,
    /// Why.
    pub verdict: String,
    /// The room; empty for a batch.
    pub room_id: String,
    /// The track; empty for a batch.
    pub track_id: String,
    /// What it claimed.
    pub bytes: u64,
    /// The SFU's key.
    pub sfu: [u8; 32],
    /// Number of the batch.
    pub seq: u64,
}

/// A judged batch that names a contributor, and where its envelope is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    /// Row of the batch.
    pub batch: i64,
    /// The SFU's key.
    pub sfu: [u8; 32],
    /// Number of the batch.
    pub seq: u64,
    /// Its verdict.
    pub verdict: String,
    /// First byte in the SFU's file.
    pub start: u64,
    /// Number of bytes.
    pub length: u64,
}

const SHARE: &str =
    "SELECT c.did, c.payee, s.leaf, s.bytes, s.effective_bytes, s.raw, s.amount, s.reason, s.contributor, e.epoch
    FROM shares s JOIN contributors c ON c.id = s.contributor JOIN epochs e ON e.id = s.epoch";

/// A share with the rows that it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// Row of the contributor.
    pub contributor: i64,
    /// The epoch's number.
    pub epoch: u64,
    /// The line.
    pub payout: Payout,
}

impl Reader {
    /// SHA-256 and length of a file of an epoch.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn file(&self, epoch: i64, name: &str) -> rusqlite::Result<Option<([u8; 32], u64)>> {
        let mut statement = self.0.prepare_cached("SELECT sha256, length FROM files WHERE epoch = ?1 AND name = ?2")?;
        statement.query_row(params![epoch, name], |row| Ok((row.get(0)?, unsigned(row, 1)?))).optional()
    }

    /// Files of an epoch after `after` by name.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn files(&self, epoch: i64, after: &str, limit: usize) -> rusqlite::Result<Vec<(String, [u8; 32], u64)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT name, sha256, length FROM files WHERE epoch = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
        )?;
        let rows = statement
            .query_map(params![epoch, after, count(limit)], |row| Ok((row.get(0)?, row.get(1)?, unsigned(row, 2)?)))?;
        rows.collect()
    }

    /// Shares of an epoch, highest first, after one of this amount and contributor.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn shares(&self, epoch: i64, after: Option<[i64; 2]>, limit: usize) -> rusqlite::Result<Vec<Share>> {
        let [amount, contributor] = after.unwrap_or([i64::MAX, i64::MAX]);
        let mut statement = self.0.prepare_cached(&format!(
            "{SHARE} WHERE s.epoch = ?1 AND (s.amount, s.contributor) < (?2, ?3)
             ORDER BY s.amount DESC, s.contributor DESC LIMIT ?4"
        ))?;
        let rows = statement.query_map(params![epoch, amount, contributor, count(limit)], share)?;
        rows.collect()
    }

    /// A contributor's share of an epoch.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn share(&self, epoch: i64, contributor: i64) -> rusqlite::Result<Option<Payout>> {
        let mut statement = self.0.prepare_cached(&format!("{SHARE} WHERE s.epoch = ?1 AND s.contributor = ?2"))?;
        statement.query_row([epoch, contributor], |row| Ok(share(row)?.payout)).optional()
    }

    /// A contributor's shares in epochs before number `before`, newest first.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn history(&self, contributor: i64, before: Option<i64>, limit: usize) -> rusqlite::Result<Vec<Share>> {
        let mut statement = self.0.prepare_cached(&format!(
            "{SHARE} WHERE s.contributor = ?1 AND e.epoch < ?2 ORDER BY e.epoch DESC LIMIT ?3"
        ))?;
        let rows = statement.query_map(params![contributor, before.unwrap_or(i64::MAX), count(limit)], share)?;
        rows.collect()
    }

    /// A contributor's shares in the epochs from number `first` to number `last`, oldest first.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn shares_between(&self, contributor: i64, first: u64, last: u64) -> rusqlite::Result<Vec<Share>> {
        let mut statement = self.0.prepare_cached(&format!(
            "{SHARE} WHERE s.contributor = ?1 AND e.epoch BETWEEN ?2 AND ?3 ORDER BY e.epoch"
        ))?;
        let rows = statement.query_map([contributor, first.cast_signed(), last.cast_signed()], share)?;
        rows.collect()
    }

    /// Number of epochs in which a contributor has a share, and the sum of its amounts.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn sums_of(&self, contributor: i64) -> rusqlite::Result<(u64, u64, u64)> {
        let mut statement = self.0.prepare_cached(
            "SELECT count(*), coalesce(sum(bytes), 0), coalesce(sum(amount), 0) FROM shares WHERE contributor = ?1",
        )?;
        statement.query_row([contributor], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?, unsigned(row, 2)?)))
    }

    /// The contributor of a DID.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn contributor(&self, did: &str) -> rusqlite::Result<Option<Contributor>> {
        let mut statement = self.0.prepare_cached("SELECT id, did, payee FROM contributors WHERE did = ?1")?;
        statement.query_row([did], contributor).optional()
    }

    /// Contributors with a share whose DID begins with `beginning` and comes after `after`, in order.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn by_did(&self, beginning: &str, after: &str, limit: usize) -> rusqlite::Result<Vec<Contributor>> {
        let end = format!("{beginning}\u{10ffff}");
        let mut statement = self.0.prepare_cached(
            "SELECT id, did, payee FROM contributors c WHERE did >= ?1 AND did < ?2 AND did > ?3 AND
                    EXISTS (SELECT 1 FROM shares s WHERE s.contributor = c.id) ORDER BY did LIMIT ?4",
        )?;
        let rows = statement.query_map(params![beginning, end, after, count(limit)], contributor)?;
        rows.collect()
    }

    /// Contributors who are paid at an address, in order of DIDs.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn by_payee(&self, payee: &[u8; 32], after: &str, limit: usize) -> rusqlite::Result<Vec<Contributor>> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, did, payee FROM contributors WHERE payee = ?1 AND did > ?2 ORDER BY did LIMIT ?3",
        )?;
        let rows = statement.query_map(params![&payee[..], after, count(limit)], contributor)?;
        rows.collect()
    }

    /// Tracks of an epoch, most bytes first, after one of so many bytes and this number.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn tracks(&self, epoch: i64, after: Option<[i64; 2]>, limit: usize) -> rusqlite::Result<Vec<Track>> {
        let [bytes, number] = after.unwrap_or([i64::MAX, i64::MAX]);
        let mut statement = self.0.prepare_cached(
            "SELECT number, sfu, track_id, bytes, recipient_ms, listener_ms, kbps, metadata_fields FROM tracks
             WHERE epoch = ?1 AND (bytes, number) < (?2, ?3) ORDER BY bytes DESC, number DESC LIMIT ?4",
        )?;
        let rows = statement.query_map(params![epoch, bytes, number, count(limit)], |row| {
            Ok(Track {
                number: row.get(0)?,
                sfu: row.get(1)?,
                track_id: row.get(2)?,
                bytes: unsigned(row, 3)?,
                recipient_ms: row.get(4)?,
                listener_ms: row.get(5)?,
                kbps: row.get(6)?,
                metadata_fields: row.get(7)?,
            })
        })?;
        rows.collect()
    }

    /// A contributor's cells of an epoch.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn cells(&self, epoch: i64, contributor: i64) -> rusqlite::Result<Vec<CellLine>> {
        let mut statement = self.0.prepare_cached(
            "SELECT t.track_id, c.role, c.hour, c.bytes, c.role_bps, c.consistency, c.peak, c.long_term, c.time,
                    c.high_quality, c.metadata_rich, c.popular, c.quality, c.weight_e12
             FROM cells c JOIN tracks t ON t.epoch = c.epoch AND t.number = c.track
             WHERE c.epoch = ?1 AND c.contributor = ?2 ORDER BY c.number",
        )?;
        let rows = statement.query_map([epoch, contributor], |row| {
            Ok(CellLine {
                track_id: row.get(0)?,
                role: row.get(1)?,
                hour_utc: row.get(2)?,
                bytes: unsigned(row, 3)?,
                role_bps: row.get(4)?,
                consistency_bps: row.get(5)?,
                peak_bps: row.get(6)?,
                long_term_bps: row.get(7)?,
                time_bps: row.get(8)?,
                high_quality_bps: row.get(9)?,
                metadata_rich_bps: row.get(10)?,
                popular_bps: row.get(11)?,
                quality_bps: row.get(12)?,
                weight_e12: row.get(13)?,
            })
        })?;
        rows.collect()
    }

    /// What of an epoch was rejected, of one SFU or of one verdict if asked, after this batch and position.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn rejected(
        &self,
        epoch: i64,
        sfu: Option<&[u8; 32]>,
        verdict: Option<&str>,
        after: Option<[i64; 2]>,
        limit: usize,
    ) -> rusqlite::Result<Vec<Rejected>> {
        let [batch, position] = after.unwrap_or([-1, -1]);
        let mut statement = self.0.prepare_cached(
            "SELECT r.batch, r.position, r.verdict, r.room_id, r.track_id, r.bytes, b.sfu, b.seq
             FROM rejected r JOIN batches b ON b.id = r.batch
             WHERE r.epoch = ?1 AND (r.batch, r.position) > (?2, ?3) AND (?4 IS NULL OR b.sfu = ?4)
                   AND (?5 IS NULL OR r.verdict = ?5) ORDER BY r.batch, r.position LIMIT ?6",
        )?;
        let sfu = sfu.map(|sfu| &sfu[..]);
        let rows = statement.query_map(params![epoch, batch, position, sfu, verdict, count(limit)], |row| {
            Ok(Rejected {
                batch: row.get(0)?,
                position: row.get(1)?,
                verdict: row.get(2)?,
                room_id: row.get(3)?,
                track_id: row.get(4)?,
                bytes: unsigned(row, 5)?,
                sfu: row.get(6)?,
                seq: unsigned(row, 7)?,
            })
        })?;
        rows.collect()
    }

    /// Judged batches of an epoch that name a contributor, from row `from` on.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn mentions(&self, epoch: i64, contributor: i64, from: i64, limit: usize) -> rusqlite::Result<Vec<Mention>> {
        let mut statement = self.0.prepare_cached(
            "SELECT b.id, b.sfu, b.seq, b.verdict, b.start, b.length FROM mentions m JOIN batches b ON b.id = m.batch
             WHERE m.contributor = ?1 AND m.epoch = ?2 AND m.batch >= ?3 ORDER BY m.batch LIMIT ?4",
        )?;
        let rows = statement.query_map(params![contributor, epoch, from, count(limit)], |row| {
            Ok(Mention {
                batch: row.get(0)?,
                sfu: row.get(1)?,
                seq: unsigned(row, 2)?,
                verdict: row.get(3)?,
                start: unsigned(row, 4)?,
                length: unsigned(row, 5)?,
            })
        })?;
        rows.collect()
    }

    /// How many batches of the same SFU and number the epoch lists before this one.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn place_among_equals(&self, epoch: i64, mention: &Mention) -> rusqlite::Result<usize> {
        let mut statement = self
            .0
            .prepare_cached("SELECT count(*) FROM batches WHERE epoch = ?1 AND sfu = ?2 AND seq = ?3 AND id < ?4")?;
        let before = params![epoch, &mention.sfu[..], mention.seq.cast_signed(), mention.batch];
        let count = statement.query_row(before, |row| unsigned(row, 0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Receipts of accepted batches of an epoch that name a contributor: how many.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn receipts_naming(&self, epoch: i64, contributor: i64) -> rusqlite::Result<u64> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(sum(m.receipts), 0) FROM mentions m JOIN batches b ON b.id = m.batch
             WHERE m.contributor = ?1 AND m.epoch = ?2 AND b.verdict = 'accepted'",
        )?;
        statement.query_row([contributor, epoch], |row| unsigned(row, 0))
    }

    /// Verdicts of the receipts of an accepted batch that do not count, by position.
    ///
    /// # Errors
    /// If the catalogue is damaged.
    pub fn rejected_in(&self, epoch: i64, batch: i64) -> rusqlite::Result<Vec<(usize, String)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT position, verdict FROM rejected WHERE epoch = ?1 AND batch = ?2 AND position >= 0",
        )?;
        let rows = statement.query_map([epoch, batch], |row| {
            Ok((usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default(), row.get(1)?))
        })?;
        rows.collect()
    }
}

/// One more than asked for: it tells whether there is a next page.
fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

fn contributor(row: &Row<'_>) -> rusqlite::Result<Contributor> {
    let payee: Option<[u8; 32]> = row.get(2)?;
    Ok(Contributor { id: row.get(0)?, did: row.get(1)?, payee: payee.unwrap_or_default() })
}

fn share(row: &Row<'_>) -> rusqlite::Result<Share> {
    let did: String = row.get(0)?;
    let payee: Option<[u8; 32]> = row.get(1)?;
    let payout = Payout {
        index: row.get(2)?,
        did_hash: sha256(&[did.as_bytes()]),
        did,
        payee: payee.unwrap_or_default(),
        bytes: unsigned(row, 3)?,
        effective_bytes: unsigned(row, 4)?,
        raw: unsigned(row, 5)?,
        amount: unsigned(row, 6)?,
        reason: row.get(7)?,
    };
    Ok(Share { contributor: row.get(8)?, epoch: unsigned(row, 9)?, payout })
}
