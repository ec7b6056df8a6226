//! Filling the catalogue with one sealed epoch: everything in one transaction, so that an epoch is there whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path};

use anyhow::Context as _;
use arrow::array::{Array, AsArray as _, FixedSizeBinaryArray, PrimitiveArray, StringArray};
use arrow::datatypes::{Decimal128Type, Int64Type};
use arrow::record_batch::RecordBatch;
use radio_payouts_protocol::batch::Batch;
use radio_payouts_protocol::hash::{Hash, sha256};
use rusqlite::{Connection, Transaction, params};

use crate::artefact::batches::{VerdictLine, file_name, read_verdicts};
use crate::artefact::envelopes::{self, Lines, kept};
use crate::artefact::manifest::{FileJson, Manifest};
use crate::artefact::payout::Payout;
use crate::artefact::{Artefact, levels, receipts, sfu_name, sheet, source};

/// Tables with rows of an epoch, those that name others first.
const TABLES: [&str; 8] = ["verdicts", "rejected", "mentions", "batches", "cells", "tracks", "shares", "files"];

/// Adds a sealed epoch, in place of an earlier one of that number. `level_file` is where the levels of its trees go, by which its payouts are
/// checked against the statement.
///
/// # Errors
/// If the folder is damaged: then nothing changes.
pub fn add(connection: &mut Connection, artefact: &Artefact, level_file: &Path) -> anyhow::Result<()> {
    levels::derive(artefact, level_file, |_| ())?;
    let payouts = artefact.payouts()?;
    let transaction = connection.transaction()?;
    let number = artefact.manifest.statement.epoch.cast_signed();
    for table in TABLES {
        transaction.execute(
            &format!("DELETE FROM {table} WHERE epoch IN (SELECT id FROM epochs WHERE epoch = ?1)"),
            [number],
        )?;
    }
    transaction.execute("DELETE FROM epochs WHERE epoch = ?1", [number])?;
    let slim = Manifest {
        registry: Vec::new(),
        sfus: Vec::new(),
        files: BTreeMap::new(),
        params_versions: Vec::new(),
        parent: None,
        ..artefact.manifest.clone()
    };
    transaction.execute(
        "INSERT INTO epochs (epoch, commitment, manifest) VALUES (?1, ?2, ?3)",
        params![number, &artefact.manifest.commitment[..], serde_json::to_string(&slim)?],
    )?;
    let mut adding = Adding { epoch: transaction.last_insert_rowid(), contributors: HashMap::new(), transaction };
    adding.files(artefact)?;
    adding.shares(payouts)?;
    let tracks = adding.tracks(artefact)?;
    adding.cells(artefact, &tracks)?;
    adding.batches(artefact)?;
    adding.transaction.commit()?;
    Ok(())
}

struct Adding<'a> {
    transaction: Transaction<'a>,
    epoch: i64,
    /// Rows of contributors by their DID's hash.
    contributors: HashMap<Hash, i64>,
}

type Tracks = HashMap<([u8; 32], String), i64>;

impl Adding<'_> {
    fn contributor(&mut self, did: &str, hash: Hash, payee: Option<&[u8; 32]>) -> anyhow::Result<i64> {
        if let Some(id) = self.contributors.get(&hash) {
            return Ok(*id);
        }
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO contributors (did, payee) VALUES (?1, ?2)
             ON CONFLICT (did) DO UPDATE SET payee = coalesce(excluded.payee, payee) RETURNING id",
        )?;
        let id = statement.query_row(params![did, payee.map(|payee| &payee[..])], |row| row.get(0))?;
        self.contributors.insert(hash, id);
        Ok(id)
    }

    /// Every file that is served: those of the manifest, and itself. A name that leads out of the folder is none of ours.
    fn files(&mut self, artefact: &Artefact) -> anyhow::Result<()> {
        let manifest = std::fs::read(artefact.folder.join("manifest.json"))?;
        let manifest = FileJson { sha256: sha256(&[&manifest]), length: manifest.len() as u64 };
        for (name, file) in artefact.manifest.files.iter().chain([(&"manifest.json".to_owned(), &manifest)]) {
            let is_below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            anyhow::ensure!(is_below && !name.is_empty(), "manifest.json: {name:?} is no name of a file");
            self.transaction.execute(
                "INSERT INTO files VALUES (?1, ?2, ?3, ?4)",
                params![self.epoch, name, &file.sha256[..], file.length.cast_signed()],
            )?;
        }
        Ok(())
    }

    fn shares(&mut self, payouts: Vec<Payout>) -> anyhow::Result<()> {
        for payout in payouts {
            let payee = Some(&payout.payee).filter(|payee| **payee != [0; 32]);
            let contributor = self.contributor(&payout.did, payout.did_hash, payee)?;
            self.transaction.prepare_cached("INSERT INTO shares VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
                params![
                    self.epoch,
                    contributor,
                    payout.index,
                    payout.bytes.cast_signed(),
                    payout.effective_bytes.cast_signed(),
                    payout.raw.cast_signed(),
                    payout.amount.cast_signed(),
                    payout.reason
                ],
            )?;
        }
        Ok(())
    }

    fn tracks(&mut self, artefact: &Artefact) -> anyhow::Result<Tracks> {
        let mut tracks = Tracks::new();
        sheet::read(&artefact.folder.join("tracks.parquet"), |rows| {
            let (sfu, track) = (hashes(rows, "sfu")?, texts(rows, "track_id")?);
            let (bytes, fields) = (integers(rows, "bytes")?, integers(rows, "metadata_fields")?);
            let (recipient, listener) = (wides(rows, "recipient_ms")?, wides(rows, "listener_ms")?);
            let kbps = wides(rows, "kbps")?;
            for row in 0..rows.num_rows() {
                let number = i64::try_from(tracks.len())?;
                self.transaction
                    .prepare_cached("INSERT INTO tracks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
                    .execute(params![
                        self.epoch,
                        number,
                        sfu.value(row),
                        track.value(row),
                        bytes.value(row),
                        recipient.value(row).to_string(),
                        listener.value(row).to_string(),
                        kbps.value(row).to_string(),
                        fields.value(row)
                    ])?;
                tracks.insert((sfu.value(row).try_into()?, track.value(row).to_owned()), number);
            }
            Ok(())
        })?;
        Ok(tracks)
    }

    fn cells(&mut self, artefact: &Artefact, tracks: &Tracks) -> anyhow::Result<()> {
        const FACTORS: [&str; 9] = [
            "role_bps",
            "consistency_bps",
            "peak_bps",
            "long_term_bps",
            "time_bps",
            "high_quality_bps",
            "metadata_rich_bps",
            "popular_bps",
            "quality_bps",
        ];
        let mut number = 0i64;
        sheet::read(&artefact.folder.join("cells.parquet"), |rows| {
            let (did, sfu) = (hashes(rows, "did_hash")?, hashes(rows, "sfu")?);
            let (track, role) = (texts(rows, "track_id")?, texts(rows, "role")?);
            let (hour, bytes, weight) =
                (integers(rows, "hour_utc")?, integers(rows, "bytes")?, wides(rows, "weight_e12")?);
            let factors = FACTORS.map(|name| integers(rows, name));
            for row in 0..rows.num_rows() {
                let contributor = self.contributors.get(did.value(row)).context("a cell of nobody")?;
                let of = tracks.get(&(sfu.value(row).try_into()?, track.value(row).to_owned()));
                let mut bps = [0; FACTORS.len()];
                for (bps, column) in bps.iter_mut().zip(&factors) {
                    *bps = column.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?.value(row);
                }
                let [role_bps, consistency, peak, long_term, time, high, rich, popular, quality] = bps;
                self.transaction
                    .prepare_cached(
                        "INSERT INTO cells VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
                    )?
                    .execute(params![
                        self.epoch,
                        contributor,
                        number,
                        of.context("a cell of no track")?,
                        role.value(row),
                        hour.value(row),
                        bytes.value(row),
                        role_bps,
                        consistency,
                        peak,
                        long_term,
                        time,
                        high,
                        rich,
                        popular,
                        quality,
                        weight.value(row).to_string()
                    ])?;
                number += 1;
            }
            Ok(())
        })
    }

    /// Every judged batch: its verdict, where it is, whom it names; and what of it was rejected.
    fn batches(&mut self, artefact: &Artefact) -> anyhow::Result<()> {
        let mut open: Option<Envelopes> = None;
        let mut places: HashMap<([u8; 32], i64), i64> = HashMap::new();
        let (mut of_batches, mut of_receipts): (BTreeMap<String, i64>, BTreeMap<String, i64>) = Default::default();
        read_verdicts(&artefact.folder, |line| {
            let key = line.header.sfu_key;
            if open.as_ref().is_none_or(|open| open.key != key) {
                open = Some(Envelopes::open(artefact, key)?);
            }
            let (start, length, envelope) = open.as_mut().context("no file of envelopes")?.next()?;
            let batch = source::parse(&line.header, &envelope)?;
            let id = self.batch(&line, &batch, start, length)?;
            *of_batches.entry(line.verdict.clone()).or_default() += 1;
            if line.verdict == "accepted" {
                places.insert((key, line.header.seq.cast_signed()), id);
                *of_receipts.entry("accepted".to_owned()).or_default() += i64::try_from(batch.receipts.len())?;
            }
            self.mention(id, &batch)
        })?;
        receipts::rejected(artefact, |rejected| {
            let key = radio_payouts_protocol::did::Did::parse(&rejected.sfu).ok().and_then(|did| did.ed25519_key());
            let id = key.and_then(|key| places.get(&(key, rejected.seq))).context("a receipt of no accepted batch")?;
            *of_receipts.entry(rejected.verdict.clone()).or_default() += 1;
            *of_receipts.entry("accepted".to_owned()).or_default() -= 1;
            self.transaction.prepare_cached("INSERT INTO rejected VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(
                params![
                    self.epoch,
                    id,
                    rejected.position,
                    rejected.verdict,
                    rejected.room_id,
                    rejected.track_id,
                    rejected.bytes
                ],
            )?;
            Ok(())
        })?;
        for (kind, verdicts) in [("batch", of_batches), ("receipt", of_receipts)] {
            for (verdict, count) in verdicts {
                self.transaction.execute(
                    "INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4)",
                    params![self.epoch, kind, verdict, count],
                )?;
            }
        }
        Ok(())
    }

    fn batch(&mut self, line: &VerdictLine, batch: &Batch, start: u64, length: usize) -> anyhow::Result<i64> {
        self.transaction
            .prepare_cached(
                "INSERT INTO batches (epoch, sfu, seq, verdict, receipts, accepted_bytes, start, length)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.epoch,
                &line.header.sfu_key[..],
                line.header.seq.cast_signed(),
                line.verdict,
                i64::try_from(batch.receipts.len())?,
                line.accepted_bytes.unwrap_or_default().cast_signed(),
                start.cast_signed(),
                i64::try_from(length)?
            ])?;
        let id = self.transaction.last_insert_rowid();
        if line.verdict != "accepted" {
            let bytes: u64 = batch
                .receipts
                .iter()
                .flat_map(|receipt| &receipt.contributors)
                .fold(0, |sum, entry| sum.saturating_add(entry.bytes_out));
            self.transaction
                .prepare_cached("INSERT INTO rejected VALUES (?1, ?2, -1, ?3, '', '', ?4)")?
                .execute(params![self.epoch, id, line.verdict, bytes.cast_signed()])?;
        }
        Ok(id)
    }

    fn mention(&mut self, batch_id: i64, batch: &Batch) -> anyhow::Result<()> {
        let mut named: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in batch.receipts.iter().flat_map(|receipt| &receipt.contributors) {
            *named.entry(&entry.did).or_default() += 1;
        }
        for (did, receipts) in named {
            let contributor = self.contributor(did, sha256(&[did.as_bytes()]), None)?;
            self.transaction.prepare_cached("INSERT INTO mentions VALUES (?1, ?2, ?3, ?4)")?.execute(params![
                contributor,
                self.epoch,
                batch_id,
                receipts
            ])?;
        }
        Ok(())
    }
}

/// The envelopes of one SFU, one after the other, in the order of the list of verdicts.
struct Envelopes {
    key: [u8; 32],
    lines: Lines,
}

impl Envelopes {
    fn open(artefact: &Artefact, key: [u8; 32]) -> anyhow::Result<Self> {
        let name = file_name(&key);
        let path = kept(&artefact.folder, &name).with_context(|| format!("cannot read {name}"))?;
        Ok(Self { key, lines: envelopes::Envelopes::open(&path)?.lines() })
    }

    /// The next envelope, where it starts, and how many bytes of the file it takes.
    fn next(&mut self) -> anyhow::Result<(u64, usize, Vec<u8>)> {
        let missing = || format!("SFU {}: a listed batch is not in its file", sfu_name(&self.key));
        self.lines.next()?.with_context(missing)
    }
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> anyhow::Result<&'a dyn Array> {
    Ok(rows.column_by_name(name).with_context(|| format!("no column {name}"))?.as_ref())
}

fn texts<'a>(rows: &'a RecordBatch, name: &str) -> anyhow::Result<&'a StringArray> {
    column(rows, name)?.as_string_opt::<i32>().with_context(|| format!("{name}: not text"))
}

fn integers<'a>(rows: &'a RecordBatch, name: &str) -> anyhow::Result<&'a PrimitiveArray<Int64Type>> {
    column(rows, name)?.as_primitive_opt::<Int64Type>().with_context(|| format!("{name}: not an integer"))
}

fn wides<'a>(rows: &'a RecordBatch, name: &str) -> anyhow::Result<&'a PrimitiveArray<Decimal128Type>> {
    column(rows, name)?.as_primitive_opt::<Decimal128Type>().with_context(|| format!("{name}: not a decimal"))
}

fn hashes<'a>(rows: &'a RecordBatch, name: &str) -> anyhow::Result<&'a FixedSizeBinaryArray> {
    column(rows, name)?.as_fixed_size_binary_opt().with_context(|| format!("{name}: not 32 bytes"))
}
