//! `settler store push`.

use serde::Serialize;

use crate::cli::Context;
use crate::epoch::settle::busy;
use crate::epoch::view::View;
use crate::outcome::{Failure, Outcome};
use crate::output::{Progress, note};
use crate::store::Store;
use crate::store::bucket::push::Pushed;
use crate::store::rows::Made;

/// Send what the store of the setting `store` has not: signed batches, their rows, and the records of both.
///
/// Packs without rows get them first. Every file is compared with its hash before it leaves. A run that was killed or could not reach the store
/// is continued by the next one. Nothing is removed, here or there. Credentials come from the environment, as for `store archive`.
#[derive(clap::Args, Debug)]
pub struct Args {}

#[derive(Serialize)]
struct Report {
    rows: Made,
    #[serde(flatten)]
    pushed: Pushed,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 without the setting; exit 75 if the store is away or another process is at work: everything stays here; exit 3 if the store has another
/// record of the same packs.
pub fn run(_args: &Args, context: &Context) -> Outcome {
    require(context)?;
    let view = View::read(context.chain()?.as_ref())?;
    let store = context.store()?;
    let rows = store.make_rows(view.deployment().calendar()?).map_err(busy)?;
    let pushed = send(&store, &view)?.unwrap_or_default();
    if pushed.left > 0 {
        note(format_args!(
            "{} records stay here: compaction removed packs that they name before there was a store",
            pushed.left
        ));
    }
    context.output.emit(&Report { rows, pushed }, |report| said(&report.pushed))
}

/// Without the setting there is nothing to send to or to fetch from.
///
/// # Errors
/// Exit 2.
pub(super) fn require(context: &Context) -> Outcome {
    let config = context.config()?;
    if config.store.is_some() {
        return Ok(());
    }
    Err(Failure::usage(format!("no store: set `store` in {} to a URL, e.g. file:///folder", config.path.display())))
}

/// Sends what a store has rows of; `None` if it is kept nowhere else.
///
/// # Errors
/// As [`run`].
pub fn send(store: &Store, view: &View) -> Outcome<Option<Pushed>> {
    let Some(bucket) = store.bucket(&view.domain()) else { return Ok(None) };
    let rows = store.rows(view.deployment().calendar()?);
    let progress = Progress::new();
    let sent = |more, all| progress.add("bytes sent", more, Some(all));
    Ok(Some(store.push(&bucket, &rows, &sent).map_err(busy)?))
}

/// What was sent, for people.
#[must_use]
pub fn said(pushed: &Pushed) -> String {
    let Pushed { records, packs, files, bytes, found, .. } = pushed;
    let found = if *found > 0 { format!("; {found} were there") } else { String::new() };
    format!("{records} records with {packs} packs and {files} files of rows sent to the store, {bytes} bytes{found}")
}
