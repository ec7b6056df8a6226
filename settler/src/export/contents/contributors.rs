//! The rows of an epoch's contributors: `payouts.parquet`, line by line.

use super::{Epoch, Rows, Value};
use crate::artefact::payout;

/// Writes them.
pub(super) fn write(epoch: &Epoch<'_>, rows: &mut dyn Rows) -> anyhow::Result<()> {
    payout::each(&epoch.artefact.folder.join("payouts.parquet"), |payout| {
        if epoch.did.is_some_and(|did| did != payout.did) {
            return Ok(());
        }
        let [number, standing, state, slot] = epoch.head();
        let (did_hash, payee) = (hex::encode(payout.did_hash), payout.payee_address());
        rows.row(&[
            number,
            standing,
            state,
            slot,
            Value::number(payout.index),
            Value::Text(&payout.did),
            Value::Text(&did_hash),
            Value::text(payee.as_deref()),
            payout.bytes.into(),
            payout.effective_bytes.into(),
            payout.raw.into(),
            payout.amount.into(),
            Value::text(payout.reason.as_deref()),
        ])
    })
}
