//! Contributors' lines of an epoch in files: `payouts.csv` and `payouts.parquet`.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Decimal128Type, Int64Type};
use radio_payouts_protocol::artefact::payout::CSV_HEAD;
pub use radio_payouts_protocol::artefact::payout::{Payout, all};

use super::sheet;

/// Writes contributors as CSV, for spreadsheets.
///
/// # Errors
/// If `writer` fails.
pub fn write_csv(payouts: impl Iterator<Item = Payout>, mut writer: impl Write) -> std::io::Result<()> {
    writeln!(writer, "{CSV_HEAD}")?;
    for payout in payouts {
        writeln!(writer, "{}", payout.csv_line())?;
    }
    writer.flush()
}

/// Reads `payouts.parquet`.
///
/// # Errors
/// If the file is not there or damaged.
pub fn read(path: &Path) -> anyhow::Result<Vec<Payout>> {
    let mut payouts = Vec::new();
    each(path, |payout| {
        payouts.push(payout);
        Ok(())
    })?;
    Ok(payouts)
}

/// Hands every line of `payouts.parquet` to `each`, in order.
///
/// # Errors
/// If the file is not there or damaged; of `each`.
pub fn each(path: &Path, mut each: impl FnMut(Payout) -> anyhow::Result<()>) -> anyhow::Result<()> {
    sheet::read(path, |rows| {
        let column =
            |name: &str| rows.column_by_name(name).with_context(|| format!("{}: no column {name}", path.display()));
        let text = |name: &str| column(name)?.as_string_opt::<i32>().context("not text");
        let integer = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().context("not an integer");
        let wide = |name: &str| column(name)?.as_primitive_opt::<Decimal128Type>().context("not a decimal");
        let hash = |name: &str| column(name)?.as_fixed_size_binary_opt().context("not 32 bytes");
        let (index, did, reason) = (integer("index")?, text("did")?, text("reason")?);
        let (did_hash, payee) = (hash("did_hash")?, hash("payee")?);
        let (bytes, effective) = (integer("bytes")?, wide("effective_bytes")?);
        let (raw, amount) = (integer("raw_base_units")?, integer("amount_base_units")?);
        for row in 0..rows.num_rows() {
            each(Payout {
                index: if index.is_null(row) { None } else { Some(u32::try_from(index.value(row))?) },
                did: did.value(row).to_owned(),
                did_hash: did_hash.value(row).try_into()?,
                payee: payee.value(row).try_into()?,
                bytes: u64::try_from(bytes.value(row))?,
                effective_bytes: u64::try_from(effective.value(row))?,
                raw: u64::try_from(raw.value(row))?,
                amount: u64::try_from(amount.value(row))?,
                reason: (!reason.is_null(row)).then(|| reason.value(row).to_owned()),
            })?;
        }
        Ok(())
    })
}
