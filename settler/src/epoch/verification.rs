//! The verification of one folder, whole: from its signed batches to the statement, the chain and every byte of every file.
//! `settler verify` prints its end, `settler report audit` its list of checks.

use std::path::Path;

use radio_payouts_client::state::Epoch;

use super::adopt;
use super::audit;
use super::view::View;
use crate::artefact::verify::{Checks, Fault, Recomputed};
use crate::chain::Chain;
use crate::outcome::{Failure, Outcome};

/// A verification that was carried out.
pub struct Verification {
    /// Every check, in order.
    pub checks: Checks,
    /// What the batches lead to, if they could be read.
    pub recomputed: Option<Recomputed>,
    /// The epoch's account, if the chain was asked and has a root.
    pub account: Option<Epoch>,
    /// Files that were compared.
    pub files_compared: usize,
    /// What kept it from being carried out to the end.
    failed: Option<anyhow::Error>,
}

/// Verifies a folder; with `None` the chain is not asked.
///
/// It goes on after a difference where it can, so that all of them are in the list.
#[must_use]
pub fn verify(folder: &Path, chain: Option<(&dyn Chain, &View)>) -> Verification {
    let mut done =
        Verification { checks: Checks::default(), recomputed: None, account: None, files_compared: 0, failed: None };
    if let Err(Fault::Failed(error)) = carry_out(folder, chain, &mut done) {
        done.failed = Some(error);
    }
    let asked = chain.is_some();
    let failed = done.failed.as_ref().map(|error| format!("{error:#}"));
    done.checks.close(|group| match &failed {
        _ if group.needs_chain() && !asked => "the chain was not asked (--offline)".to_owned(),
        Some(error) => format!("not reached: {error}"),
        None => "not reached: it rests on what differs before it".to_owned(),
    });
    done
}

fn carry_out(folder: &Path, chain: Option<(&dyn Chain, &View)>, done: &mut Verification) -> Result<(), Fault> {
    let checks = &mut done.checks;
    let recomputed = done.recomputed.insert(Recomputed::check_batches(folder, checks)?);
    recomputed.check_statement(checks)?;
    if let Some((chain, view)) = chain {
        match audit::check(recomputed, chain, view, checks) {
            Ok(account) => done.account = Some(account),
            // The files can be compared all the same.
            Err(Fault::Failed(error)) => done.failed = Some(error),
            Err(difference) => return Err(difference),
        }
    }
    done.files_compared = recomputed.check_files(checks)?;
    Ok(())
}

impl Verification {
    /// What kept it from being carried out to the end, if anything did.
    #[must_use]
    pub fn failed(&self) -> Option<&anyhow::Error> {
        self.failed.as_ref()
    }

    /// How a command ends with it: all is equal, or the first difference, or what kept it from being carried out.
    ///
    /// # Errors
    /// Exit 3 with the first difference; otherwise by what failed.
    pub fn into_result(self) -> Outcome<(Recomputed, Option<Epoch>, usize)> {
        if let Some(difference) = self.checks.first_difference() {
            return Err(adopt::failure(Fault::Difference(difference.to_owned())));
        }
        match (self.failed, self.recomputed) {
            (Some(error), _) => Err(Failure::from(error)),
            (None, Some(recomputed)) => Ok((recomputed, self.account, self.files_compared)),
            (None, None) => Err(Failure::from(anyhow::anyhow!("nothing was verified"))),
        }
    }
}
