//! One contributor's line of an epoch: in tables, proofs, explanations and `payouts.csv`.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};

use serde::Serialize;

use crate::hash::Hash;
use crate::settlement::Settlement;

/// First line of `payouts.csv`.
pub const CSV_HEAD: &str = "index,did,payee,bytes,effective_bytes,raw_base_units,amount_base_units,reason";

/// A contributor of an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payout {
    /// Global index of the leaf; none without a leaf.
    pub index: Option<u32>,
    /// The DID.
    pub did: String,
    /// Its SHA-256.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub did_hash: Hash,
    /// Who is paid; 32 zeros if the DID has no payee of its own.
    #[serde(with = "crate::json::hex32")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub payee: [u8; 32],
    /// Accepted bytes.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub bytes: u64,
    /// Bytes after all multipliers.
    #[serde(with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub effective_bytes: u64,
    /// Base units before the cap.
    #[serde(rename = "raw_base_units", with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub raw: u64,
    /// Base units of the leaf.
    #[serde(rename = "amount_base_units", with = "crate::json")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
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

    /// The line of `payouts.csv`, without a line end.
    #[must_use]
    pub fn csv_line(&self) -> String {
        let index = self.index.map(|index| index.to_string()).unwrap_or_default();
        let payee = self.payee_address().unwrap_or_default();
        // No field can hold a comma, quote or line end: a DID's characters are [A-Za-z0-9._:%-].
        let Self { did, bytes, effective_bytes, raw, amount, reason, .. } = self;
        let reason = reason.as_deref().unwrap_or_default();
        format!("{index},{did},{payee},{bytes},{effective_bytes},{raw},{amount},{reason}")
    }
}

/// Every contributor, by `did_hash`.
pub fn all(settlement: &Settlement) -> impl Iterator<Item = Payout> {
    (0..settlement.cells.contributors.len()).filter_map(|position| at(settlement, position))
}

/// The contributor at a position in the order of `did_hash`.
#[must_use]
pub fn at(settlement: &Settlement, position: usize) -> Option<Payout> {
    let contributor = settlement.cells.contributors.get(position)?;
    let share = settlement.allocation.shares.get(position)?;
    Some(Payout {
        index: *settlement.leaf_indices.get(position)?,
        did: contributor.did.clone(),
        did_hash: contributor.did_hash,
        payee: *settlement.payees.get(position)?,
        bytes: contributor.bytes,
        effective_bytes: *settlement.weights.effective.get(position)?,
        raw: share.raw,
        amount: share.amount,
        reason: share.no_leaf.map(|reason| reason.as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_nothing_where_there_is_nothing() {
        let payout = Payout {
            index: None,
            did: "did:web:b".into(),
            did_hash: [1; 32],
            payee: [0; 32],
            bytes: 5,
            effective_bytes: 6,
            raw: 7,
            amount: 7,
            reason: Some("below_minimum".into()),
        };
        assert_eq!(payout.csv_line(), ",did:web:b,,5,6,7,7,below_minimum");
        let paid = Payout { index: Some(3), payee: [3; 32], reason: None, ..payout };
        let address = bs58::encode([3; 32]).into_string();
        assert_eq!(paid.csv_line(), alloc::format!("3,did:web:b,{address},5,6,7,7,"));
        assert_eq!(paid.csv_line().split(',').count(), CSV_HEAD.split(',').count());
    }
}
