//! Reading `cells.parquet`: bytes and every factor of every cell, a piece of the file at a time.

use anyhow::Context as _;
use arrow::array::AsArray as _;
use arrow::datatypes::{Decimal128Type, Int64Type};
use radio_payouts_protocol::hash::Hash;

use super::{Artefact, sheet};

/// Names of the factors, in the order of [`CellRow::factors_bps`].
pub const FACTORS: [&str; 9] = [
    "role_bps",
    "consistency_bps",
    "peak_bps",
    "long_term_bps",
    "time_bps",
    "high_quality_bps",
    "metadata_rich_bps",
    "popular_bps",
    "quality_bps",
];

/// A cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellRow<'a> {
    /// Whose.
    pub did_hash: &'a Hash,
    /// Key of the SFU.
    pub sfu: &'a Hash,
    /// The track.
    pub track_id: &'a str,
    /// The role.
    pub role: &'a str,
    /// Hour of the day, UTC.
    pub hour_utc: u8,
    /// Accepted bytes.
    pub bytes: u64,
    /// The factors, as [`FACTORS`] names them, in bps.
    pub factors_bps: [u32; FACTORS.len()],
    /// `bytes * role * time * quality`.
    pub weight_e12: u128,
}

/// Hands every cell to `each`, in order.
///
/// # Errors
/// If the file is not there or damaged; of `each`.
pub fn each(artefact: &Artefact, mut each: impl FnMut(CellRow<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    sheet::read(&artefact.folder.join("cells.parquet"), |rows| {
        let column = |name: &str| rows.column_by_name(name).with_context(|| format!("cells.parquet: no column {name}"));
        let text = |name: &str| column(name)?.as_string_opt::<i32>().context("not text");
        let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
        let hash = |name: &str| column(name)?.as_fixed_size_binary_opt().context("not 32 bytes");
        let (did, sfu, track, role) = (hash("did_hash")?, hash("sfu")?, text("track_id")?, text("role")?);
        let (hour, bytes) = (integer("hour_utc")?, integer("bytes")?);
        let weight = column("weight_e12")?.as_primitive_opt::<Decimal128Type>().context("not a decimal")?;
        let factors = FACTORS.iter().map(|name| integer(name)).collect::<anyhow::Result<Vec<_>>>()?;
        for row in 0..rows.num_rows() {
            let mut factors_bps = [0; FACTORS.len()];
            for (bps, column) in factors_bps.iter_mut().zip(&factors) {
                *bps = u32::try_from(column.value(row))?;
            }
            each(CellRow {
                did_hash: did.value(row).try_into()?,
                sfu: sfu.value(row).try_into()?,
                track_id: track.value(row),
                role: role.value(row),
                hour_utc: u8::try_from(hour.value(row))?,
                bytes: u64::try_from(bytes.value(row))?,
                factors_bps,
                weight_e12: u128::try_from(weight.value(row))?,
            })?;
        }
        Ok(())
    })
}
