//! Naming a difference: which row and column of a table, which field of a manifest, which byte of any other file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use radio_payouts_protocol::artefact::difference;
use radio_payouts_protocol::statement::Statement;
use serde_json::Value;

/// The first difference of two tables, in words; `None` if their rows are the same.
///
/// # Errors
/// If the file in `theirs` is no table: then that is the difference.
pub fn tables(theirs: &Path, ours: &Path) -> anyhow::Result<Option<String>> {
    let ((theirs, found), (ours, expected)) = (rows(theirs)?, rows(ours)?);
    let mut row = 0;
    for (theirs, ours) in theirs.zip(ours) {
        let (theirs, ours) = (theirs?, ours?);
        if theirs.schema().fields() != ours.schema().fields() {
            return Ok(Some("its columns are others".to_owned()));
        }
        for at in 0..theirs.num_rows().min(ours.num_rows()) {
            for column in 0..ours.num_columns() {
                let (found, expected) = (show(&theirs, column, at)?, show(&ours, column, at)?);
                if found != expected {
                    let name = ours.schema().field(column).name().clone();
                    return Ok(Some(format!(
                        "row {} ({}): {name} is {found}, recomputed {expected}",
                        row + at + 1,
                        identity(&ours, at)?
                    )));
                }
            }
        }
        row += ours.num_rows();
    }
    Ok((found != expected).then(|| format!("it has {found} rows, recomputed {expected}")))
}

/// The rows of a file, a piece at a time, and their number.
fn rows(path: &Path) -> anyhow::Result<(ParquetRecordBatchReader, i64)> {
    let doing = || format!("cannot read {}", path.display());
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).with_context(doing)?).with_context(doing)?;
    let count = builder.metadata().file_metadata().num_rows();
    Ok((builder.build().with_context(doing)?, count))
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

/// The first line of two texts that differs.
///
/// # Errors
/// If one cannot be read.
pub fn lines(theirs: impl Read, ours: impl Read) -> anyhow::Result<Option<String>> {
    let (theirs, ours) = (split(theirs), split(ours));
    let shown = |line: &[u8]| String::from_utf8_lossy(line.get(..160).unwrap_or(line)).into_owned();
    for (number, (theirs, ours)) in (1u64..).zip(theirs.zip(ours)) {
        let (theirs, ours) = (theirs?, ours?);
        if theirs != ours {
            return Ok(Some(format!("line {number} is {:?}, recomputed {:?}", shown(&theirs), shown(&ours))));
        }
    }
    Ok(None)
}

/// The text between line feeds: one piece more than there are line feeds.
fn split(text: impl Read) -> impl Iterator<Item = std::io::Result<Vec<u8>>> {
    let (mut reader, mut is_at_end) = (BufReader::with_capacity(1 << 20, text), false);
    std::iter::from_fn(move || {
        if is_at_end {
            return None;
        }
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line);
        is_at_end = read.is_err() || line.pop_if(|last| *last == b'\n').is_none();
        Some(read.map(|_| line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named_also_where_one_text_ends() {
        let first = |theirs: &str, ours: &str| lines(theirs.as_bytes(), ours.as_bytes()).unwrap();
        assert_eq!(first("a\nb\n", "a\nb\n"), None);
        assert_eq!(first("a\nx\n", "a\nb\n").unwrap(), r#"line 2 is "x", recomputed "b""#);
        assert_eq!(first("a\n", "a\nb\n").unwrap(), r#"line 2 is "", recomputed "b""#);
        assert_eq!(first("", "a").unwrap(), r#"line 1 is "", recomputed "a""#);
        assert_eq!(first("a\nb", "a\nb\n"), None, "a line feed is missing: no line differs");
    }
}
