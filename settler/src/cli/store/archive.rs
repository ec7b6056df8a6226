//! `settler store archive`.

use crate::cli::Context;
use crate::epoch::view::View;
use crate::outcome::Outcome;
use crate::output::{Table, note};
use crate::retention::archive::{Line, State, run as archive};
use crate::retention::{Quiet, chosen};
use crate::store::Place;

/// Move the compacted batches of final epochs to cold storage.
///
/// Each file is put below the URL, read back and compared; then a stub takes its place here. Commands that need its batches, such as `verify`,
/// fetch it into a cache. Credentials come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL,
/// AWS_ALLOW_HTTP and others of AWS; GOOGLE_SERVICE_ACCOUNT and others of Google.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where to: file:///folder, or, in a build with the feature `cloud`, s3://bucket/prefix or gs://bucket/prefix.
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// This epoch, which must be final and compacted; may be given several times. Without it, all that are.
    #[arg(long = "epoch", value_name = "N")]
    pub epochs: Vec<u64>,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for a URL of another kind; exit 75 if the store is away, an epoch is not final yet, or another process is at work; exit 3 if what
/// is read back is another file.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let _ = Place::check(&args.to)?;
    let data = context.data()?;
    let chain = context.chain()?;
    let view = View::read(chain.as_ref())?;
    let epochs = chosen::final_epochs(&data, chain.as_ref(), &view, &args.epochs)?;
    let mut quiet = Quiet::take(&data)?;
    let lines = archive(&mut quiet, &epochs, &args.to)?;
    if lines.iter().any(|line| line.state == State::Uncompacted) {
        note("files that are not compacted stay here: run `settler store compact` first");
    }
    context.output.emit(&lines, |lines| human(lines))
}

fn human(lines: &[Line]) -> String {
    let mut table = Table::new(&[">epoch", "SFU", "state", ">bytes", "where"]);
    for line in lines {
        let state = match line.state {
            State::Archived => "archived",
            State::Already => "was archived",
            State::Uncompacted => "not compacted",
        };
        let url = line.url.clone().unwrap_or_default();
        table.row([line.epoch.to_string(), line.sfu.clone(), state.to_owned(), line.bytes.to_string(), url]);
    }
    table.to_string()
}
