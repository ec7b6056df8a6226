//! The verification of one folder, whole: from its signed batches to the statement, the chain and every byte of every file; in memory, by an
//! engine, or without judging receipts. `settler verify` prints its end, `settler report audit` its list of checks.

use std::path::{Path, PathBuf};

use radio_payouts_client::state::Epoch;
use radio_payouts_protocol::settlement::Summary;
use tempfile::TempDir;

use super::adopt;
use super::audit;
use super::view::OnChain;
use crate::artefact::Terms;
use crate::artefact::batches::read_verdicts;
use crate::artefact::streamed::Heard;
use crate::artefact::verify::fast::Fast;
use crate::artefact::verify::fast::sample::Asked;
use crate::artefact::verify::streamed::Streamed;
use crate::artefact::verify::{Checks, Computed, Fault, Found, Recomputed};
use crate::engine::Choice;
use crate::outcome::{Failure, Outcome};

/// How a folder is verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// Everything is judged again by this engine.
    Whole(Choice),
    /// No receipt is judged, but those that concern the DIDs of a sample.
    Fast(Option<Asked>),
}

/// What a verification led to.
pub enum Verified {
    /// Everything was judged again, in memory.
    InMemory(Box<Recomputed>),
    /// Everything was judged again, by an engine.
    Streamed(Box<Streamed>),
    /// No receipt was judged, or some.
    Fast(Box<Fast>),
}

/// A verification that was carried out.
pub struct Verification {
    /// Every check, in order.
    pub checks: Checks,
    /// What the batches lead to, if they could be read.
    pub verified: Option<Verified>,
    /// The epoch's account, if the chain was asked and has a root.
    pub account: Option<Epoch>,
    /// Files that were compared.
    pub files_compared: usize,
    /// What kept it from being carried out to the end.
    failed: Option<Failure>,
}

/// Verifies a folder in memory; with `None` the chain is not asked.
///
/// The chain is asked when the folder was recomputed, and a chain that is away does not keep its files from being compared. It goes on after a difference where it can, so that all of them are in the list.
#[must_use]
pub fn verify(folder: &Path, chain: Option<&OnChain<'_>>) -> Verification {
    verify_by(folder, &Way::Whole(Choice::Pure), None, chain, &|_, _, _| ())
}

/// As [`verify`], by any way. What it needs on disk lies in a folder of its own below `work` (the system's for temporary files if there
/// is none), which is removed in the end.
#[must_use]
pub fn verify_by(
    folder: &Path,
    way: &Way,
    work: Option<&Path>,
    chain: Option<&OnChain<'_>>,
    heard: Heard<'_>,
) -> Verification {
    let mut done =
        Verification { checks: Checks::default(), verified: None, account: None, files_compared: 0, failed: None };
    if let Err(Fault::Failed(error)) = carry_out(folder, way, work, chain, heard, &mut done) {
        done.failed = Some(error.into());
    }
    let asked = chain.is_some();
    let failed = done.failed().map(|error| format!("{error:#}"));
    done.checks.close(|group| match &failed {
        _ if group.needs_chain() && !asked => "the chain was not asked (--offline)".to_owned(),
        Some(error) => format!("not reached: {error}"),
        None => "not reached: it rests on what differs before it".to_owned(),
    });
    done
}

fn carry_out(
    folder: &Path,
    way: &Way,
    work: Option<&Path>,
    chain: Option<&OnChain<'_>>,
    heard: Heard<'_>,
    done: &mut Verification,
) -> Result<(), Fault> {
    let checks = &mut done.checks;
    let found = Found::open(folder, checks)?;
    // Removed when it goes out of scope, after the files were compared.
    let (verified, _work) = match way {
        Way::Whole(choice) => settle(found, choice, work, checks, heard)?,
        Way::Fast(asked) => {
            let work = temporary(work)?;
            let fast = Fast::check(found, *asked, &work.path().join("files"), checks, heard)?;
            (Verified::Fast(Box::new(fast)), Some(work))
        }
    };
    let verified = done.verified.insert(verified);
    match &*verified {
        Verified::InMemory(recomputed) => recomputed.check_statement(checks)?,
        Verified::Streamed(streamed) => streamed.check_statement(checks)?,
        Verified::Fast(fast) => fast.check_statement(checks)?,
    }
    if let Some(on_chain) = chain {
        let compared = on_chain.view().map(|view| audit::check(&verified.computed(), on_chain.chain, view, checks));
        // The files can be compared whatever keeps the chain from being asked.
        match compared {
            Ok(Ok(account)) => done.account = Some(account),
            Ok(Err(Fault::Failed(error))) => done.failed = Some(error.into()),
            Ok(Err(difference)) => return Err(difference),
            Err(failure) => done.failed = Some(failure),
        }
    }
    done.files_compared = match &*verified {
        Verified::InMemory(recomputed) => recomputed.check_files(checks)?,
        Verified::Streamed(streamed) => streamed.check_files(checks, heard)?,
        Verified::Fast(fast) => fast.check_manifest(checks)?,
    };
    Ok(())
}

/// Judges everything again, by the engine of this choice; with the folder that holds what it needs on disk.
fn settle(
    found: Found,
    choice: &Choice,
    work: Option<&Path>,
    checks: &mut Checks,
    heard: Heard<'_>,
) -> Result<(Verified, Option<TempDir>), Fault> {
    let is_pure = matches!(choice, Choice::Pure) || (*choice == Choice::Auto && cfg!(not(feature = "datafusion")));
    if !is_pure {
        let work = temporary(work)?;
        let receipts = listed_receipts(&found);
        if let Some(engine) = choice.open_for(|| Ok(receipts), &work.path().join("engine"))? {
            let streamed = Streamed::settle(found, engine.as_ref(), work.path(), checks, heard)?;
            return Ok((Verified::Streamed(Box::new(streamed)), Some(work)));
        }
    }
    let recomputed = Recomputed::settle(found.read(checks, &mut |_| Ok(()), heard)?)?;
    Ok((Verified::InMemory(Box::new(recomputed)), None))
}

/// Receipts that the folder lists: what the choice of an engine goes by, and nothing else. A list that cannot be read is told by the check
/// that compares it.
fn listed_receipts(found: &Found) -> u64 {
    let mut receipts = 0u64;
    let _ = read_verdicts(&found.artefact.folder, |line| {
        receipts = receipts.saturating_add(line.receipts.unwrap_or_default());
        Ok(())
    });
    receipts
}

fn temporary(below: Option<&Path>) -> anyhow::Result<TempDir> {
    use anyhow::Context as _;
    let below = below.map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::Builder::new().prefix("radio-payouts-verify-").tempdir_in(&below);
    folder.with_context(|| format!("cannot make a folder in {}", below.display()))
}

impl Verified {
    /// What was computed.
    #[must_use]
    pub fn computed(&self) -> Computed<'_> {
        match self {
            Self::InMemory(recomputed) => recomputed.computed(),
            Self::Streamed(streamed) => streamed.computed(),
            Self::Fast(fast) => fast.computed(),
        }
    }

    /// What the epoch rests on besides batches.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        match self {
            Self::InMemory(recomputed) => &recomputed.terms,
            Self::Streamed(streamed) => &streamed.opened.terms,
            Self::Fast(fast) => &fast.opened.terms,
        }
    }

    /// What the manifest says of the epoch, computed.
    #[must_use]
    pub fn summary(&self) -> Summary {
        match self {
            Self::InMemory(recomputed) => recomputed.settlement.to_summary(),
            Self::Streamed(streamed) => streamed.summary.clone(),
            Self::Fast(fast) => fast.summary.clone(),
        }
    }

    /// Batches of the folder, receipts of the accepted ones, and whether the parent's folder was compared.
    #[must_use]
    pub fn read(&self) -> (usize, usize, bool) {
        match self {
            Self::InMemory(recomputed) => {
                let batches = &recomputed.settlement.batches;
                let receipts = batches.iter().map(|batch| batch.receipts.verdicts.len()).sum();
                (recomputed.headers.len(), receipts, recomputed.parent_compared)
            }
            Self::Streamed(streamed) => {
                (streamed.opened.headers.len(), streamed.receipts, streamed.opened.parent_compared)
            }
            Self::Fast(fast) => (fast.opened.headers.len(), fast.receipts, fast.opened.parent_compared),
        }
    }
}

impl Verification {
    /// What kept it from being carried out to the end, if anything did.
    #[must_use]
    pub fn failed(&self) -> Option<&anyhow::Error> {
        self.failed.as_ref().map(|failure| &failure.error)
    }

    /// How a command ends with it: all is equal, or the first difference, or what kept it from being carried out.
    ///
    /// # Errors
    /// Exit 3 with the first difference; otherwise by what failed.
    pub fn into_result(self) -> Outcome<(Verified, Option<Epoch>, usize)> {
        if let Some(difference) = self.checks.first_difference() {
            return Err(adopt::failure(Fault::Difference(difference.to_owned())));
        }
        match (self.failed, self.verified) {
            (Some(failure), _) => Err(failure),
            (None, Some(verified)) => Ok((verified, self.account, self.files_compared)),
            (None, None) => Err(Failure::from(anyhow::anyhow!("nothing was verified"))),
        }
    }
}
