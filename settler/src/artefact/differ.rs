//! Naming a difference: which row and column of a table, which field of a manifest, which byte of any other file.

use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
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
    json_at(String::new(), theirs, ours)
}

fn json_at(path: String, theirs: &Value, ours: &Value) -> Option<String> {
    let below = |path: &str, key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let mut keys: Vec<_> = ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))).collect();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let null = Value::Null;
                json_at(below(&path, key), theirs.get(key).unwrap_or(&null), ours.get(key).unwrap_or(&null))
            })
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => theirs
            .iter()
            .zip(ours)
            .enumerate()
            .find_map(|(index, (theirs, ours))| json_at(format!("{path}[{}]", name_of(ours, index)), theirs, ours)),
        (Value::Array(theirs), Value::Array(ours)) => {
            Some(format!("field {path} has {} entries, recomputed {}", theirs.len(), ours.len()))
        }
        (theirs, ours) if theirs == ours => None,
        (theirs, ours) => Some(format!("field {path} is {theirs}, recomputed {ours}")),
    }
}

/// An element of a list by what it is about, if it says so.
fn name_of(element: &Value, index: usize) -> String {
    ["sfu", "key", "did", "epoch"]
        .iter()
        .find_map(|name| element.get(name).and_then(Value::as_str))
        .map_or_else(|| index.to_string(), ToOwned::to_owned)
}

/// The first field of two statements that differs: name, theirs, ours.
#[must_use]
pub fn statements(theirs: &Statement, ours: &Statement) -> Option<(String, String, String)> {
    statement_fields(theirs, ours).into_iter().find(|(_, theirs, ours)| theirs != ours)
}

/// Every field of two statements: name, theirs, ours.
#[must_use]
pub fn statement_fields(theirs: &Statement, ours: &Statement) -> Vec<(String, String, String)> {
    let mut fields = vec![
        ("epoch".to_owned(), theirs.epoch.to_string(), ours.epoch.to_string()),
        ("parent".to_owned(), hex::encode(theirs.parent), hex::encode(ours.parent)),
        ("params_version".to_owned(), theirs.params_version.to_string(), ours.params_version.to_string()),
        ("registry_version".to_owned(), theirs.registry_version.to_string(), ours.registry_version.to_string()),
        ("batches.count".to_owned(), theirs.batches.count.to_string(), ours.batches.count.to_string()),
        ("batches.sum (accepted bytes)".to_owned(), theirs.batches.sum.to_string(), ours.batches.sum.to_string()),
        ("batches.root".to_owned(), hex::encode(theirs.batches.root), hex::encode(ours.batches.root)),
        ("inputs_hash".to_owned(), hex::encode(theirs.inputs_hash), hex::encode(ours.inputs_hash)),
        ("history_hash".to_owned(), hex::encode(theirs.history_hash), hex::encode(ours.history_hash)),
        ("pool".to_owned(), theirs.pool.to_string(), ours.pool.to_string()),
        ("payouts (number of trees)".to_owned(), theirs.payouts.len().to_string(), ours.payouts.len().to_string()),
    ];
    for (number, (theirs, ours)) in theirs.payouts.iter().zip(&ours.payouts).enumerate() {
        fields.push((format!("payouts[{number}].count"), theirs.count.to_string(), ours.count.to_string()));
        fields.push((format!("payouts[{number}].sum"), theirs.sum.to_string(), ours.sum.to_string()));
        fields.push((format!("payouts[{number}].root"), hex::encode(theirs.root), hex::encode(ours.root)));
    }
    fields
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_path_of_a_difference_is_named() {
        let theirs = json!({"a": 1, "sfus": [{"sfu": "did:x", "stop": "4"}]});
        let ours = json!({"a": 1, "sfus": [{"sfu": "did:x", "stop": "5"}]});
        assert_eq!(json(&theirs, &ours).unwrap(), r#"field sfus[did:x].stop is "4", recomputed "5""#);
        assert_eq!(json(&ours, &ours), None);
    }
}
