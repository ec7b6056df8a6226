//! Recomputing an epoch, step by step, so that a page stays alive while signatures are checked.

use std::collections::BTreeMap;

use radio_payouts_protocol::artefact::difference::{self, FieldDifference};
use radio_payouts_protocol::artefact::manifest::{Manifest, ManifestFault, StatementJson};
use radio_payouts_protocol::artefact::payout::{self, Payout};
use radio_payouts_protocol::artefact::recomputation::{Recomputation, RecomputationFault, Recomputed};
use radio_payouts_protocol::artefact::terms::ParentFault;
use radio_payouts_protocol::batch::Envelope;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::history::{History, HistoryRecord};
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::document::{bytes32, read, write};
use crate::fault::{Difference, Fault};

/// A record of the history as JavaScript reads it from `history.parquet`: did_hash, first epoch, activity.
#[derive(Deserialize)]
struct Record(String, String, String);

/// An epoch being recomputed: batches first, then [`EpochRecomputation::settle`], then results.
#[wasm_bindgen]
#[derive(Debug)]
pub struct EpochRecomputation {
    state: State,
    parent_compared: bool,
}

#[derive(Debug)]
enum State {
    Taking(Box<Recomputation>),
    Done(Box<Recomputed>),
    /// A step failed: nothing can be had of it any more.
    Failed,
}

#[wasm_bindgen]
impl EpochRecomputation {
    /// Begins with `manifest.json`, the history before the epoch (JSON), and the parent's `manifest.json` if it is there.
    ///
    /// # Errors
    /// `malformed`, `difference`.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &[u8], history: &str, parent_manifest: Option<Vec<u8>>) -> Result<Self, Fault> {
        let manifest = parse_manifest("manifest.json", "manifest", manifest)?;
        let parent_compared = match parent_manifest {
            Some(bytes) => compare_parent(&manifest, &bytes)?,
            None => false,
        };
        let recomputation = Recomputation::new(manifest, parse_history(history)?).map_err(not_begun)?;
        Ok(Self { state: State::Taking(Box::new(recomputation)), parent_compared })
    }

    /// How many batches the manifest speaks of.
    #[wasm_bindgen]
    #[must_use]
    pub fn batches_expected(manifest: &[u8]) -> Option<u32> {
        let manifest = Manifest::parse(manifest).ok()?;
        Some(manifest.sfus.iter().map(|sfu| sfu.accepted.saturating_add(sfu.rejected)).fold(0, u32::saturating_add))
    }

    /// Takes in lines of a file of envelopes, the first of which has the number `line`. Returns how many they were.
    ///
    /// # Errors
    /// `difference`, which names file, line, SFU and seq.
    pub fn add_lines(&mut self, file: &str, mut line: u32, lines: &[u8]) -> Result<u32, Fault> {
        let State::Taking(recomputation) = &mut self.state else { return Err(out_of_order()) };
        let before = line;
        for envelope in lines.strip_suffix(b"\n").unwrap_or(lines).split(|byte| *byte == b'\n') {
            recomputation.add(envelope).map_err(|fault| bad_envelope(file, line, envelope, &fault))?;
            line = line.saturating_add(1);
        }
        Ok(line.saturating_sub(before))
    }

    /// Settles what was taken in.
    ///
    /// # Errors
    /// `difference` if it cannot be settled.
    pub fn settle(&mut self) -> Result<(), Fault> {
        let State::Taking(recomputation) = std::mem::replace(&mut self.state, State::Failed) else {
            return Err(out_of_order());
        };
        let recomputed = recomputation.settle().map_err(|fault| differs("batches", &fault))?;
        self.state = State::Done(Box::new(recomputed));
        Ok(())
    }

    /// Everything but the payouts: `RecomputedEpoch` in TypeScript.
    ///
    /// # Errors
    /// If nothing was settled.
    pub fn summary(&self) -> Result<String, Fault> {
        let recomputed = self.done()?;
        let settlement = &recomputed.settlement;
        let ours = Manifest::of(&recomputed.terms, &settlement.to_summary(), recomputed.manifest.files.clone());
        let mut batches: BTreeMap<&str, u32> = BTreeMap::new();
        for judged in settlement.seals.iter().flat_map(|seal| &seal.judged) {
            let verdict = judged.verdict.map_or("accepted", |verdict| verdict.as_str());
            count(&mut batches, verdict);
        }
        let mut receipts: BTreeMap<&str, u32> = BTreeMap::new();
        for verdict in settlement.batches.iter().flat_map(|batch| &batch.receipts.verdicts) {
            count(&mut receipts, verdict.map_or("accepted", |verdict| verdict.as_str()));
        }
        write(&json!({
            "epoch": settlement.statement.epoch.to_string(),
            "mode": settlement.mode,
            "deployment": recomputed.terms.deployment,
            "params": recomputed.terms.params,
            "commitment": hex::encode(settlement.commitment),
            "statement": StatementJson::from(&settlement.statement),
            "totals": ours.totals,
            "batches": batches,
            "receipts": receipts,
            "manifestDifference": manifest_difference(recomputed, &ours)?,
            "parentCompared": self.parent_compared,
        }))
    }

    /// Number of contributors.
    ///
    /// # Errors
    /// If nothing was settled.
    pub fn contributors(&self) -> Result<u32, Fault> {
        Ok(u32::try_from(self.done()?.settlement.cells.contributors.len()).unwrap_or(u32::MAX))
    }

    /// Payouts of contributors from a position on, by `did_hash`: a JSON array of `Payout`.
    ///
    /// # Errors
    /// If nothing was settled.
    pub fn payouts(&self, from: u32, most: u32) -> Result<String, Fault> {
        let settlement = &self.done()?.settlement;
        let positions = from as usize..(from as usize).saturating_add(most as usize);
        let payouts = positions.map_while(|position| payout::at(settlement, position));
        write(&payouts.map(payout_to_json).collect::<Vec<_>>())
    }

    fn done(&self) -> Result<&Recomputed, Fault> {
        match &self.state {
            State::Done(recomputed) => Ok(recomputed),
            _ => Err(out_of_order()),
        }
    }
}

fn count<'a>(counts: &mut BTreeMap<&'a str, u32>, name: &'a str) {
    let count = counts.entry(name).or_default();
    *count = count.saturating_add(1);
}

fn payout_to_json(payout: Payout) -> Value {
    json!({
        "index": payout.index,
        "payee": payout.payee_address(),
        "did": payout.did,
        "didHash": hex::encode(payout.did_hash),
        "bytes": payout.bytes.to_string(),
        "effectiveBytes": payout.effective_bytes.to_string(),
        "raw": payout.raw.to_string(),
        "amount": payout.amount.to_string(),
        "reason": payout.reason,
    })
}

/// First line of `payouts.csv`.
#[wasm_bindgen]
#[must_use]
pub fn payouts_csv_head() -> String {
    payout::CSV_HEAD.to_owned()
}

fn parse_history(json: &str) -> Result<History, Fault> {
    let records: Vec<Record> = read("history.parquet", json)?;
    let number = |text: &str| text.parse().map_err(|_| Fault::malformed("history.parquet: not an integer below 2^64"));
    let records = records.iter().map(|Record(did_hash, first_epoch, activity)| {
        let record = HistoryRecord { first_epoch: number(first_epoch)?, activity: number(activity)? };
        Ok((bytes32("history.parquet: did_hash", did_hash)?, record))
    });
    Ok(History::from_records(records.collect::<Result<Vec<_>, Fault>>()?))
}

fn parse_manifest(name: &str, subject: &'static str, bytes: &[u8]) -> Result<Manifest, Fault> {
    Manifest::parse(bytes).map_err(|fault| match fault {
        ManifestFault::Commitment => Difference {
            field: Some("commitment".to_owned()),
            file: Some(name.to_owned()),
            ..difference_of(subject, format!("{name}: {fault}"))
        }
        .into(),
        fault => Fault::malformed(format!("{name}: {fault}")),
    })
}

fn compare_parent(manifest: &Manifest, bytes: &[u8]) -> Result<bool, Fault> {
    let parent = parse_manifest("the parent's manifest.json", "parent", bytes)?;
    if manifest.parent.is_none() || manifest.statement.parent != parent.commitment {
        let found = hex::encode(parent.commitment);
        let message =
            format!("the parent's manifest.json is that of another epoch or attempt: its commitment is {found}");
        return Err(difference_of("parent", message).into());
    }
    let difference = manifest.compare_parent(&parent).map_err(Fault::malformed)?;
    match difference {
        Some(difference) => {
            let message = difference.to_string().replace("recomputed", "in the parent's manifest.json");
            Err(of_field("parent", format!("manifest.json: {message}"), difference).into())
        }
        None => Ok(true),
    }
}

fn not_begun(fault: RecomputationFault) -> Fault {
    let subject = match &fault {
        RecomputationFault::Parent(ParentFault::History(_)) => "history",
        RecomputationFault::Parent(ParentFault::Commitment(_)) => "parent",
        _ => "manifest",
    };
    differs(subject, &fault)
}

fn bad_envelope(file: &str, line: u32, envelope: &[u8], fault: &RecomputationFault) -> Fault {
    // Named as well as it can be: by what the envelope itself says, or by the file's name.
    let header = Envelope::parse(envelope).ok().map(|received| received.header());
    let key = header.map(|header| header.sfu_key).or_else(|| {
        let name = file.rsplit('/').next()?.strip_suffix(".ndjson")?;
        bytes32("key", name).ok()
    });
    let sfu = key.as_ref().map(did_of_key);
    let seq = header.map(|header| header.seq.to_string());
    let which = match (&sfu, &seq) {
        (Some(sfu), Some(seq)) => format!(" (SFU {sfu}, seq {seq})"),
        (Some(sfu), None) => format!(" (SFU {sfu})"),
        _ => String::new(),
    };
    let message = format!("{file} line {line}{which}: {fault}");
    let file = Some(file.to_owned());
    Difference { file, line: Some(line), sfu, seq, ..difference_of("batches", message) }.into()
}

/// The first difference from what the manifest claims: inputs, statement, then everything else that is in it.
fn manifest_difference(recomputed: &Recomputed, ours: &Manifest) -> Result<Option<Difference>, Fault> {
    let manifest = &recomputed.manifest;
    let mut found = manifest.compare(&recomputed.settlement).map_err(Fault::malformed)?;
    if found.is_none() {
        let json = |manifest| serde_json::to_value(manifest).map_err(Fault::malformed);
        found = difference::json(&json(manifest)?, &json(ours)?);
    }
    Ok(found.map(|difference| of_field("manifest", format!("manifest.json: {difference}"), difference)))
}

fn of_field(subject: &'static str, message: String, difference: FieldDifference) -> Difference {
    let FieldDifference { field, found, recomputed, .. } = difference;
    // Entries of lists of SFUs are named by their DID or key.
    let sfu = field
        .split_once("sfus[")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(name, _)| bytes32("key", name).map_or_else(|_| name.to_owned(), |key| did_of_key(&key)));
    Difference {
        field: Some(field),
        found: Some(found),
        recomputed: Some(recomputed),
        file: Some("manifest.json".to_owned()),
        sfu,
        ..difference_of(subject, message)
    }
}

fn difference_of(subject: &'static str, message: String) -> Difference {
    Difference { subject, message, ..Difference::default() }
}

fn differs(subject: &'static str, fault: &RecomputationFault) -> Fault {
    difference_of(subject, fault.to_string()).into()
}

fn out_of_order() -> Fault {
    Fault::argument("the steps of a recomputation come in order: lines, settle, results")
}
