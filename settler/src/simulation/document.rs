//! The result of a simulation in the one form that has a hash, and how it is added up.
//!
//! The canonical bytes are the document as JSON without white space, keys sorted, `u64` and wider integers as decimal
//! strings (section 1): RFC 8785 for the text that can occur. The simulation's hash is their SHA-256, so `sha256sum` of the
//! file prints it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use serde::{Deserialize, Serialize};

use super::replay::Replayed;
use super::set::Set;
use super::totals::Totals;
use crate::artefact::payout;

/// The format of this version.
pub const FORMAT: &str = "radio-payouts/simulation/v1";
/// What a simulation says of itself: nothing of it is posted, proven or paid.
pub const STANDING: &str = "simulation";

/// One epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochJson {
    /// Its number.
    #[serde(with = "json")]
    pub epoch: u64,
    /// Its commitment as posted: which batches, parameters and history were replayed.
    #[serde(with = "json::hex32")]
    pub commitment: Hash,
    /// Version of its parameters.
    pub params_version: u32,
    /// The values in that version of what is changed.
    pub was: Set,
    /// As it was.
    pub before: Totals,
    /// As it would have been.
    pub after: Totals,
}

/// One contributor over all epochs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContributorJson {
    /// The DID.
    pub did: String,
    /// What was paid.
    #[serde(with = "json")]
    pub before_base_units: i128,
    /// What would have been paid.
    #[serde(with = "json")]
    pub after_base_units: i128,
    /// The difference.
    #[serde(with = "json")]
    pub difference_base_units: i128,
    /// The difference in bps of what was paid, rounded towards 0; absent if nothing was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference_bps: Option<Bps>,
}

/// A signed share in bps as a decimal string.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bps(#[serde(with = "json")] pub i128);

/// A difference in bps of what was before, rounded towards 0; `None` if that was nothing.
#[must_use]
pub fn difference_bps(before: i128, after: i128) -> Option<Bps> {
    ((after - before) * 10_000).checked_div(before).map(Bps)
}

/// A whole simulation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`FORMAT`].
    pub format: String,
    /// [`STANDING`].
    pub standing: String,
    /// Domain of the deployment.
    #[serde(with = "json::hex32")]
    pub domain: Hash,
    /// The change.
    pub set: Set,
    /// The epochs, ascending.
    pub epochs: Vec<EpochJson>,
    /// All epochs as they were.
    pub before: Totals,
    /// All epochs as they would have been.
    pub after: Totals,
    /// Everybody whose bytes were accepted, before or after, by DID.
    pub contributors: Vec<ContributorJson>,
}

impl Document {
    /// The canonical bytes.
    ///
    /// # Errors
    /// Never for a document of ours.
    pub fn to_bytes(&self) -> anyhow::Result<Vec<u8>> {
        // A value's objects are sorted by key, a structure's fields are not.
        Ok(serde_json::to_vec(&serde_json::to_value(self)?)?)
    }

    /// The simulation's hash.
    ///
    /// # Errors
    /// As [`Document::to_bytes`].
    pub fn hash(&self) -> anyhow::Result<Hash> {
        Ok(sha256(&[&self.to_bytes()?]))
    }

    /// Reads a document, in whatever form its JSON is written.
    ///
    /// # Errors
    /// If it is none of this version.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let document: Self = serde_json::from_slice(bytes).context("it is not a simulation")?;
        anyhow::ensure!(document.format == FORMAT, "format {:?} is unknown", document.format);
        Ok(document)
    }
}

/// Adds epochs up.
#[derive(Debug)]
pub struct Sums {
    domain: Hash,
    set: Set,
    epochs: Vec<EpochJson>,
    contributors: BTreeMap<String, (i128, i128)>,
}

impl Sums {
    /// Begins.
    #[must_use]
    pub fn new(domain: Hash, set: Set) -> Self {
        Self { domain, set, epochs: Vec::new(), contributors: BTreeMap::new() }
    }

    /// Adds an epoch.
    ///
    /// # Errors
    /// Never for parameters within bounds.
    pub fn add(&mut self, replayed: &Replayed) -> anyhow::Result<()> {
        let Replayed { terms, before, params, after } = replayed;
        self.epochs.push(EpochJson {
            epoch: terms.epoch,
            commitment: before.commitment,
            params_version: terms.params_version,
            was: self.set.of(&terms.params),
            before: Totals::of(before, &terms.params)?,
            after: Totals::of(after, params)?,
        });
        let paid = |line: &payout::Payout| line.index.map_or(0, |_| i128::from(line.amount));
        for line in payout::all(before) {
            self.contributors.entry(line.did.clone()).or_default().0 += paid(&line);
        }
        for line in payout::all(after) {
            self.contributors.entry(line.did.clone()).or_default().1 += paid(&line);
        }
        Ok(())
    }

    /// The document.
    #[must_use]
    pub fn finish(self) -> Document {
        let (mut before, mut after) = (Totals::default(), Totals::default());
        for epoch in &self.epochs {
            before.add(&epoch.before);
            after.add(&epoch.after);
        }
        let contributor = |(did, (before, after)): (String, (i128, i128))| ContributorJson {
            did,
            before_base_units: before,
            after_base_units: after,
            difference_base_units: after - before,
            difference_bps: difference_bps(before, after),
        };
        Document {
            format: FORMAT.to_owned(),
            standing: STANDING.to_owned(),
            domain: self.domain,
            set: self.set,
            epochs: self.epochs,
            before,
            after,
            contributors: self.contributors.into_iter().map(contributor).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_bytes_are_sorted_without_white_space_and_hold_decimal_strings() {
        let set = Set::new(&[("rate".into(), 2_000), ("active_min_bytes".into(), 1)]).unwrap();
        let document = Sums::new([7; 32], set).finish();
        let text = String::from_utf8(document.to_bytes().unwrap()).unwrap();
        assert!(text.starts_with(r#"{"after":{"accepted_bytes":"0","#), "{text}");
        assert!(text.contains(r#""set":{"active_min_bytes":"1","rate":"2000"},"standing":"simulation"}"#), "{text}");
        assert!(!text.contains(char::is_whitespace), "{text}");
        assert_eq!(Document::parse(text.as_bytes()).unwrap(), document);
        assert!(Document::parse(text.replace("/v1", "/v2").as_bytes()).is_err());
        assert!(Document::parse(text.replace("\"2000\"", "2000").as_bytes()).is_err());
    }

    #[test]
    fn differences_are_rounded_towards_nothing() {
        assert_eq!(difference_bps(3, 4), Some(Bps(3_333)));
        assert_eq!(difference_bps(3, 2), Some(Bps(-3_333)));
        assert_eq!(difference_bps(3, 0), Some(Bps(-10_000)));
        assert_eq!(difference_bps(0, 4), None);
    }
}
