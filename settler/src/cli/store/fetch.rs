//! `settler store fetch`.

use crate::cli::Context;
use crate::outcome::Outcome;
use crate::output::Table;
use crate::retention::Quiet;
use crate::retention::fetch::run as fetch;

/// Bring archived batches back from cold storage for good. The objects there stay.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// This epoch; may be given several times. Without it, all that are archived.
    #[arg(long = "epoch", value_name = "N")]
    pub epochs: Vec<u64>,
}

/// Runs the command.
///
/// # Errors
/// Exit 75 if the store is away or another process is at work; exit 3 if an object is not what was archived.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let mut quiet = Quiet::take(&context.data()?)?;
    let lines = fetch(&mut quiet, &args.epochs)?;
    context.output.emit(&lines, |lines| {
        let mut table = Table::new(&[">epoch", "SFU", ">bytes", "from"]);
        for line in lines {
            table.row([line.epoch.to_string(), line.sfu.clone(), line.bytes.to_string(), line.url.clone()]);
        }
        table.to_string()
    })
}
