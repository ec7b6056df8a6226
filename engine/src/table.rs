//! The tables that rows are kept in: their columns, and how they become Parquet.
//!
//! Integers are INT64 or INT32 (Spark reads unsigned ones as decimals), keys are 32 bytes (text as a key costs 2.5 times as much),
//! rows are sorted, and the writer's settings are fixed. Parquet bytes are still no identity of anything: writers differ.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use radio_payouts_protocol::hash::Hash;

use crate::EngineError;

mod columns;
mod hybrid;
mod keys;

use columns::Column;

/// Rows of a row group.
const ROW_GROUP: usize = 1 << 20;

/// What the rows of one record refer to by place: a place takes four bytes, a key thirty-two.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// Hashes of DIDs, ascending.
    pub dids: &'a [Hash],
    /// [`track_key`]s.
    pub tracks: &'a [Hash],
    /// Hashes of batches.
    pub batches: &'a [Hash],
}

/// One DID's bytes in one receipt without a fault of its own, with what the receipt's verdict still depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Contribution {
    /// Place of the DID among the keys.
    pub did: u32,
    /// Place of the track among the keys.
    pub track: u32,
    /// Place of the batch among the keys.
    pub batch: u32,
    /// Role of the bytes, by its code.
    pub role: u8,
    /// Whether the track's descriptor says `Licensed`.
    pub licensed: bool,
    /// Bytes of this contribution.
    pub bytes: u64,
    /// Bytes of all contributions of the receipt.
    pub receipt_bytes: u64,
    /// `recipients * (to - from)`.
    pub recipient_ms: u64,
}

/// One receipt of a batch that can be accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Place of the track among the keys.
    pub track: u32,
    /// Place of the batch among the keys.
    pub batch: u32,
    /// Position in the batch.
    pub place: u32,
    /// Code of the verdict that no parameter can change, if there is one.
    pub fault: Option<u8>,
    /// Whether the track's descriptor says `Licensed`.
    pub licensed: bool,
    /// Bytes of all its contributions.
    pub bytes: u64,
    /// `recipients * (to - from)`.
    pub recipient_ms: u64,
    /// `seq * 16 + metadata fields` of the track's descriptor in this batch: the greatest is that of the last descriptor.
    pub descriptor: u64,
}

/// A batch of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchRow {
    /// Its hash.
    pub batch: Hash,
    /// Key of its SFU.
    pub sfu: [u8; 32],
    /// Its number.
    pub seq: u64,
    /// Number of its receipts.
    pub receipts: u32,
    /// Bytes of all its receipts.
    pub bytes: u128,
}

/// A track's name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TrackRow {
    /// [`track_key`] of the rest.
    pub track: Hash,
    /// Key of its SFU.
    pub sfu: [u8; 32],
    /// The SFU's name for it.
    pub track_id: String,
}

/// `SHA-256(sfu_key || track_id)`: a key of fixed width; the key has 32 bytes, so two tracks never give the same input.
#[must_use]
pub fn track_key(sfu: &[u8; 32], track_id: &str) -> Hash {
    radio_payouts_protocol::hash::sha256(&[sfu, track_id.as_bytes()])
}

/// The shard of a DID: shards are ranges of hashes, of equal width, so that shard after shard ascends.
#[must_use]
pub fn shard_of(did_hash: &Hash, shards: u32) -> u32 {
    let [first, second, ..] = *did_hash;
    (u32::from(u16::from_be_bytes([first, second])) * shards.clamp(1, 1 << 16)) >> 16
}

/// Contributions of one UTC hour (of the receipts' timestamps minus 1 ms) as Parquet.
///
/// # Errors
/// If a number does not fit its column, or Parquet fails.
pub fn contributions(rows: &[Contribution], hour: u8, keys: Keys<'_>) -> Result<Vec<u8>, EngineError> {
    let table = columns::write(
        rows,
        &[
            Column::key("did_hash", keys.dids, |row: &Contribution| row.did),
            Column::key("track", keys.tracks, |row| row.track),
            Column::key("batch", keys.batches, |row| row.batch),
            Column::small("role", |row| row.role.into()),
            Column::constant("hour", i32::from(hour)),
            Column::spread("bytes", |row| row.bytes),
            Column::flag("licensed", |row| row.licensed),
            Column::spread("receipt_bytes", |row| row.receipt_bytes),
            Column::repeated("recipient_ms", |row| row.recipient_ms),
        ],
    );
    table.map_err(not_written)
}

/// Receipts of one UTC hour as Parquet; `fault` is -1 where there is none.
///
/// # Errors
/// As [`contributions`].
pub fn receipts(rows: &[Receipt], hour: u8, keys: Keys<'_>) -> Result<Vec<u8>, EngineError> {
    let table = columns::write(
        rows,
        &[
            Column::key("track", keys.tracks, |row: &Receipt| row.track),
            Column::key("batch", keys.batches, |row| row.batch),
            Column::small("place", |row| row.place.into()),
            Column::constant("hour", i32::from(hour)),
            Column::small("fault", |row| row.fault.map_or(-1, i64::from)),
            Column::flag("licensed", |row| row.licensed),
            Column::spread("bytes", |row| row.bytes),
            Column::repeated("recipient_ms", |row| row.recipient_ms),
            Column::integer("descriptor", |row| row.descriptor),
        ],
    );
    table.map_err(not_written)
}

/// Batches as Parquet.
///
/// # Errors
/// As [`contributions`].
pub fn batches(rows: &[BatchRow]) -> Result<Vec<u8>, EngineError> {
    let bytes = rows.iter().map(|row| i128::try_from(row.bytes)).collect::<Result<Vec<_>, _>>().map_err(too_wide)?;
    let bytes = Decimal128Array::from(bytes).with_precision_and_scale(38, 0).map_err(too_wide)?;
    write(
        &[
            ("batch", hashes(rows.iter().map(|row| &row.batch))?),
            ("sfu", hashes(rows.iter().map(|row| &row.sfu))?),
            ("seq", integers(rows.iter().map(|row| row.seq))?),
            ("receipts", integers(rows.iter().map(|row| u64::from(row.receipts)))?),
            ("bytes", Arc::new(bytes)),
        ],
        &["batch"],
    )
}

/// DIDs by hash as Parquet.
///
/// # Errors
/// As [`contributions`].
pub fn dids(rows: &[(Hash, &str)]) -> Result<Vec<u8>, EngineError> {
    let text: StringArray = rows.iter().map(|(_, did)| Some(*did)).collect();
    write(&[("did_hash", hashes(rows.iter().map(|(hash, _)| hash))?), ("did", Arc::new(text))], &["did_hash", "did"])
}

/// Tracks by key as Parquet.
///
/// # Errors
/// As [`contributions`].
pub fn tracks(rows: &[TrackRow]) -> Result<Vec<u8>, EngineError> {
    let text: StringArray = rows.iter().map(|row| Some(row.track_id.as_str())).collect();
    write(
        &[
            ("track", hashes(rows.iter().map(|row| &row.track))?),
            ("sfu", hashes(rows.iter().map(|row| &row.sfu))?),
            ("track_id", Arc::new(text)),
        ],
        &["track", "track_id"],
    )
}

/// Batches that the plan counts, as Parquet.
///
/// # Errors
/// As [`contributions`].
pub fn accepted(batches: &[Hash]) -> Result<Vec<u8>, EngineError> {
    write(&[("batch", hashes(batches.iter())?)], &["batch"])
}

fn hashes<'a>(hashes: impl ExactSizeIterator<Item = &'a Hash>) -> Result<ArrayRef, EngineError> {
    let mut bytes = Vec::with_capacity(hashes.len() * 32);
    hashes.for_each(|hash| bytes.extend_from_slice(hash));
    fixed(bytes)
}

fn fixed(bytes: Vec<u8>) -> Result<ArrayRef, EngineError> {
    Ok(Arc::new(FixedSizeBinaryArray::try_new(32, bytes.into(), None).map_err(too_wide)?))
}

fn integers(numbers: impl Iterator<Item = u64>) -> Result<ArrayRef, EngineError> {
    let numbers = numbers.map(i64::try_from).collect::<Result<Vec<_>, _>>().map_err(too_wide)?;
    Ok(Arc::new(Int64Array::from(numbers)))
}

/// What a row's number that has no place in its column leads to.
fn too_wide(error: impl std::fmt::Display) -> EngineError {
    EngineError::Engine(format!("a row does not fit its table: {error}"))
}

fn not_written(error: impl std::fmt::Display) -> EngineError {
    EngineError::Engine(format!("Parquet was not written: {error}"))
}

/// Columns as Parquet; no value of a column that is `distinct` comes twice.
fn write(columns: &[(&str, ArrayRef)], distinct: &[&str]) -> Result<Vec<u8>, EngineError> {
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, DataType::clone(array.data_type()), false);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let arrays = columns.iter().map(|(_, array)| array.clone()).collect();
    let rows = RecordBatch::try_new(schema.clone(), arrays).map_err(not_written)?;
    let level = ZstdLevel::try_new(1).map_err(not_written)?;
    let mut properties = WriterProperties::builder()
        .set_created_by("radio-payouts".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    // The least and the greatest of random keys leave nothing out.
    for column in ["did_hash", "track", "batch"] {
        properties = properties.set_column_statistics_enabled(column.into(), EnabledStatistics::None);
    }
    for column in distinct {
        properties = properties.set_column_dictionary_enabled((*column).into(), false);
    }
    let properties = properties.build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, schema, options).map_err(not_written)?;
    writer.write(&rows).map_err(not_written)?;
    writer.close().map_err(not_written)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::*;

    /// Name and physical type of every column.
    fn columns(table: Vec<u8>) -> Vec<String> {
        let reader = SerializedFileReader::new(Bytes::from(table)).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        schema.columns().iter().map(|column| format!("{} {:?}", column.name(), column.physical_type())).collect()
    }

    #[test]
    fn columns_have_the_types_of_rows_that_were_made_before() {
        let keys = Keys { dids: &[[1; 32]], tracks: &[[2; 32]], batches: &[[3; 32]] };
        let contribution = Contribution::default();
        assert_eq!(
            columns(contributions(&[contribution], 1, keys).unwrap()),
            [
                "did_hash FIXED_LEN_BYTE_ARRAY",
                "track FIXED_LEN_BYTE_ARRAY",
                "batch FIXED_LEN_BYTE_ARRAY",
                "role INT32",
                "hour INT32",
                "bytes INT64",
                "licensed BOOLEAN",
                "receipt_bytes INT64",
                "recipient_ms INT64",
            ]
        );
        let receipt = Receipt {
            track: 0,
            batch: 0,
            place: 7,
            fault: None,
            licensed: true,
            bytes: 1,
            recipient_ms: 1,
            descriptor: 16,
        };
        assert_eq!(
            columns(receipts(&[receipt], 1, keys).unwrap()),
            [
                "track FIXED_LEN_BYTE_ARRAY",
                "batch FIXED_LEN_BYTE_ARRAY",
                "place INT32",
                "hour INT32",
                "fault INT32",
                "licensed BOOLEAN",
                "bytes INT64",
                "recipient_ms INT64",
                "descriptor INT64",
            ]
        );
    }
}
