//! Every envelope of a folder, read once: parsed and its signature checked on all cores; what is wrong first in the order of files and
//! lines is what is named.

use std::borrow::Cow;
use std::path::Path;

use radio_payouts_protocol::batch::{Answer, BatchHeader, Envelope, Verified};
use rayon::prelude::*;

use super::Fault;
use crate::artefact::batches::{FolderBatches, Piece, read_verdicts};
use crate::artefact::envelopes::PACKED;
use crate::artefact::streamed::Heard;
use crate::artefact::{Artefact, sfu_name};

/// Hears batches whose signatures hold, in the order of files and lines, some at a time.
pub type Each<'a> = &'a mut dyn FnMut(&[Verified<Cow<'_, str>>]) -> Result<(), Fault>;

/// What was read.
pub struct Read {
    /// The batches, to be found by their headers.
    pub batches: FolderBatches,
    /// Their headers, in order.
    pub headers: Vec<BatchHeader>,
    /// Receipts in them.
    pub receipts: u64,
}

/// Parses and verifies every envelope.
///
/// # Errors
/// [`Fault::Difference`] with the first that is not canonical, or whose signature does not hold strictly; that of `each`, which hears
/// everything before it.
pub fn read(artefact: &Artefact, each: Each<'_>, heard: Heard<'_>) -> Result<Read, Fault> {
    let (mut receipts, mut signatures, mut fault) = (0u64, 0u64, None);
    let read = FolderBatches::open(&artefact.folder, |piece| {
        let verified = verify(artefact, piece, each).map_err(|found| {
            fault = Some(found);
            anyhow::anyhow!("reading was given up")
        })?;
        signatures += verified.len() as u64;
        receipts += verified.iter().map(|(_, receipts)| receipts).sum::<u64>();
        heard("signatures checked", signatures, None);
        heard("receipts read", receipts, None);
        Ok(verified.into_iter().map(|(header, _)| header).collect())
    });
    match (read, fault) {
        (_, Some(fault)) => Err(fault),
        (read, None) => {
            let (batches, headers) = super::in_folder(read)?;
            Ok(Read { batches, headers, receipts })
        }
    }
}

/// Headers and numbers of receipts of a piece.
fn verify(artefact: &Artefact, piece: &Piece, each: Each<'_>) -> Result<Vec<(BatchHeader, u64)>, Fault> {
    let domain = artefact.domain();
    let check =
        |(_, _, envelope)| Envelope::<Cow<'_, str>>::read(envelope).and_then(|received| received.verify(&domain));
    let answers: Vec<Result<Verified<Cow<'_, str>>, Answer>> =
        piece.lines.par_iter().map(|(start, length, envelope)| check((start, length, envelope.as_slice()))).collect();
    let mut verified = Vec::with_capacity(answers.len());
    for (number, answer) in (piece.first..).zip(answers) {
        match answer {
            Ok(one) => verified.push(one),
            Err(answer) => {
                each(&verified)?;
                return super::differs(named(artefact, &piece.path, number, &answer));
            }
        }
    }
    each(&verified)?;
    Ok(verified.iter().map(|one| (one.header(), one.batch().receipts.len() as u64)).collect())
}

/// What is wrong with the envelope in this line; which batch it is, if `verdicts.csv` can be believed.
fn named(artefact: &Artefact, path: &Path, number: u64, answer: &Answer) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = file.strip_suffix(PACKED).unwrap_or(&file);
    let (mut line, mut which) = (0, String::new());
    // A list that cannot be read names nothing.
    let _ = read_verdicts(&artefact.folder, |listed| {
        if format!("{}.ndjson", hex::encode(listed.header.sfu_key)) == plain {
            line += 1;
            if line == number {
                which = format!(" (SFU {}, seq {})", sfu_name(&listed.header.sfu_key), listed.header.seq);
            }
        }
        Ok(())
    });
    format!("batches/{file} line {number}{which}: {}: {}", answer.as_str(), answer.explanation())
}
