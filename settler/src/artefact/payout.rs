//! One contributor's line of an epoch: in tables, proofs and explanations.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{Decimal128Type, Int64Type};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::settlement::Settlement;
use schemars::JsonSchema;
use serde::Serialize;

use super::sheet;

/// A contributor of an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Payout {
    /// Global index of the leaf; none without a leaf.
    pub index: Option<u32>,
    /// The DID.
    pub did: String,
    /// Its SHA-256.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub did_hash: Hash,
    /// Who is paid; 32 zeros if the DID has no payee of its own.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub payee: [u8; 32],
    /// Accepted bytes.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub bytes: u64,
    /// Bytes after all multipliers.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub effective_bytes: u64,
    /// Base units before the cap.
    #[serde(rename = "raw_base_units", with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub raw: u64,
    /// Base units of the leaf.
    #[serde(rename = "amount_base_units", with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub amount: u64,
    /// Why there is no leaf.
    pub reason: Option<String>,
}

impl Payout {
    /// The payee as an address; none if the DID has none of its own.
    #[must_use]
    pub fn payee_address(&self) -> Option<String> {
        (self.payee != [0; 32]).then(|| bs58::encode(self.payee).into_string())
    }
}

/// Every contributor, by `did_hash`.
pub fn all(settlement: &Settlement) -> impl Iterator<Item = Payout> {
    let shares = settlement.allocation.shares.iter().zip(&settlement.weights.effective);
    let leaves = settlement.payees.iter().zip(&settlement.leaf_indices);
    settlement.cells.contributors.iter().zip(shares).zip(leaves).map(
        |((contributor, (share, effective)), (payee, index))| Payout {
            index: *index,
            did: contributor.did.clone(),
            did_hash: contributor.did_hash,
            payee: *payee,
            bytes: contributor.bytes,
            effective_bytes: *effective,
            raw: share.raw,
            amount: share.amount,
            reason: share.no_leaf.map(|reason| reason.as_str().to_owned()),
        },
    )
}

/// Writes contributors as CSV, for spreadsheets.
///
/// # Errors
/// If `writer` fails.
pub fn write_csv(payouts: impl Iterator<Item = Payout>, mut writer: impl Write) -> std::io::Result<()> {
    writeln!(writer, "index,did,payee,bytes,effective_bytes,raw_base_units,amount_base_units,reason")?;
    for payout in payouts {
        let index = payout.index.map(|index| index.to_string()).unwrap_or_default();
        let payee = payout.payee_address().unwrap_or_default();
        // No field can hold a comma, quote or line end: a DID's characters are [A-Za-z0-9._:%-].
        let Payout { did, bytes, effective_bytes, raw, amount, reason, .. } = payout;
        let reason = reason.unwrap_or_default();
        writeln!(writer, "{index},{did},{payee},{bytes},{effective_bytes},{raw},{amount},{reason}")?;
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
