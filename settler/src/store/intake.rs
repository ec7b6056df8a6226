//! From bytes to answers: lines are read with bounded memory, checked on all cores, and held round by round.
//!
//! A line that is too long is passed over without being kept; what is wrong with one line says nothing about the
//! next. Every input gets one answer of section 4.4, and what is not held goes to the log of rejects. `already_held`
//! is an answer, not a fault: a file may be given twice.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;
use std::sync::Arc;

use radio_payouts_protocol::batch::{Answer, BatchHeader, BorrowedBatch, Envelope, MAX_ENVELOPE_BYTES, Verified};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::registry::{NEVER, Sfu};
use rayon::prelude::*;
use serde::Serialize;

use super::durable::FileError;
use super::frame::Compressor;
use super::hold::Holdable;
use super::pack::PackName;
use super::rejects::{self, KEPT_BYTES, Reject};
use super::stages::{Stage, Stages};
use super::{Store, StoreError};

mod run;

pub use run::Run;

/// What a receiver knows.
pub struct Intake<'a> {
    /// Domain of the deployment.
    pub domain: Domain,
    /// `stop_seq` of every registered SFU, by key.
    pub stops: HashMap<[u8; 32], u64>,
    /// The receiver's clock, in Unix milliseconds.
    pub clock: &'a (dyn Fn() -> u64 + Sync),
}

/// How many inputs got which answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Inputs by answer.
    pub answers: BTreeMap<String, u64>,
    /// Receipts in batches that are newly held.
    pub receipts_held: u64,
    /// Bytes read.
    pub bytes_read: u64,
}

impl Tally {
    /// Number of inputs with an answer.
    #[must_use]
    pub fn count(&self, answer: &str) -> u64 {
        self.answers.get(answer).copied().unwrap_or_default()
    }

    fn add(&mut self, answer: &Answer) {
        *self.answers.entry(answer.as_str().to_owned()).or_default() += 1;
    }
}

/// An input that is already in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// File or address that it came from.
    pub origin: Arc<str>,
    /// Line there, from 1.
    pub line: u64,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// The answer to one input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// The batch, if the input is one of a registered SFU with a good signature.
    pub batch: Option<BatchHeader>,
    /// When this very batch was received first, in Unix milliseconds; none if it is not held.
    pub received_ms: Option<u64>,
}

/// An answer other than `held`, and the SFU and seq that the input names, if they could be read.
type Refused = (Answer, Option<(String, u64)>);

/// An answer, with the batch where the signature was good.
type Taken = (Answer, Option<BatchHeader>);

/// One line of an input.
struct Line {
    origin: Arc<str>,
    number: u64,
    length: u64,
    /// The line with its line feed, or its first bytes if it is too long.
    kept: Vec<u8>,
}

impl Line {
    fn envelope(&self) -> &[u8] {
        self.kept.strip_suffix(b"\n").unwrap_or(&self.kept)
    }
}

/// A line with a good signature.
struct Checked<'l> {
    verified: Verified<Cow<'l, str>>,
    /// The line as it stands in a pack.
    frame: Vec<u8>,
}

/// A round that was answered.
struct Round {
    answers: Vec<Taken>,
    /// The time by which it was judged.
    now_ms: u64,
    /// What was written, if something is newly held.
    pack: Option<PackName>,
}

impl<'a> Intake<'a> {
    /// A receiver for the SFUs of a registry.
    #[must_use]
    pub fn new(domain: Domain, registry: &[Sfu], clock: &'a (dyn Fn() -> u64 + Sync)) -> Self {
        Self { domain, stops: registry.iter().map(|sfu| (sfu.key, sfu.stop_seq)).collect(), clock }
    }

    /// Reads envelopes, one a line, and holds what is good; adds the answers to `tally`.
    ///
    /// # Errors
    /// [`StoreError`] if the input or the store fails; what was answered before stays.
    pub fn read(
        &self,
        store: &mut Store,
        origin: &str,
        input: impl BufRead + Send,
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        let stages = Stages::default();
        self.run(&mut Run { store, tally, rows: None, stages: &stages, progress: &|_| {} }, origin, input)
    }

    /// Holds envelopes already in memory; returns the answer to each.
    ///
    /// # Errors
    /// As [`Intake::read`].
    pub fn hold(&self, store: &mut Store, origin: &str, envelopes: Vec<Vec<u8>>) -> Result<Vec<Answer>, StoreError> {
        let origin: Arc<str> = origin.into();
        let delivered = (1u64..).zip(envelopes);
        let delivered = delivered.map(|(line, envelope)| Delivered { origin: origin.clone(), line, envelope });
        let answered = self.answer(store, delivered.collect(), &mut Tally::default())?;
        Ok(answered.into_iter().map(|answered| answered.answer).collect())
    }

    /// Holds inputs of any origin as one round: one fsync for all. Returns what is said to each, with the batch and when it was
    /// received, so that it can be acknowledged.
    ///
    /// # Errors
    /// As [`Intake::read`]; then nothing of the round may be acknowledged.
    pub fn answer(
        &self,
        store: &mut Store,
        delivered: Vec<Delivered>,
        tally: &mut Tally,
    ) -> Result<Vec<Answered>, StoreError> {
        let lines: Vec<Line> = delivered
            .into_iter()
            .map(|Delivered { origin, line, envelope: mut kept }| {
                let length = kept.len() as u64;
                kept.push(b'\n');
                Line { origin, number: line, length, kept }
            })
            .collect();
        let checked = self.check_all(&lines, &Stages::default())?;
        let Round { answers, now_ms, .. } = self.hold_all(store, &lines, &checked, tally)?;
        let answered = answers.into_iter().map(|(answer, batch)| {
            let received_ms = match (&answer, &batch) {
                (Answer::Held, Some(_)) => Some(now_ms),
                (Answer::AlreadyHeld, Some(batch)) => store.index().find(&batch.hash)?.map(|held| held.received_ms),
                _ => None,
            };
            Ok(Answered { answer, batch, received_ms })
        });
        answered.collect()
    }

    /// Checks the lines of a round, on all cores.
    fn check_all<'l>(
        &self,
        lines: &'l [Line],
        stages: &Stages,
    ) -> Result<Vec<Result<Checked<'l>, Refused>>, StoreError> {
        let check = |compressor: &mut Option<Compressor>, line| self.check(line, compressor, stages);
        lines.par_iter().map_init(|| None, check).collect()
    }

    /// Answers a round that was checked.
    fn hold_all(
        &self,
        store: &mut Store,
        lines: &[Line],
        checked: &[Result<Checked<'_>, Refused>],
        tally: &mut Tally,
    ) -> Result<Round, StoreError> {
        let holdable: Vec<Holdable<'_>> = checked
            .iter()
            .filter_map(|result| result.as_ref().ok())
            .map(|Checked { verified, frame }| {
                let receipts = verified.batch().receipts.len() as u64;
                Holdable { header: verified.header(), receipts, frame }
            })
            .collect();
        let now_ms = (self.clock)();
        let stop = |key: &[u8; 32]| self.stops.get(key).copied().unwrap_or(NEVER);
        let (held, pack) = store.hold(now_ms, stop, &holdable)?;

        let mut held = held.into_iter().zip(&holdable);
        let mut answers = Vec::with_capacity(lines.len());
        let mut refused = Vec::new();
        for (line, result) in lines.iter().zip(checked) {
            let (answer, header, named) = match result {
                Err((answer, named)) => (answer.clone(), None, named.clone()),
                Ok(Checked { verified, .. }) => {
                    let Some((answer, batch)) = held.next() else { break };
                    if answer == Answer::Held {
                        tally.receipts_held += batch.receipts;
                    }
                    (answer, Some(batch.header), Some((verified.batch().sfu.to_string(), batch.header.seq)))
                }
            };
            tally.add(&answer);
            if !matches!(answer, Answer::Held | Answer::AlreadyHeld) {
                refused.push(reject(now_ms, line, &answer, named));
            }
            answers.push((answer, header));
        }
        rejects::append(&store.rejects_folder(), &refused)?;
        Ok(Round { answers, now_ms, pack })
    }

    fn check<'l>(
        &self,
        line: &'l Line,
        compressor: &mut Option<Compressor>,
        stages: &Stages,
    ) -> Result<Result<Checked<'l>, Refused>, StoreError> {
        let envelope = line.envelope();
        if line.length > envelope.len() as u64 {
            let reason = format!("{} bytes, at most {MAX_ENVELOPE_BYTES} are read", line.length);
            return Ok(Err((Answer::Malformed(reason), None)));
        }
        let received = match stages.measure(Stage::Decoding, || Envelope::read(envelope)) {
            Ok(received) => received,
            Err(answer) => return Ok(Err((answer, None))),
        };
        let named = |batch: &BorrowedBatch<'_>| Some((batch.sfu.to_string(), batch.seq));
        if !self.stops.contains_key(&received.header().sfu_key) {
            return Ok(Err((Answer::UnknownSfu, named(received.batch()))));
        }
        let sent = named(received.batch());
        let verified = match stages.measure(Stage::Signatures, || received.verify(&self.domain)) {
            Ok(verified) => verified,
            Err(answer) => return Ok(Err((answer, sent))),
        };
        let failed = |error| FileError::new("compress", std::path::Path::new(&*line.origin), error);
        let compress = || -> std::io::Result<Vec<u8>> {
            let compressor = match compressor {
                Some(compressor) => compressor,
                None => compressor.insert(Compressor::new()?),
            };
            compressor.compress(&line.kept)
        };
        let frame = stages.measure(Stage::Packs, compress).map_err(failed)?;
        Ok(Ok(Checked { verified, frame }))
    }
}

fn reject(at_ms: u64, line: &Line, answer: &Answer, named: Option<(String, u64)>) -> Reject {
    let (sfu, seq) = named.unzip();
    Reject {
        at_ms,
        answer: answer.as_str().to_owned(),
        reason: answer.explanation().to_owned(),
        origin: line.origin.to_string(),
        line: line.number,
        sfu,
        seq,
        length: line.length,
        input: rejects::excerpt(line.envelope()),
    }
}

/// The next line; of one that is longer than an envelope may be, only the first bytes are kept.
fn read_line(input: &mut impl BufRead, origin: &Arc<str>, number: u64) -> std::io::Result<Option<Line>> {
    let (mut kept, mut length, mut any) = (Vec::new(), 0u64, false);
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            if any && length <= MAX_ENVELOPE_BYTES as u64 {
                kept.push(b'\n');
            }
            return Ok(any.then(|| Line { origin: origin.clone(), number, length, kept }));
        }
        any = true;
        let end = memchr::memchr(b'\n', buffer);
        let piece = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or(buffer);
        length += piece.len() as u64;
        if length <= MAX_ENVELOPE_BYTES as u64 {
            kept.extend_from_slice(piece);
        } else {
            let room = KEPT_BYTES.saturating_sub(kept.len());
            kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
            kept.truncate(KEPT_BYTES);
            kept.shrink_to_fit();
        }
        let used = piece.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            if length <= MAX_ENVELOPE_BYTES as u64 {
                kept.push(b'\n');
            }
            return Ok(Some(Line { origin: origin.clone(), number, length, kept }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read};

    #[test]
    fn a_line_of_a_gigabyte_costs_no_more_than_an_envelope() {
        let input = std::io::repeat(b'x').take(1 << 30).chain(&b"\nnext\n"[..]);
        let mut input = BufReader::with_capacity(1 << 16, input);
        let origin: Arc<str> = "a generator".into();
        let line = read_line(&mut input, &origin, 1).unwrap().unwrap();
        assert_eq!((line.length, line.kept.len()), (1 << 30, KEPT_BYTES));
        assert!(line.kept.capacity() < MAX_ENVELOPE_BYTES * 2);
        assert_eq!(read_line(&mut input, &origin, 2).unwrap().unwrap().envelope(), b"next");
        assert!(read_line(&mut input, &origin, 3).unwrap().is_none());
    }
}
