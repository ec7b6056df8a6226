//! Contributors' lines of an epoch in files: `payouts.csv` and `payouts.parquet`.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Decimal128Type, Int64Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter};
use parquet::file::metadata::RowGroupMetaData;
use radio_payouts_protocol::artefact::payout::CSV_HEAD;
pub use radio_payouts_protocol::artefact::payout::{Payout, all};
use radio_payouts_protocol::hash::{Hash, sha256};

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
    sheet::read(path, |rows| lines(rows, path, &mut each))
}

/// The line of one DID; none if it is not in the file. Only row groups that may hold it are read, and of those only what is needed to find it.
///
/// # Errors
/// If the file is not there or damaged.
pub fn find(path: &Path, did: &str) -> anyhow::Result<Option<Payout>> {
    let wanted = sha256(&[did.as_bytes()]);
    let mut found = None;
    let select = |file: sheet::Opened| {
        let groups = (0..).zip(file.metadata().row_groups()).filter(|(_, group)| may_hold(group, &wanted));
        let groups = groups.map(|(number, _)| number).collect();
        let only = ProjectionMask::columns(file.parquet_schema(), ["did_hash"]);
        let is_wanted = ArrowPredicateFn::new(only, move |rows| {
            let hashes = rows.column(0).as_fixed_size_binary_opt();
            let hashes = hashes.ok_or_else(|| ArrowError::SchemaError("did_hash: not 32 bytes".to_owned()))?;
            Ok(hashes.iter().map(|hash| Some(hash == Some(&wanted[..]))).collect())
        });
        Ok(file.with_row_groups(groups).with_row_filter(RowFilter::new(vec![Box::new(is_wanted)])))
    };
    sheet::read_with(path, select, |rows| {
        lines(rows, path, &mut |payout| {
            // Its hash says so already; the text is what is shown.
            if payout.did == did {
                found = Some(payout);
            }
            Ok(())
        })
    })?;
    Ok(found)
}

/// Whether a row group's least and greatest hash leave room for `wanted`.
fn may_hold(group: &RowGroupMetaData, wanted: &Hash) -> bool {
    let column = group.columns().iter().find(|column| column.column_path().string() == "did_hash");
    let bounds =
        column.and_then(|column| column.statistics()).map(|found| (found.min_bytes_opt(), found.max_bytes_opt()));
    // Without bounds it is read.
    !matches!(bounds, Some((Some(least), Some(greatest))) if &wanted[..] < least || &wanted[..] > greatest)
}

fn lines(rows: &RecordBatch, path: &Path, each: &mut impl FnMut(Payout) -> anyhow::Result<()>) -> anyhow::Result<()> {
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
}
