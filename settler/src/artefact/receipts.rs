//! Reading `receipts.parquet`: the receipts that were rejected.

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::Int64Type;
use serde::Serialize;

use super::{Artefact, sfu_name, sheet};

/// A receipt of an accepted batch that was rejected.
#[derive(Clone, Debug, Serialize)]
pub struct Rejected {
    /// Why.
    pub verdict: String,
    /// The SFU's DID.
    pub sfu: String,
    /// The batch.
    pub seq: i64,
    /// Position in it, from 0.
    pub position: i64,
    /// The room.
    pub room_id: String,
    /// The track.
    pub track_id: String,
    /// What it claimed.
    pub bytes: i64,
}

/// Hands every rejected receipt to `each`.
///
/// # Errors
/// If the file is damaged.
pub fn rejected(artefact: &Artefact, mut each: impl FnMut(Rejected) -> anyhow::Result<()>) -> anyhow::Result<()> {
    sheet::read(&artefact.folder.join("receipts.parquet"), |rows| {
        let column =
            |name: &str| rows.column_by_name(name).with_context(|| format!("receipts.parquet: no column {name}"));
        let text = |name: &str| column(name)?.as_string_opt::<i32>().context("not text");
        let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
        let (verdict, room, track) = (text("verdict")?, text("room_id")?, text("track_id")?);
        let (seq, position, bytes) = (integer("seq")?, integer("position")?, integer("bytes")?);
        let sfu = column("sfu")?.as_fixed_size_binary_opt().context("not 32 bytes")?;
        for row in (0..rows.num_rows()).filter(|row| !verdict.is_null(*row)) {
            each(Rejected {
                verdict: verdict.value(row).to_owned(),
                sfu: sfu_name(sfu.value(row).try_into()?),
                seq: seq.value(row),
                position: position.value(row),
                room_id: room.value(row).to_owned(),
                track_id: track.value(row).to_owned(),
                bytes: bytes.value(row),
            })?;
        }
        Ok(())
    })
}
