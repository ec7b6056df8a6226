//! Verification without judging receipts: every signature, and everything that follows from what the folder says that the receipts came
//! to.
//!
//! Believed are three things, and nothing else: which receipts of accepted batches `receipts.parquet` rejects, how `cells.parquet` splits a
//! track's bytes among DIDs, roles and hours, and what `tracks.parquet` says was measured of a track besides its bytes. From these every
//! file and the statement are computed again by the same code that settles, and compared. Bytes must add up from the signed batches to
//! SFUs, tracks and cells, and no SFU may exceed its capacity.
//!
//! With a [`sample`] the three are computed from the signed batches for some DIDs.

use std::collections::BTreeMap;
use std::path::Path;

use radio_payouts_protocol::cells::{Overflow, Track};
use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::{AcceptedBatch, Setting, Summary};

use super::streamed::{of, written_kinds};
use super::{Checks, Computed, Fault, Found, Group, Opened, files};
use crate::artefact::streamed::aggregate::{batch_root, judged_files};
use crate::artefact::streamed::weights::{self, Weighing};
use crate::artefact::streamed::{self, Digests, Heard, Writing, shares};
use crate::artefact::{batches, sfu_name};
use crate::store::durable;
use claims::Claims;
use sample::{Asked, Sample, Sampled};

pub mod cells;
pub mod claims;
pub mod sample;
pub mod tracks;

/// What a fast verification does not check.
pub const NOT_CHECKED: [&str; 3] = [
    "that each receipt was judged rightly: what receipts.parquet does not list was taken as accepted",
    "that the bytes of each track were added up rightly by DID, role and hour",
    "what was measured of each track besides its bytes: recipients, listeners, metadata",
];

/// A folder that was verified fast.
pub struct Fast {
    /// The folder.
    pub opened: Opened,
    /// What it comes to, if what was believed is right.
    pub summary: Summary,
    /// Receipts of accepted batches.
    pub receipts: usize,
    /// What came of the sample, if one was asked for.
    pub sampled: Option<Sampled>,
    digests: Digests,
}

impl Fast {
    /// Checks every signature and everything that follows from the tables, and compares all files but the manifest. `work` takes files on
    /// the way.
    ///
    /// # Errors
    /// [`Fault::Difference`] for the first thing without which nothing more can be checked.
    pub fn check(
        found: Found,
        asked: Option<Asked>,
        work: &Path,
        checks: &mut Checks,
        heard: Heard<'_>,
    ) -> Result<Self, Fault> {
        let mut sample = match asked {
            None => None,
            Some(asked) => Some(checks.step(Group::Sample, "drawing", || {
                let sample = Sample::draw(&found, asked)?;
                let detail = sample.drawn();
                Ok((sample, detail))
            })?),
        };
        let mut claims = checks.step(Group::Verdicts, "lists", || {
            let claims = Claims::open(&found)?;
            Ok((claims, format!("{} and receipts.parquet can be read", batches::VERDICTS)))
        })?;
        let opened = found.read(checks, &mut |read| claims.take(read, sample.as_mut()), heard)?;
        let Opened { artefact, terms, batches, .. } = &opened;
        let seals = terms.seal(&opened.headers)?;
        let mut digests = Digests::new();
        files::check_envelopes(&opened, &seals, &mut digests, checks)?;
        let accepted = checks.step(Group::Verdicts, batches::VERDICTS, || {
            let accepted = claims.accepted(&seals)?;
            let detail = format!("{} SFUs sealed again, {} batches accepted", seals.len(), accepted.len());
            Ok((accepted, detail))
        })?;
        let measured = checks.step(Group::Verdicts, "tracks.parquet", || {
            let measured = tracks::read(artefact)?;
            let detail = format!("{} tracks, each once", measured.len());
            Ok((measured, detail))
        })?;
        durable::create_folder(work)?;
        let spill = work.join("weights");
        let writing = Writing { staging: work, spill: &spill, heard };
        let weighing = Weighing { terms, tracks: &measured, writing };
        let (summary, sums, written) = checks.step(Group::Verdicts, "cells.parquet", || {
            let done = terms.with_setting(|setting| {
                let (weighed, sums) = cells::weigh_again(setting, &weighing, artefact, sample.as_mut())?;
                conclude(setting, &writing, &weighed, sums, seals, &accepted)
            })??;
            let detail = format!("cells of {} DIDs, in order, each of one of the tracks", done.0.contributors);
            Ok((done, detail))
        })?;
        digests.extend(written);
        digests.extend(judged_files(&summary.seals, &accepted, &measured, batches, &writing)?);
        let difference = tracks::compare_sums(&measured, &sums);
        checks.note(Group::Verdicts, "bytes by track", difference, "cells add up to each track's");
        let difference = compare_sfus(&measured, &accepted);
        checks.note(Group::Verdicts, "bytes by SFU", difference, "tracks add up to what each SFU's batches accepted");
        let sampled = sample.map(|sample| sample.end(&measured, checks));
        files::check_written(&artefact.folder, &written_kinds(), work, &digests, heard, checks)?;
        let receipts = accepted.iter().map(|batch| batch.receipts.verdicts.len()).sum();
        Ok(Self { opened, summary, receipts, sampled, digests })
    }

    /// What was computed.
    #[must_use]
    pub fn computed(&self) -> Computed<'_> {
        of(&self.opened, &self.summary)
    }

    /// Compares the statement that the folder claims with the one that its tables lead to; every field is noted.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_statement(&self, checks: &mut Checks) -> Result<(), Fault> {
        let sealed = format!(
            "{} SFUs and {} batches sealed again: cursors, stops, gaps, carried, accepted, rejected; receipts were not judged",
            self.summary.seals.len(),
            self.opened.headers.len()
        );
        self.computed().check_statement(sealed, checks)
    }

    /// Compares the manifest and looks for files that are none of the epoch's. The number of all files that were compared.
    ///
    /// # Errors
    /// [`Fault::Failed`] if that cannot be done.
    pub fn check_manifest(&self, checks: &mut Checks) -> Result<usize, Fault> {
        let Self { opened, summary, digests, .. } = self;
        files::check_manifest(&opened.artefact, &opened.terms, summary, digests.clone(), checks)
    }
}

/// Shares, trees and statement of what was weighed.
fn conclude(
    setting: &Setting<'_>,
    writing: &Writing<'_>,
    weighed: &weights::AllWeighed,
    sums: Vec<u128>,
    seals: Vec<SfuSeal>,
    accepted: &[AcceptedBatch],
) -> Result<(Summary, Vec<u128>, Digests), Fault> {
    let shares = shares::share(setting, writing, weighed).map_err(too_much)?;
    let mut digests = weighed.files.clone();
    digests.extend(shares.files.iter().map(|(name, digest)| (name.clone(), digest.clone())));
    let batches = batch_root(setting, accepted)?;
    let summary = streamed::conclude(setting, seals, batches, weighed, shares)?;
    Ok((summary, sums, digests))
}

/// No receipts lead to sums that overflow: the tables are wrong.
fn too_much(error: anyhow::Error) -> Fault {
    if error.is::<Overflow>() { Fault::Difference(format!("cells.parquet: {error}")) } else { Fault::Failed(error) }
}

/// The first SFU whose tracks do not add up to what its batches are said to have accepted.
fn compare_sfus(measured: &[Track], accepted: &[AcceptedBatch]) -> Option<String> {
    let mut sums = BTreeMap::<[u8; 32], (u128, u128)>::new();
    for track in measured {
        sums.entry(track.sfu_key).or_default().0 += u128::from(track.bytes);
    }
    for batch in accepted {
        sums.entry(batch.header.sfu_key).or_default().1 += u128::from(batch.receipts.accepted_bytes);
    }
    let (key, (found, expected)) = sums.into_iter().find(|(_, (tracks, batches))| tracks != batches)?;
    Some(format!(
        "tracks.parquet: the tracks of SFU {} have {found} bytes, its signed batches {expected}",
        sfu_name(&key)
    ))
}
