//! What went wrong, as JavaScript gets it: a JSON document that the TypeScript side throws as an error.

use std::fmt::Display;

use radio_payouts_protocol::batch::Answer;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// The code that programs go by: `ErrorCode` in TypeScript.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// What differs, if that is the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Box<Difference>>,
}

/// Where two things differ: `Difference` in TypeScript.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What was compared.
    pub subject: &'static str,
    /// The whole in one sentence.
    pub message: String,
    /// Path of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What follows from the batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recomputed: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The SFU's DID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sfu: Option<String>,
    /// The batch's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<String>,
}

impl Fault {
    /// A fault of this code.
    pub fn new(code: &'static str, message: impl Display) -> Self {
        Self { code, message: message.to_string(), difference: None }
    }

    /// An argument of the wrong kind or out of range.
    pub fn argument(message: impl Display) -> Self {
        Self::new("invalid_argument", message)
    }

    /// Not what it should be: not JSON, wrong fields, over a limit.
    pub fn malformed(message: impl Display) -> Self {
        Self::new("malformed", message)
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Self {
        Self::new(answer.as_str(), answer.explanation())
    }
}

impl From<Difference> for Fault {
    fn from(difference: Difference) -> Self {
        Self { code: "difference", message: difference.message.clone(), difference: Some(Box::new(difference)) }
    }
}

impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        // Strings and numbers: serialising cannot fail.
        Self::from_str(&serde_json::to_string(&fault).unwrap_or_default())
    }
}
