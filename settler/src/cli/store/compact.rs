//! `settler store compact`.

use super::push;
use crate::cli::Context;
use crate::epoch::view::View;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::retention::compact::{Compaction, State, run as compact};
use crate::retention::{Quiet, chosen};

/// Pack the signed batches of final epochs small: one file for each epoch and SFU, which the store and the epoch's folder share.
///
/// Every file is compared with what the manifest says before anything is replaced. Packs that nothing is taken from any more are
/// removed. An epoch that may still be disputed is refused. Ends with 75 while epochs are settled, rows made, or the index rebuilt; batches can
/// be taken in meanwhile. With the setting `store`, what was not sent yet is sent first.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// This epoch, which must be final; may be given several times. Without it, all that are.
    #[arg(long = "epoch", value_name = "N")]
    pub epochs: Vec<u64>,
    /// Only tell what it would come to; nothing is changed.
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// Exit 75 for an epoch that is not final yet, if the store of the setting is away, or while another process is at work; exit 3 if a file is not what its manifest says.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let data = context.data()?;
    let chain = context.chain()?;
    let view = View::read(chain.as_ref())?;
    let epochs = chosen::final_epochs(&data, chain.as_ref(), &view, &args.epochs)?;
    // What it removes must be there before: packs, as they were received.
    if !args.dry_run {
        let _ = push::send(&context.store()?, &view)?;
    }
    let mut quiet = Quiet::take(&data)?;
    let done = compact(&mut quiet, view.deployment().calendar()?, &epochs, args.dry_run)?;
    context.output.emit(&done, human)
}

fn human(done: &Compaction) -> String {
    let mut table = Table::new(&[">epoch", "SFU", "state", ">plain bytes", ">before", ">after"]);
    for line in &done.files {
        let state = match line.state {
            State::Compacted if done.dry_run => "would be compacted",
            State::Compacted => "compacted",
            State::Already => "was compacted",
            State::Archived => "archived",
        };
        table.row([
            line.epoch.to_string(),
            line.sfu.clone(),
            state.to_owned(),
            line.plain_bytes.to_string(),
            line.bytes_before.to_string(),
            line.bytes_after.to_string(),
        ]);
    }
    let (would, removed) = if done.dry_run { ("would take", "would be removed") } else { ("take", "removed") };
    format!(
        "{table}{} packs {removed}; all signed batches took {} bytes on disk and {would} {}",
        done.packs_removed, done.disk_bytes_before, done.disk_bytes_after
    )
}
