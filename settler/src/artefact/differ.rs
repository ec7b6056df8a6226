//! Naming a difference: which row and column of a table, which field of a manifest, which byte of any other file.

use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use radio_payouts_protocol::artefact::difference;
use radio_payouts_protocol::statement::Statement;
use serde_json::Value;

use super::sheet;

/// The first difference of two tables, in words; `None` if their rows are the same.
///
/// # Errors
/// If the file in `theirs` is no table: then that is the difference.
pub fn tables(theirs: &Path, ours: &Path) -> anyhow::Result<Option<String>> {
    let (theirs, ours) = (rows(theirs)?, rows(ours)?);
    let mut row = 0;
    let mut pieces = theirs.iter().zip(&ours);
    for (theirs, ours) in &mut pieces {
        if theirs.schema().fields() != ours.schema().fields() {
            return Ok(Some("its columns are others".to_owned()));
        }
        for at in 0..theirs.num_rows().min(ours.num_rows()) {
            for column in 0..ours.num_columns() {
                let (found, expected) = (show(theirs, column, at)?, show(ours, column, at)?);
                if found != expected {
                    let name = ours.schema().field(column).name().clone();
                    return Ok(Some(format!(
                        "row {} ({}): {name} is {found}, recomputed {expected}",
                        row + at + 1,
                        identity(ours, at)?
                    )));
                }
            }
        }
        row += ours.num_rows();
    }
    let count = |pieces: &[RecordBatch]| pieces.iter().map(RecordBatch::num_rows).sum::<usize>();
    let (found, expected) = (count(&theirs), count(&ours));
    Ok((found != expected).then(|| format!("it has {found} rows, recomputed {expected}")))
}

fn rows(path: &Path) -> anyhow::Result<Vec<RecordBatch>> {
    let mut pieces = Vec::new();
    sheet::read(path, |rows| {
        pieces.push(rows.clone());
        Ok(())
    })?;
    Ok(pieces)
}

fn show(rows: &RecordBatch, column: usize, row: usize) -> anyhow::Result<String> {
    let array = rows.column(column);
    if array.is_null(row) {
        return Ok("empty".to_owned());
    }
    if array.data_type() == &DataType::FixedSizeBinary(32) {
        return Ok(hex::encode(array.as_fixed_size_binary().value(row)));
    }
    Ok(ArrayFormatter::try_new(array, &FormatOptions::default())?.value(row).to_string())
}

/// What a reader calls the row: its DID, or its SFU with seq and position or track.
fn identity(rows: &RecordBatch, row: usize) -> anyhow::Result<String> {
    let mut parts = Vec::new();
    for name in ["did", "did_hash", "sfu", "seq", "position", "track_id"] {
        if let Ok(column) = rows.schema().index_of(name) {
            let value = match (name, rows.column(column).data_type()) {
                ("sfu", DataType::FixedSizeBinary(32)) => {
                    super::sfu_name(rows.column(column).as_fixed_size_binary().value(row).try_into()?)
                }
                _ => show(rows, column, row)?,
            };
            parts.push(format!("{name} {value}"));
            if name == "did" {
                break;
            }
        }
    }
    Ok(parts.join(", "))
}

/// The first field of two JSON documents that differs, by its path.
#[must_use]
pub fn json(theirs: &Value, ours: &Value) -> Option<String> {
    difference::json(theirs, ours).map(|found| found.to_string())
}

/// The first field of two statements that differs: name, theirs, ours.
#[must_use]
pub fn statements(theirs: &Statement, ours: &Statement) -> Option<(String, String, String)> {
    difference::statements(theirs, ours).map(|found| (found.field, found.found, found.recomputed))
}

/// Every field of two statements: name, theirs, ours.
#[must_use]
pub fn statement_fields(theirs: &Statement, ours: &Statement) -> Vec<(String, String, String)> {
    difference::statement_fields(theirs, ours)
}

/// The first line of two text files that differs.
///
/// # Errors
/// If one cannot be read.
pub fn lines(theirs: &Path, ours: &Path) -> anyhow::Result<Option<String>> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let (theirs, ours) = (read(theirs)?, read(ours)?);
    let (theirs, ours) = (theirs.split(|byte| *byte == b'\n'), ours.split(|byte| *byte == b'\n'));
    let shown = |line: &[u8]| String::from_utf8_lossy(line.get(..160).unwrap_or(line)).into_owned();
    for (number, (theirs, ours)) in (1u64..).zip(theirs.zip(ours)) {
        if theirs != ours {
            return Ok(Some(format!("line {number} is {:?}, recomputed {:?}", shown(theirs), shown(ours))));
        }
    }
    Ok(None)
}
