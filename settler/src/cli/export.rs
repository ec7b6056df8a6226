//! `settler export`.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::Context;
use super::places::Places;
use crate::epoch::standing::Standing;
use crate::export::contents::Epoch;
use crate::export::{Form, Subject};
use crate::outcome::{Failure, Outcome};
use crate::output::{Destination, Table, note};

/// Write epochs, contributors or receipts of sealed epochs, as CSV, JSON lines or Parquet.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler export epochs
  settler export contributors --epochs 40..52 --format parquet --out shares.parquet
  settler export receipts --epochs 42 --did did:key:z6Mk… --format jsonl
  settler export receipts --columns

Rows are written one by one; memory does not grow with their number. The three forms hold the same values. Amounts are base
units (10^-9 BLOOM); --columns says what each column is and in which unit.

Unless --offline is given, the chain is asked where each epoch stands: `standing` is provisional until it is ratified, `state`
and `as_of_slot` say more. If the chain holds another root than a folder, nothing more is written and the command ends with 3.

In CSV, text that could be taken for a formula is marked with an apostrophe: before = + - @ (and their full-width forms) and
before an apostrophe, at the start of a text and after , ; | \" TAB and line ends in it. Taking one apostrophe away at these places gives the
text back. JSON lines and Parquet hold the text as it is. In JSON, integers of 64 bits are decimal strings.")]
pub struct Args {
    /// What to export.
    #[arg(value_enum, value_name = "WHAT")]
    pub subject: Subject,
    /// Which epochs.
    #[command(flatten)]
    pub places: Places,
    /// Only rows about this contributor (contributors, receipts).
    #[arg(long, value_name = "DID")]
    pub did: Option<String>,
    /// The form.
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    pub format: Form,
    /// Write to this file, whole or not at all, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long)]
    pub force: bool,
    /// List the columns with their units, and export nothing.
    #[arg(long)]
    pub columns: bool,
}

/// Exports.
///
/// # Errors
/// Exit 2 if an epoch is not sealed here or the file is there; exit 3 if the chain holds another root than a folder.
pub fn run(args: &Args, context: &Context) -> Outcome {
    if args.columns {
        return columns(args.subject, context);
    }
    if args.did.is_some() && args.subject == Subject::Epochs {
        return Err(Failure::usage("--did is for contributors and receipts"));
    }
    if args.format == Form::Parquet && args.out.is_none() && std::io::stdout().is_terminal() {
        return Err(Failure::usage("Parquet is no text for a terminal: give --out FILE, or redirect stdout"));
    }
    let folders = args.places.folders(context)?;
    // What is not there is said before anything is written.
    folders.select(args.places.epochs)?;
    let chain = args.places.chain(context)?;
    let mut destination = Destination::open(args.out.as_deref(), args.force)?;
    let mut rows = args.format.begin(args.subject.columns(), &mut destination)?;
    let mut count = 0;
    folders.walk(args.places.epochs, |artefact| {
        let standing = match &chain {
            Some(chain) => Standing::ask(chain.as_ref(), &artefact)?,
            None => Standing::default(),
        };
        count += 1;
        let epoch = Epoch { artefact: &artefact, standing: &standing, did: args.did.as_deref() };
        let doing = format!("epoch {} was not exported", artefact.manifest.statement.epoch);
        epoch.write(args.subject, rows.as_mut()).map_err(|error| Failure::from(error).context(doing))
    })?;
    rows.finish()?;
    destination.commit()?;
    if let Some(out) = &args.out {
        note(format_args!("{} has {count} epochs", out.display()));
    }
    Ok(())
}

fn columns(subject: Subject, context: &Context) -> Outcome {
    context.output.emit(&subject.columns(), |columns| {
        let mut table = Table::new(&["column", "type", "unit", "empty", "meaning"]);
        for column in *columns {
            let empty = if column.may_be_empty { "maybe" } else { "" };
            table.row([column.name, column.kind.as_str(), column.unit, empty, column.about]);
        }
        table.to_string()
    })
}
