//! Synthetic epochs of any size, with every kind of bad input and the verdicts that it must get.
//!
//! The same [`Plan`] always gives the same bytes. Batches are made and handed out one by one, so size costs no memory.
//! [`Truth`] is worked out from what was put in, never from the code that judges it: it is what tests and benchmarks
//! compare with. It assumes the demo parameters (section 9), except that any rate and multipliers will do.
//!
//! With faults, SFUs of their own misbehave, each in one way, so that what must become of each batch is known:
//!
//! | SFU | does | becomes |
//! | --- | --- | --- |
//! | `equivocator` | signs two batches under one number | `stopped` from there on |
//! | `forgetful` | loses its chain: a wrong `prev` | `stopped` from there on |
//! | `newcomer` | sends before it is registered | `not_valid` in the second epoch |
//! | `latecomer` | sends what is older than three days | `late` in the second epoch, if the calendar has room for it |
//! | `revisionist` | leaves a gap, later fills it with something else | `chain_broken` in the second epoch |
//! | `straggler` | leaves a gap, later fills it rightly | accepted and carried in the second epoch |
//! | `sloppy` | windows too short, too long, overlapping | `bad_window` |
//! | `liar` | one receipt of each fault | every verdict of receipts but the last |
//! | `full` | more than its capacity | `sfu_over_capacity` |
//!
//! And lines that are answered without being held: every answer of section 4.4.

use std::collections::BTreeMap;
use std::io;

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, MAX_INTEGER};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::{Hash, ZERO_HASH, sha256};
use radio_payouts_protocol::registry::{MAX_SFU_BYTES_PER_EPOCH, MAX_SFUS, NEVER, Sfu};
use rayon::prelude::*;
use serde::Serialize;

mod faults;
mod honest;
mod lines;
#[cfg(test)]
mod tests;

use faults::Faulty;
use honest::World;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Everything random follows from it.
    pub seed: u64,
    /// The deployment that the signatures are for.
    pub domain: Domain,
    /// Its calendar.
    pub calendar: Calendar,
    /// Number of the first epoch.
    pub first_epoch: u64,
    /// How many epochs.
    pub epochs: u64,
    /// SFUs that do everything right.
    pub sfus: u32,
    /// Contributors, shared by all SFUs.
    pub contributors: u32,
    /// Tracks of every SFU.
    pub tracks: u32,
    /// Batches of every SFU in every epoch.
    pub batches: u32,
    /// Receipts of every batch.
    pub receipts: u32,
    /// Whether bad input is among it.
    pub faults: bool,
}

/// A plan that cannot be followed, or an output that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The plan contradicts itself or a limit.
    #[error("{0}")]
    Plan(String),
    /// The output failed.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// An SFU of the plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedSfu {
    /// What it is called; its key's file is named like this.
    pub label: String,
    /// Its did:key.
    pub did: String,
    /// The terms that it must be registered under.
    pub terms: Sfu,
    /// Its key.
    #[serde(skip)]
    pub key: SigningKey,
}

/// What must become of an epoch's input.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EpochTruth {
    /// Lines of this epoch's input.
    pub lines: u64,
    /// Answers to them, in the order in which they are written.
    pub answers: BTreeMap<String, u64>,
    /// Verdicts of the batches judged when the epoch is sealed; `accepted` among them.
    pub batches: BTreeMap<String, u64>,
    /// Verdicts of the receipts of accepted batches; `accepted` among them.
    pub receipts: BTreeMap<String, u64>,
    /// Accepted batches that filled a gap.
    pub carried: u64,
    /// Bytes of accepted receipts.
    #[serde(with = "radio_payouts_protocol::json")]
    pub accepted_bytes: u64,
}

/// What must become of everything.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Truth {
    /// The SFUs to register.
    pub sfus: Vec<PlannedSfu>,
    /// Per epoch.
    pub epochs: BTreeMap<u64, EpochTruth>,
}

impl EpochTruth {
    fn answer(&mut self, answer: &str) {
        self.lines += 1;
        *self.answers.entry(answer.to_owned()).or_default() += 1;
    }

    fn batch(&mut self, verdict: &str) {
        *self.batches.entry(verdict.to_owned()).or_default() += 1;
    }

    fn receipt(&mut self, verdict: &str, count: u64) {
        if count > 0 {
            *self.receipts.entry(verdict.to_owned()).or_default() += count;
        }
    }

    /// An accepted batch of which every receipt is accepted.
    fn accept(&mut self, batch: &Batch) {
        self.batch("accepted");
        self.receipt("accepted", batch.receipts.len() as u64);
        self.accepted_bytes += bytes_of(batch);
    }
}

/// An SFU that signs, and how far it is.
struct Signing {
    key: SigningKey,
    did: String,
    next_seq: u64,
    prev: Hash,
}

impl Signing {
    fn new(seed: u64, label: &str) -> Self {
        let key = SigningKey::from_bytes(&derive(seed, &format!("sfu {label}"), 0));
        let did = did_of_key(key.verifying_key().as_bytes());
        Self { key, did, next_seq: 1, prev: ZERO_HASH }
    }

    /// Puts number and link on a batch; the next one follows it.
    fn chain(&mut self, mut batch: Batch) -> Batch {
        batch.seq = self.next_seq;
        batch.prev = self.prev;
        batch.sfu.clone_from(&self.did);
        self.next_seq += 1;
        self.prev = batch.hash();
        batch
    }

    fn sign(&self, batch: Batch, domain: &Domain) -> Result<Vec<u8>, GenerateError> {
        batch.sign(&self.key, domain).map(|envelope| envelope.to_bytes()).map_err(GenerateError::Plan)
    }

    fn planned(&self, label: &str, valid_from: u64, max_bytes_per_epoch: u64) -> PlannedSfu {
        let terms = Sfu {
            key: self.key.verifying_key().to_bytes(),
            demo: false,
            valid_from,
            valid_until: NEVER,
            max_bytes_per_epoch,
            stop_seq: NEVER,
        };
        PlannedSfu { label: label.to_owned(), did: self.did.clone(), terms, key: self.key.clone() }
    }
}

/// Makes all epochs. `write` gets the epoch and one line (without its end) at a time.
///
/// # Errors
/// [`GenerateError`].
pub fn generate(plan: &Plan, mut write: impl FnMut(u64, &[u8]) -> io::Result<()>) -> Result<Truth, GenerateError> {
    check(plan)?;
    let world = World::new(plan);
    let mut sfus: Vec<Signing> = (0..plan.sfus).map(|number| Signing::new(plan.seed, &honest_label(number))).collect();
    let mut truth = Truth::default();
    for (sfu, number) in sfus.iter().zip(0..) {
        truth.sfus.push(sfu.planned(&honest_label(number), 0, MAX_SFU_BYTES_PER_EPOCH));
    }
    let mut faulty = plan.faults.then(|| Faulty::new(plan));
    if let Some(faulty) = &faulty {
        truth.sfus.extend(faulty.planned());
    }
    for epoch in plan.first_epoch..plan.first_epoch + plan.epochs {
        let (start_ms, spacing_ms) = windows(plan, epoch)?;
        let mut this = truth.epochs.remove(&epoch).unwrap_or_default();
        for place in 0..u64::from(plan.batches) {
            let to_ms = start_ms + (place + 1) * spacing_ms;
            let made: Vec<Result<(Vec<u8>, Batch), GenerateError>> = sfus
                .par_iter_mut()
                .enumerate()
                .map(|(number, sfu)| {
                    let batch = sfu.chain(world.batch(number as u64, sfu.next_seq, to_ms));
                    Ok((sfu.sign(batch.clone(), &plan.domain)?, batch))
                })
                .collect();
            for made in made {
                let (line, batch) = made?;
                write(epoch, &line)?;
                this.answer("held");
                this.accept(&batch);
            }
        }
        truth.epochs.insert(epoch, this);
        if let (Some(faulty), Some(honest)) = (&mut faulty, sfus.first()) {
            faulty.epoch(plan, &world, honest, epoch, &mut truth.epochs, &mut write)?;
        }
    }
    Ok(truth)
}

/// Start of an epoch, and from one batch's end to the next, in milliseconds.
fn windows(plan: &Plan, epoch: u64) -> Result<(u64, u64), GenerateError> {
    let beyond = || GenerateError::Plan(format!("epoch {epoch} lies beyond the calendar"));
    let length_ms = u64::from(plan.calendar.epoch_seconds()) * 1_000;
    let end_ms = plan.calendar.end_ms(epoch).filter(|end| *end <= MAX_INTEGER).ok_or_else(beyond)?;
    let start_ms = end_ms.checked_sub(length_ms).ok_or_else(beyond)?;
    Ok((start_ms, length_ms / u64::from(plan.batches.max(1))))
}

fn check(plan: &Plan) -> Result<(), GenerateError> {
    let refuse = |reason: String| Err(GenerateError::Plan(reason));
    let most = plan.calendar.epoch_seconds() / 10;
    if plan.batches > most {
        return refuse(format!("an epoch has room for {most} batches of ten seconds, not {}", plan.batches));
    }
    if plan.receipts > 9_000 || plan.sfus as usize > MAX_SFUS - 16 {
        return refuse(format!("at most 9000 receipts a batch and {} SFUs", MAX_SFUS - 16));
    }
    if plan.contributors == 0 || plan.tracks == 0 || plan.epochs == 0 || plan.sfus == 0 || plan.batches == 0 {
        return refuse("epochs, SFUs, contributors, tracks and batches are at least 1".to_owned());
    }
    if plan.first_epoch.checked_add(plan.epochs).is_none() {
        return refuse("the epochs lie beyond the calendar".to_owned());
    }
    windows(plan, plan.first_epoch + plan.epochs - 1).map(|_| ())
}

fn honest_label(number: u32) -> String {
    format!("sfu-{number:04}")
}

fn bytes_of(batch: &Batch) -> u64 {
    batch.receipts.iter().flat_map(|receipt| &receipt.contributors).map(|entry| entry.bytes_out).sum()
}

/// Thirty-two bytes that follow from the seed, a purpose and a number.
fn derive(seed: u64, purpose: &str, number: u64) -> [u8; 32] {
    sha256(&[b"radio-payouts/generate/v1", &seed.to_le_bytes(), &number.to_le_bytes(), purpose.as_bytes()])
}
