//! `settler store …`.

use serde::Serialize;

use super::Context;
use crate::artefact::sfu_name;
use crate::epoch::settle;
use crate::epoch::view::View;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::store::Store;
use crate::store::rows::Made;

pub mod archive;
pub mod compact;
pub mod fetch;
pub mod pull;
pub mod push;

/// Look after the store of held batches.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Make the index anew from the pack files; every file is checked against the hash in its name.
    Rebuild,
    /// Make the rows of all packs that have none yet: what `settle --engine` works on.
    Rows,
    /// Send what the store of the setting `store` has not: packs, rows, records.
    Push(push::Args),
    /// Fetch what the store of the setting `store` has and this machine has not.
    Pull(pull::Args),
    /// What is held, by SFU.
    Status,
    /// Pack the signed batches of final epochs small.
    Compact(compact::Args),
    /// Move the compacted batches of final epochs to cold storage.
    Archive(archive::Args),
    /// Bring archived batches back from cold storage for good.
    Fetch(fetch::Args),
}

#[derive(Serialize)]
struct Line {
    sfu: String,
    batches: u64,
    receipts: u64,
}

/// Runs the command.
///
/// # Errors
/// If a pack is damaged: then its name is printed and the old index stays. Exit 75 while another process makes rows, or if the
/// chain is away.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let data = context.data()?;
    match &args.command {
        Command::Compact(args) => compact::run(args, context),
        Command::Archive(args) => archive::run(args, context),
        Command::Fetch(args) => fetch::run(args, context),
        Command::Push(args) => push::run(args, context),
        Command::Pull(args) => pull::run(args, context),
        Command::Rebuild => {
            let rebuilt = Store::rebuild(&data).map_err(settle::busy)?;
            context
                .output
                .emit(&rebuilt, |rebuilt| format!("{} batches of {} packs indexed", rebuilt.batches, rebuilt.packs))
        }
        Command::Rows => {
            let calendar = View::read(context.chain()?.as_ref())?.deployment().calendar()?;
            let made = Store::open(&data).and_then(|store| store.make_rows(calendar)).map_err(settle::busy)?;
            context.output.emit(&made, |Made { records, packs, receipts }| {
                format!("rows of {receipts} receipts in {packs} packs committed by {records} records")
            })
        }
        Command::Status => {
            let totals = Store::open_read_only(&data)?.index().totals()?;
            let lines: Vec<Line> = totals
                .into_iter()
                .map(|(key, batches, receipts)| Line { sfu: sfu_name(&key), batches, receipts })
                .collect();
            context.output.emit(&lines, |lines| {
                let mut table = Table::new(&["SFU", ">batches", ">receipts"]);
                for line in lines {
                    table.row([line.sfu.clone(), line.batches.to_string(), line.receipts.to_string()]);
                }
                table.to_string()
            })
        }
    }
}
