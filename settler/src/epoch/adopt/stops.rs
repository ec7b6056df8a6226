//! Stops that this settler knows to be lower than a candidate's, each with what proves it (end of section 5.2).
//!
//! A `stop` follows from batches or from the account, so whoever says that it is lower can show why: two batches under one number,
//! a batch that does not go on from the one before it, or `stop_seq` on chain. Batches prove it to every settler, and
//! two under one number to the program as well.

use std::collections::BTreeMap;
use std::fmt;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::{Hash, ZERO_HASH};
use serde::Serialize;

use crate::artefact::verify::Recomputed;
use crate::artefact::{Terms, sfu_name};
use crate::epoch::view::View;
use crate::outcome::Outcome;
use crate::store::Store;

/// A stop that is lower than the candidate's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LowerStop {
    /// The SFU's key.
    pub sfu: [u8; 32],
    /// The stop by what is known here.
    pub stop: u64,
    /// The candidate's.
    pub theirs: u64,
    /// What proves it.
    pub evidence: StopEvidence,
}

/// What proves a stop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "evidence")]
pub enum StopEvidence {
    /// The SFU's account says so.
    Account,
    /// Two batches were signed under the number: provable on chain.
    Equivocation {
        /// Hash of one.
        first: String,
        /// Hash of the other.
        second: String,
    },
    /// The batch of that number does not go on from the one before it.
    BrokenLink {
        /// Hash of the batch.
        batch: String,
        /// What it names as the one before it.
        prev: String,
    },
}

impl fmt::Display for LowerStop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "its SFU's stop is {} instead of ", self.stop)?;
        match self.theirs {
            u64::MAX => write!(formatter, "none: ")?,
            theirs => write!(formatter, "{theirs}: ")?,
        }
        match &self.evidence {
            StopEvidence::Account => write!(formatter, "the account says so"),
            StopEvidence::Equivocation { first, second } => write!(
                formatter,
                "batches {first} and {second} were both signed under it, which `settler watch --fraud-proofs` proves on chain"
            ),
            StopEvidence::BrokenLink { batch, prev } => {
                write!(formatter, "batch {batch} names {prev} as the one before it, which is not the one known")
            }
        }
    }
}

impl Serialize for LowerStop {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            sfu: String,
            #[serde(with = "radio_payouts_protocol::json")]
            stop: u64,
            #[serde(with = "radio_payouts_protocol::json")]
            candidate_stop: u64,
            #[serde(flatten)]
            evidence: &'a StopEvidence,
        }
        let (sfu, evidence) = (sfu_name(&self.sfu), &self.evidence);
        Document { sfu, stop: self.stop, candidate_stop: self.theirs, evidence }.serialize(serializer)
    }
}

/// The stops that lie below those of the folder once everything known here is looked at, too. `due` are the batches that
/// this settler itself would judge.
///
/// # Errors
/// If the store fails.
pub fn lower_stops(
    store: &Store,
    view: &View,
    terms: &Terms,
    theirs: &Recomputed,
    due: &[BatchHeader],
) -> Outcome<Vec<LowerStop>> {
    let known: Vec<BatchHeader> = due.iter().chain(&theirs.headers).copied().collect();
    let candidate: BTreeMap<_, _> = theirs.settlement.seals.iter().map(|seal| (seal.key, seal.stop)).collect();
    let mut lower = Vec::new();
    for seal in terms.seal(&known)? {
        let Some(theirs) = candidate.get(&seal.key).filter(|theirs| seal.stop < **theirs) else { continue };
        let account = view.sfus.iter().find(|account| account.key == seal.key);
        let evidence = if account.is_some_and(|account| account.stop_seq <= seal.stop) {
            Some(StopEvidence::Account)
        } else {
            evidence(store, &known, &seal.key, seal.stop)?
        };
        if let Some(evidence) = evidence {
            lower.push(LowerStop { sfu: seal.key, stop: seal.stop, theirs: *theirs, evidence });
        }
    }
    Ok(lower)
}

/// What batches prove that an SFU stops at `seq`.
fn evidence(store: &Store, known: &[BatchHeader], key: &[u8; 32], seq: u64) -> Outcome<Option<StopEvidence>> {
    let under = |seq: u64| -> Outcome<BTreeMap<Hash, Hash>> {
        let held = store.index().between(key, seq, seq)?;
        let headers = held.iter().map(|located| &located.header).chain(known);
        let same = headers.filter(|header| header.sfu_key == *key && header.seq == seq);
        Ok(same.map(|header| (header.hash, header.prev)).collect())
    };
    let here = under(seq)?;
    let mut hashes = here.keys();
    if let (Some(first), Some(second)) = (hashes.next(), hashes.next()) {
        return Ok(Some(StopEvidence::Equivocation { first: hex::encode(first), second: hex::encode(second) }));
    }
    let before = match seq.checked_sub(1) {
        None => return Ok(None),
        Some(0) => BTreeMap::from([(ZERO_HASH, ZERO_HASH)]),
        Some(before) => under(before)?,
    };
    let broken = here.iter().find(|(_, prev)| !before.contains_key(*prev));
    Ok(broken.map(|(hash, prev)| StopEvidence::BrokenLink { batch: hex::encode(hash), prev: hex::encode(prev) }))
}
