//! Files and records that are not what they must be.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray as _, Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use radio_payouts_engine::record::{Part, Record, Sha256};
use radio_payouts_engine::rows::Source;
use radio_payouts_engine::{EngineError, Rows};
use radio_payouts_protocol::hash::sha256;

use crate::world::World;

#[track_caller]
fn refused(world: &World, expected: &str) {
    let error = world.settle_with(&world.data_fusion()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expected), "{text}");
}

/// A record with a part of contributions, and where it lies.
fn some_record(world: &World) -> (PathBuf, Record) {
    let record = world.rows.records().unwrap().into_iter().rfind(|record| !record.rows.is_empty()).unwrap();
    (Record::path(world.rows.root(), &record.sources), record)
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    let pieces: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    concat_batches(&pieces[0].schema(), &pieces).unwrap()
}

/// A column changed in its first row.
fn doctored(rows: &RecordBatch, column: &str, change: fn(i64) -> i64) -> RecordBatch {
    let place = rows.schema().index_of(column).unwrap();
    let mut values = rows.column(place).as_primitive::<Int64Type>().values().to_vec();
    values[0] = change(values[0]);
    let mut columns = rows.columns().to_vec();
    columns[place] = std::sync::Arc::new(Int64Array::from(values));
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

/// Puts another file in a part's place, under its right name, and says so in the record; control totals stay.
fn replace(world: &World, pick: fn(&mut Record) -> &mut Part, change: impl Fn(&RecordBatch) -> RecordBatch) {
    let (path, mut record) = some_record(world);
    let part = pick(&mut record);
    let rows = change(&read(&world.rows.part_path(part)));
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    part.file.sha256 = Sha256(sha256(&[&bytes]));
    part.file.length = bytes.len() as u64;
    fs::write(world.rows.part_path(part), bytes).unwrap();
    fs::write(path, serde_json::to_vec(&record).unwrap()).unwrap();
}

/// A part of contributions, and one of receipts, that the world's epoch reads.
fn contributions(record: &mut Record) -> &mut Part {
    record.rows.last_mut().unwrap()
}

fn receipts(record: &mut Record) -> &mut Part {
    record.receipts.last_mut().unwrap()
}

#[test]
fn a_file_with_other_bytes_or_no_file_is_refused() {
    let (world, _, expected) = World::with_cells(2);
    let (_, record) = some_record(&world);
    let path = world.rows.part_path(record.rows.last().unwrap());
    let right = fs::read(&path).unwrap();
    let mut wrong = right.clone();
    wrong[right.len() / 2] ^= 1;
    fs::write(&path, wrong).unwrap();
    refused(&world, "it is not the file that its record names");
    fs::remove_file(&path).unwrap();
    refused(&world, "cannot read");
    fs::write(&path, right).unwrap();
    assert!(world.settle_with(&world.data_fusion()).unwrap() == expected);
}

#[test]
fn control_totals_refuse_a_doctored_file_that_its_record_names() {
    for pick in [contributions as fn(&mut Record) -> &mut Part, receipts] {
        let (world, ..) = World::with_cells(2);
        replace(&world, pick, |rows| doctored(rows, "bytes", |bytes| bytes + 1));
        refused(&world, "the engine's result was refused");
        let (world, ..) = World::with_cells(2);
        replace(&world, pick, |rows| rows.slice(0, rows.num_rows() - 1));
        refused(&world, "the engine's result was refused");
        let (world, ..) = World::with_cells(2);
        replace(&world, pick, |rows| concat_batches(&rows.schema(), [rows, &rows.slice(0, 1)]).unwrap());
        refused(&world, "the engine's result was refused");
    }
}

#[test]
fn a_file_that_is_there_twice_does_not_count_twice() {
    let (world, _, expected) = World::with_cells(3);
    let (path, mut record) = some_record(&world);
    let file = world.rows.part_path(record.rows.last().unwrap());
    fs::copy(&file, file.with_file_name("copy.parquet")).unwrap();
    assert!(world.settle_with(&world.data_fusion()).unwrap() == expected, "a file that no record names does not exist");
    record.rows.push(*record.rows.last().unwrap());
    fs::write(path, serde_json::to_vec(&record).unwrap()).unwrap();
    refused(&world, "it is named twice");
}

#[test]
fn a_batch_that_came_in_two_packs_counts_once() {
    let (world, sources, expected) = World::with_cells(4);
    for (number, source) in (0u8..).zip(sources) {
        let again = Source { hash: [number; 32], ..source };
        world.rows.add(&[again], &|_| {}).unwrap();
    }
    assert!(world.settle_with(&world.data_fusion()).unwrap() == expected);
}

#[test]
fn a_batch_without_rows_is_missed() {
    let (world, ..) = World::with_cells(5);
    let (path, _) = some_record(&world);
    fs::remove_file(path).unwrap();
    let error = world.settle_with(&world.data_fusion()).unwrap_err();
    assert!(matches!(error, EngineError::MissingRows(_)), "{error}");
}

#[test]
fn records_of_another_calendar_or_under_another_name_are_refused() {
    let (world, ..) = World::with_cells(6);
    let calendar = radio_payouts_protocol::calendar::Calendar::new(7, 86_400).unwrap();
    let other = Rows::new(world.rows.root(), calendar, 8);
    assert!(other.records().unwrap_err().to_string().contains("another calendar"));
    let (path, _) = some_record(&world);
    fs::rename(&path, path.with_file_name("other.json")).unwrap();
    refused(&world, "it is not the record of its sources");
}
