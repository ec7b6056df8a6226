//! Naming the first difference: which field of a document, which field of a statement.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use serde_json::Value;

use crate::statement::Statement;

/// A field in which two documents differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldDifference {
    /// Its path, such as `sfus[did:key:z6Mk…].stop`.
    pub field: String,
    /// Its value in the document.
    pub found: String,
    /// Its value as recomputed.
    pub recomputed: String,
    /// Whether the values are numbers of entries of a list.
    pub is_count: bool,
}

impl FieldDifference {
    fn new(field: String, found: String, recomputed: String) -> Self {
        Self { field, found, recomputed, is_count: false }
    }

    /// The same difference in a document that has this one at `path`.
    #[must_use]
    pub fn below(self, path: &str) -> Self {
        let separator = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        Self { field: format!("{path}{separator}{}", self.field), ..self }
    }
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, found, recomputed, is_count } = self;
        let (verb, entries) = if *is_count { ("has", " entries") } else { ("is", "") };
        write!(formatter, "field {field} {verb} {found}{entries}, recomputed {recomputed}")
    }
}

/// The first field of two JSON documents that differs, by its path.
#[must_use]
pub fn json(theirs: &Value, ours: &Value) -> Option<FieldDifference> {
    json_at(String::new(), theirs, ours)
}

fn json_at(path: String, theirs: &Value, ours: &Value) -> Option<FieldDifference> {
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
        (Value::Array(theirs), Value::Array(ours)) => Some(FieldDifference {
            is_count: true,
            ..FieldDifference::new(path, theirs.len().to_string(), ours.len().to_string())
        }),
        (theirs, ours) if theirs == ours => None,
        (theirs, ours) => Some(FieldDifference::new(path, theirs.to_string(), ours.to_string())),
    }
}

/// An element of a list by what it is about, if it says so.
fn name_of(element: &Value, index: usize) -> String {
    ["sfu", "key", "did", "epoch"]
        .iter()
        .find_map(|name| element.get(name).and_then(Value::as_str))
        .map_or_else(|| index.to_string(), ToOwned::to_owned)
}

/// The first field of two statements that differs.
#[must_use]
pub fn statements(theirs: &Statement, ours: &Statement) -> Option<FieldDifference> {
    let found = statement_fields(theirs, ours).into_iter().find(|(_, theirs, ours)| theirs != ours);
    found.map(|(field, theirs, ours)| FieldDifference::new(field, theirs, ours))
}

/// Every field of two statements: its path, its value in theirs, its value in ours.
#[must_use]
pub fn statement_fields(theirs: &Statement, ours: &Statement) -> Vec<(String, String, String)> {
    let mut fields = alloc::vec![
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as document;

    #[test]
    fn the_path_of_a_difference_is_named() {
        let theirs = document!({"a": 1, "sfus": [{"sfu": "did:x", "stop": "4"}]});
        let ours = document!({"a": 1, "sfus": [{"sfu": "did:x", "stop": "5"}]});
        let found = json(&theirs, &ours).unwrap();
        assert_eq!(found.to_string(), r#"field sfus[did:x].stop is "4", recomputed "5""#);
        assert_eq!(found.below("manifest").field, "manifest.sfus[did:x].stop");
        assert_eq!(json(&ours, &ours), None);
    }

    #[test]
    fn lists_of_other_lengths_are_told_by_their_lengths() {
        let found = json(&document!([1, 2]), &document!([1])).unwrap().below("sfus");
        assert_eq!(found.to_string(), "field sfus has 2 entries, recomputed 1");
    }
}
