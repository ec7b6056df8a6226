//! Which epochs: those that the chain calls final or later, with the commitment that the folder here has.

use std::path::Path;

use radio_payouts_client::state::{Epoch, EpochStatus};

use crate::artefact::{Artefact, folder_name, sealed_epochs};
use crate::chain::{Chain, deployment};
use crate::epoch::view::View;
use crate::outcome::{Exit, Failure, Outcome};
use crate::output;

/// The folders of these epochs; of none in particular, of all that are final.
///
/// # Errors
/// Exit 75 for an epoch that is asked for and may still be disputed, with the time at which it can be final; exit 1 if there is no such epoch, or
/// the folder here is not the one in force.
pub fn final_epochs(data: &Path, chain: &dyn Chain, view: &View, asked: &[u64]) -> Outcome<Vec<Artefact>> {
    let root = data.join("epochs");
    let all = if asked.is_empty() { sealed_epochs(&root)? } else { asked.to_vec() };
    let mut chosen = Vec::new();
    for epoch in all {
        let account = deployment::epoch(chain, epoch)?;
        match check(view, &root, epoch, account.as_ref()) {
            Ok(artefact) => chosen.push(artefact),
            Err(failure) if !asked.is_empty() => return Err(failure),
            // Those that are not final are not meant.
            Err(_) if account.is_none_or(|account| !account.status.is_final()) => {}
            Err(failure) => output::note(format_args!("left out: {:#}", failure.error)),
        }
    }
    Ok(chosen)
}

fn check(view: &View, root: &Path, epoch: u64, account: Option<&Epoch>) -> Outcome<Artefact> {
    let folder = root.join(folder_name(epoch));
    if !folder.join("manifest.json").is_file() {
        return Err(Failure::new(
            Exit::Failed,
            format!("epoch {epoch} is not sealed here: there is no {}", folder.display()),
        ));
    }
    let account = account.filter(|account| account.status != EpochStatus::Open);
    let account = account.ok_or_else(|| {
        Failure::new(Exit::Failed, format!("epoch {epoch} has no root in force: its batches may still be judged anew"))
    })?;
    if !account.status.is_final() {
        return Err(Failure::temporary(not_final(view, account)));
    }
    let artefact = Artefact::open(&folder)?;
    if artefact.manifest.commitment != account.commitment {
        return Err(Failure::new(
            Exit::Failed,
            format!(
                "{} is not the epoch in force on chain; `settler verify {epoch}` names the difference",
                folder.display()
            ),
        ));
    }
    Ok(artefact)
}

fn not_final(view: &View, account: &Epoch) -> String {
    let epoch = account.epoch;
    if account.status == EpochStatus::Disputed {
        return format!("epoch {epoch} is disputed: it can be final once the dispute has ended");
    }
    let paused = view.config.pause.total_at(view.now).saturating_sub(account.posted.paused_before);
    let ends = account.posted.at.saturating_add(i64::from(account.times.challenge_seconds)).saturating_add(paused);
    let time = jiff::Timestamp::from_second(ends).map_or_else(|_| ends.to_string(), |time| time.to_string());
    if ends > view.now {
        let wait = ends.saturating_sub(view.now);
        format!("epoch {epoch} may still be disputed: it can be final from {time} on, in {wait} s by the chain's clock")
    } else {
        format!(
            "epoch {epoch} is not final yet: its challenge window ended at {time}, `settler admin finalize {epoch}` makes it final"
        )
    }
}
