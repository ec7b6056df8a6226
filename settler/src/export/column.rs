//! The columns of each export: name, type, unit, meaning.

use serde::Serialize;

/// What is exported.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// One row for each epoch: from bytes to pool to what is allocated.
    Epochs,
    /// One row for each contributor of each epoch, with a leaf or the reason why there is none.
    Contributors,
    /// One row for each contributor that a receipt names, with the verdict.
    Receipts,
}

/// The type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// An integer below 2^32. JSON: a number. Parquet: INT64.
    Count,
    /// An integer below 2^63. JSON: a decimal string. Parquet: INT64.
    Integer,
    /// An integer below 2^64 that may exceed 2^63. JSON: a decimal string. Parquet: DECIMAL(38, 0).
    Wide,
}

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Column {
    /// The name, the same in all forms.
    pub name: &'static str,
    /// The type.
    #[serde(serialize_with = "word")]
    pub kind: Kind,
    /// Whether it may be empty (CSV: nothing; JSON: `null`; Parquet: null).
    pub may_be_empty: bool,
    /// The unit of a number; empty for text.
    pub unit: &'static str,
    /// What it says.
    pub about: &'static str,
}

/// One value of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A number of any kind.
    Number(u128),
    /// Nothing.
    Empty,
}

impl<'a> Value<'a> {
    /// Text, or nothing.
    #[must_use]
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }

    /// A number, or nothing.
    #[must_use]
    pub fn number(number: Option<impl Into<u128>>) -> Self {
        number.map_or(Self::Empty, |number| Self::Number(number.into()))
    }
}

impl<N: Into<u128>> From<N> for Value<'_> {
    fn from(number: N) -> Self {
        Self::Number(number.into())
    }
}

impl Kind {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Count => "integer below 2^32",
            Self::Integer => "integer below 2^63",
            Self::Wide => "integer below 2^64",
        }
    }
}

fn word<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

const fn text(name: &'static str, about: &'static str) -> Column {
    Column { name, kind: Kind::Text, may_be_empty: false, unit: "", about }
}

const fn number(name: &'static str, kind: Kind, unit: &'static str, about: &'static str) -> Column {
    Column { name, kind, may_be_empty: false, unit, about }
}

const fn optional(column: Column) -> Column {
    Column { may_be_empty: true, ..column }
}

const EPOCH: Column = number("epoch", Kind::Integer, "", "the epoch's number");
const STANDING: Column =
    text("standing", "`provisional` or `ratified`; `provisional` where the chain was not asked. Never an estimate");
const STATE: Column = text(
    "state",
    "`posted`, `disputed`, `final`, `ratified`, `closed`, `open` or `revoked` on chain; `not_posted`; `not_asked` with --offline",
);
const SLOT: Column = optional(number(
    "as_of_slot",
    Kind::Integer,
    "slot",
    "slot of the chain as of which standing and state are; empty with --offline",
));

const EPOCHS: [Column; 29] = [
    EPOCH,
    STANDING,
    STATE,
    SLOT,
    number("start_unix_seconds", Kind::Integer, "s", "start of the epoch, exclusive"),
    number("end_unix_seconds", Kind::Integer, "s", "end of the epoch, inclusive"),
    text("mode", "`demo` or `live`: the mode of its parameters"),
    text("commitment", "hash of the statement, hex"),
    text("parent", "commitment of the parent, hex; zeros for the first epoch"),
    number("params_version", Kind::Count, "", "version of the parameters"),
    number("registry_version", Kind::Integer, "", "version of the registry"),
    number("sfus", Kind::Count, "", "SFUs registered for the epoch"),
    number("batches_accepted", Kind::Integer, "batches", "accepted batches, carried and empty ones included"),
    number("batches_rejected", Kind::Integer, "batches", "rejected batches"),
    number("bytes", Kind::Integer, "bytes", "accepted bytes"),
    number("paid_bytes", Kind::Integer, "bytes", "bytes that the rate is paid for (B of section 7)"),
    number("effective_bytes", Kind::Wide, "bytes", "sum of effective bytes (W of section 7)"),
    number("rate_femto_bloom_per_byte", Kind::Integer, "10^-15 BLOOM per byte", "the rate"),
    number("pool_base_units", Kind::Integer, "10^-9 BLOOM", "what is split"),
    number("cap_base_units", Kind::Integer, "10^-9 BLOOM", "most that one contributor gets"),
    number("minimum_base_units", Kind::Integer, "10^-9 BLOOM", "least amount with a leaf"),
    number("allocated_base_units", Kind::Integer, "10^-9 BLOOM", "sum of the leaves"),
    number("unallocated_base_units", Kind::Integer, "10^-9 BLOOM", "rest of the pool; nothing is minted for it"),
    number("contributors", Kind::Count, "", "contributors with and without a leaf"),
    number("leaves", Kind::Integer, "", "contributors with a leaf"),
    optional(number(
        "posted_unix_seconds",
        Kind::Integer,
        "s",
        "when the root in force was posted, by the chain's clock",
    )),
    optional(number("finalized_unix_seconds", Kind::Integer, "s", "when it became final")),
    optional(number("ratified_unix_seconds", Kind::Integer, "s", "when it was ratified")),
    optional(number("claimed_base_units", Kind::Integer, "10^-9 BLOOM", "what was claimed of it")),
];

const CONTRIBUTORS: [Column; 13] = [
    EPOCH,
    STANDING,
    STATE,
    SLOT,
    optional(number("index", Kind::Count, "", "global index of the leaf; empty without one")),
    text("did", "the contributor"),
    text("did_hash", "SHA-256 of the DID, hex"),
    optional(text("payee", "address that follows from the DID; empty where a binding decides")),
    number("bytes", Kind::Integer, "bytes", "accepted bytes"),
    number("effective_bytes", Kind::Wide, "bytes", "bytes after all multipliers"),
    number("raw_base_units", Kind::Integer, "10^-9 BLOOM", "part of the pool before the cap"),
    number("amount_base_units", Kind::Integer, "10^-9 BLOOM", "min(raw, cap); paid only if there is a leaf"),
    optional(text("reason", "why there is no leaf: `below_minimum` or `below_raised_minimum`")),
];

const RECEIPTS: [Column; 16] = [
    EPOCH,
    STANDING,
    STATE,
    SLOT,
    text("sfu", "DID of the SFU"),
    number("seq", Kind::Integer, "", "number of the batch"),
    text("batch_hash", "hash of the batch, hex"),
    number("position", Kind::Count, "", "position of the receipt in the batch, from 0"),
    text("room_id", "the room, as the receipt says"),
    text("track_id", "the track, as the receipt says"),
    number("timestamp_ms", Kind::Integer, "ms", "time of the receipt, Unix"),
    number("recipients", Kind::Count, "", "distinct receivers"),
    optional(text("did", "the contributor, as the receipt says; empty if it names nobody")),
    optional(text("role", "`uploader`, `seeder`, `relay` or `storage`")),
    optional(number("bytes", Kind::Integer, "bytes", "what the receipt says that the contributor delivered")),
    text("verdict", "`accepted`, or why it does not count: of the receipt, or of its whole batch"),
];

impl Subject {
    /// Its columns, in order.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Epochs => &EPOCHS,
            Self::Contributors => &CONTRIBUTORS,
            Self::Receipts => &RECEIPTS,
        }
    }
}
