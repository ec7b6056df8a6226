//! `store pull`: records of the bucket that are not here, with everything that they name.
//!
//! What others put there is believed as little as what an SFU sends: packs are compared with the hash in their names and every signature in
//! them is verified, files of rows are compared with their record. A record comes last (see the module `staged`), so a run that was killed anywhere is
//! continued by the next one.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use radio_payouts_engine::Rows;
use radio_payouts_engine::durable::{Pending, put_all};
use radio_payouts_engine::record::{FileName, Record, Sha256};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::json;
use rayon::prelude::*;
use serde::Serialize;

use super::noted::Noted;
use super::staged::{Staged, finish_all};
use super::transfer::{all, difference, digest, read, read_file};
use super::{Bucket, RECORD_BYTES};
use crate::artefact::digest::Digesting;
use crate::crash;
use crate::store::durable::{self, FileError};
use crate::store::pack::{self, Pack, PackName};
use crate::store::{Place, PlaceError, Store, StoreError, rebuild};

/// Longest pack that is fetched, in bytes. A round of intake is a hundredth of it.
const PACK_BYTES: u64 = 2 << 30;
/// Longest list of names of packs, in bytes.
const SOURCES_BYTES: u64 = 16 << 20;

/// What came from the bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pulled {
    /// Records that are here now and were not.
    #[serde(with = "json")]
    pub records: u64,
    /// Packs that were fetched.
    #[serde(with = "json")]
    pub packs: u64,
    /// Files of rows that were fetched.
    #[serde(with = "json")]
    pub files: u64,
    /// Bytes of both.
    #[serde(with = "json")]
    pub bytes: u64,
    /// Records that were left there because all their packs have rows here by other records.
    #[serde(with = "json")]
    pub left: u64,
}

/// Hears of records that came, of how many there are, and of bytes.
pub type Came<'a> = &'a (dyn Fn(Arrived) + Sync);

/// What came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrived {
    /// So many bytes more.
    Bytes(u64),
    /// One record more, of so many.
    Record(u64),
}

/// What was fetched of a record.
#[derive(Default)]
struct Sums {
    packs: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Store {
    /// Fetches what the bucket has and this store has not.
    ///
    /// # Errors
    /// [`StoreError::Place`] if the bucket is away, or an object in it is not what it must be: then nothing of that one is kept;
    /// [`StoreError::Busy`] while another process makes rows, pushes or pulls. What else came stays; a record that is
    /// damaged keeps no other one there.
    pub fn pull(
        &mut self,
        bucket: &Bucket,
        rows: &Rows,
        domain: &Domain,
        came: Came<'_>,
    ) -> Result<Pulled, StoreError> {
        let _alone = self.bucket_lock()?;
        let _maker = Arc::new(self.rows_lock()?);
        rows.sweep()?;
        finish_all(&self.folder, rows)?;
        bucket.require()?;
        let here: HashSet<Hash> = Record::ids(rows.root())?.into_iter().collect();
        let there = bucket.records().list()?;
        let missing: Vec<Hash> =
            there.iter().filter_map(|name| Record::id_of(name)).filter(|id| !here.contains(id)).collect();
        let mut pulled = Pulled::default();
        if missing.is_empty() {
            return Ok(pulled);
        }
        let mut noted = Noted::open(self, bucket)?;
        let mut covered = rows.sources()?;
        let mut packs: HashSet<Hash> = pack::list(&self.packs_folder())?.iter().map(|(name, _)| name.hash).collect();
        let count = missing.len() as u64;
        let mut different = None;
        for id in missing {
            let fetched = open(bucket, rows, &id).and_then(|(record, bytes)| {
                if record.sources.iter().all(|source| covered.contains(&source.0)) {
                    return Ok(None);
                }
                let sums = self.fetch(bucket, rows, domain, (id, &record, &bytes), &packs, came)?;
                Ok(Some((record, sums)))
            });
            match fetched {
                Ok(None) => pulled.left += 1,
                Ok(Some((record, sums))) => {
                    let sources = record.sources.iter().map(|source| source.0);
                    covered.extend(sources.clone());
                    packs.extend(sources);
                    noted.add(id)?;
                    pulled.records += 1;
                    pulled.packs += sums.packs.into_inner();
                    pulled.files += sums.files.into_inner();
                    pulled.bytes += sums.bytes.into_inner();
                }
                // One that is damaged keeps no other one there.
                Err(StoreError::Place(error @ PlaceError::Changed { .. })) => {
                    let _ = different.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
            came(Arrived::Record(count));
        }
        different.map_or(Ok(pulled), |error| Err(error.into()))
    }

    fn fetch(
        &mut self,
        bucket: &Bucket,
        rows: &Rows,
        domain: &Domain,
        (id, record, bytes): (Hash, &Record, &[u8]),
        here: &HashSet<Hash>,
        came: Came<'_>,
    ) -> Result<Sums, StoreError> {
        let sums = Sums::default();
        all(&Rows::files(record), |(path, file)| {
            let target = rows.root().join(path);
            if is_here(&target, file)? {
                return Ok::<_, StoreError>(());
            }
            let pending = Pending::write(&rows.root().join("writing"), target, &read_file(&bucket.file(path), file)?)?;
            put_all(vec![pending], &|_| ())?;
            let _ = sums.files.fetch_add(1, Relaxed);
            let _ = sums.bytes.fetch_add(file.length, Relaxed);
            came(Arrived::Bytes(file.length));
            crash::point("pull.after_file");
            Ok(())
        })?;
        let names = names_of(bucket, &id, record)?;
        let staged = Staged::begin(self, &id)?;
        let names: Vec<PackName> = names.into_iter().filter(|name| !here.contains(&name.hash)).collect();
        let fetched = all(&names, |name| {
            let length = fetch_pack(&bucket.pack(name), name, &staged.pack(name), domain)?;
            let _ = sums.packs.fetch_add(1, Relaxed);
            let _ = sums.bytes.fetch_add(length, Relaxed);
            came(Arrived::Bytes(length));
            crash::point("pull.after_pack");
            Ok::<_, StoreError>(())
        });
        if let Err(error) = fetched {
            staged.discard()?;
            return Err(error);
        }
        crash::point("pull.before_sealing");
        staged.seal(bytes)?;
        crash::point("pull.after_sealing");
        staged.finish(self, rows)?;
        Ok(sums)
    }
}

/// A record of the bucket, and its bytes.
fn open(bucket: &Bucket, rows: &Rows, id: &Hash) -> Result<(Record, Vec<u8>), StoreError> {
    let object = bucket.record(id);
    let bytes = read(&object, RECORD_BYTES)?.ok_or_else(|| PlaceError::Missing { url: object.url().to_owned() })?;
    let record = Record::parse(&bytes, rows.calendar()).map_err(|why| object.changed(why))?;
    if Record::id(&record.sources) == *id {
        Ok((record, bytes))
    } else {
        Err(object.changed("it is not the record of its sources").into())
    }
}

/// Whether a file is here and whole: one that a run left that was killed.
fn is_here(path: &Path, wanted: &FileName) -> Result<bool, FileError> {
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::new("read", path, error)),
        Ok(mut file) => Ok(digest(&mut file, path)? == *wanted),
    }
}

/// The names of the packs that a record's sources are.
pub(super) fn names_of(bucket: &Bucket, id: &Hash, record: &Record) -> Result<Vec<PackName>, PlaceError> {
    let object = bucket.sources(id);
    let bytes = read(&object, SOURCES_BYTES)?.ok_or_else(|| PlaceError::Missing { url: object.url().to_owned() })?;
    let texts: Vec<String> = serde_json::from_slice(&bytes).map_err(|error| object.changed(error))?;
    let names: Option<Vec<PackName>> = texts
        .iter()
        .map(|text| PackName::parse(Path::new(text)).filter(|name| name.path().to_str() == Some(text)))
        .collect();
    let names = names.ok_or_else(|| object.changed("it names something that is no pack"))?;
    let are_sources = names.iter().map(|name| Sha256(name.hash)).eq(record.sources.iter().copied());
    if are_sources { Ok(names) } else { Err(object.changed("it does not name the sources of its record")) }
}

/// Fetches a pack and checks all that is in it; its length.
fn fetch_pack(object: &Place, name: &PackName, target: &Path, domain: &Domain) -> Result<u64, StoreError> {
    let found = durable::write_with(target, |file| {
        let mut writer = Digesting::new(file);
        let length = object.read(PACK_BYTES, &mut |piece| std::io::Write::write_all(&mut writer, piece))?;
        let (found, _) = writer.finish();
        let wanted = FileName { sha256: Sha256(name.hash), length };
        let found = FileName { sha256: Sha256(found.sha256), length: found.length };
        if found == wanted { Ok(found) } else { Err(StoreError::from(object.changed(difference(&wanted, &found)))) }
    })?;
    // What is wrong from here on was wrong there.
    let changed = |error: StoreError| match error {
        StoreError::Corrupt { why, .. } => object.changed(why).into(),
        other => other,
    };
    let pack = Pack::open(name, target).map_err(changed)?;
    pack.spans.par_iter().try_for_each(|span| {
        let envelope = pack.envelope(*span).map_err(changed)?;
        let received = rebuild::read(&envelope, target).map_err(changed)?;
        match received.verify(domain) {
            Ok(_) => Ok::<_, StoreError>(()),
            Err(answer) => Err(object.changed(format!("an envelope is {}", answer.as_str())).into()),
        }
    })?;
    Ok(found.length)
}
