//! `settler store pull`.

use crate::cli::Context;
use crate::epoch::settle::busy;
use crate::epoch::view::View;
use crate::outcome::Outcome;
use crate::output::{Progress, note};
use crate::store::bucket::pull::{Arrived, Pulled};

/// Fetch what the store of the setting `store` has and this machine has not: signed batches, their rows, and the records of both.
///
/// Every pack is compared with the hash in its name and every signature in it verified; files of rows are compared with their record. With an empty
/// data folder this machine comes to what all hosts have pushed, and settles it with the same commitment. A run that was killed is continued by the
/// next one. Run it before `settle` where other hosts take in batches.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Exit 2 without the setting; exit 75 if the store is away or another process is at work; exit 3 if an object is not what it must be: nothing of
/// it is kept.
pub fn run(_args: &Args, context: &Context) -> Outcome {
    super::push::require(context)?;
    let view = View::read(context.chain()?.as_ref())?;
    let mut store = context.store()?;
    let (domain, rows) = (view.domain(), store.rows(view.deployment().calendar()?));
    let pulled = match store.bucket(&domain) {
        None => Pulled::default(),
        Some(bucket) => {
            let progress = Progress::new();
            let came = |arrived| match arrived {
                Arrived::Bytes(more) => progress.add("bytes fetched", more, None),
                Arrived::Record(all) => progress.add("records fetched", 1, Some(all)),
            };
            store.pull(&bucket, &rows, &domain, &came).map_err(busy)?
        }
    };
    if pulled.left > 0 {
        note(format_args!("{} records were left there: their packs have rows here by other records", pulled.left));
    }
    context.output.emit(&pulled, |Pulled { records, packs, files, bytes, .. }| {
        format!("{records} records with {packs} packs and {files} files of rows came from the store, {bytes} bytes")
    })
}
