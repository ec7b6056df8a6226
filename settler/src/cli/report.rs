//! `settler report`.

use std::io::Write as _;
use std::path::PathBuf;

use super::Context;
use super::places::Places;
use crate::outcome::{Failure, Outcome};
use crate::output::{Destination, note};
use crate::report::{Gathered, Local, Report, audit, contribution, html, markdown, payout, performance};

/// What is reported on.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Who delivered what: bytes by epoch, role, hour, SFU, track and contributor.
    Contribution,
    /// From bytes to pool to parts that add up; with --did the arithmetic of one share.
    Payout,
    /// Every check of `verify` with its result; ends with 3 if one finds a difference.
    Audit,
    /// SFUs and the settler: batches, gaps, rejects, uptime, stages, posts.
    Performance,
}

/// How the report is written.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Markdown with tables.
    Markdown,
    /// One HTML file with plots, without scripts or anything from elsewhere; dark and light, and fit for A4.
    Html,
}

/// Write a report on sealed epochs, as Markdown or as one HTML file.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler report contribution --epochs 40..52 --format html --out contribution.html
  settler report payout --epochs 42 --did did:key:z6Mk…
  settler report audit --epochs 0..52 --format html --out audit.html
  settler report performance --epochs 42 --offline

Every figure names its source: file and column, account, field. The same folders and the same state of the chain give the same report;
only the times of the stages in `performance` are this machine's own.

`audit` verifies each epoch as `settler verify` does and lists every check. If one finds a difference, the report is written all the same
and the command ends with 3 and names the first.

Unless --offline is given, the chain is asked where each epoch stands. Until all of them are ratified, the report says that it is provisional.")]
pub struct Args {
    /// What to report on.
    #[arg(value_enum, value_name = "WHAT")]
    pub subject: Subject,
    /// Which epochs.
    #[command(flatten)]
    pub places: Places,
    /// About this contributor only (contribution, payout).
    #[arg(long, value_name = "DID")]
    pub did: Option<String>,
    /// The form.
    #[arg(long, value_enum, default_value_t = Form::Markdown)]
    pub format: Form,
    /// Write to this file, whole or not at all, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long)]
    pub force: bool,
}

/// Reports.
///
/// # Errors
/// Exit 2 if an epoch is not sealed here or the file is there; exit 3 if an audit found a difference.
pub fn run(args: &Args, context: &Context) -> Outcome {
    if args.did.is_some() && matches!(args.subject, Subject::Audit | Subject::Performance) {
        return Err(Failure::usage("--did is for contribution and payout"));
    }
    let folders = args.places.folders(context)?;
    let selected = folders.select(args.places.epochs)?;
    let chain = args.places.chain(context)?;
    let chain = chain.as_deref();
    // What cannot be written to is said before anything is computed.
    let mut destination = Destination::open(args.out.as_deref(), args.force)?;
    let (report, end) = if args.subject == Subject::Audit {
        let audit = audit::audit(&selected, chain)?;
        (audit.report, audit.end)
    } else {
        let gathered = Gathered::read(&folders, args.places.epochs, args.did.clone(), chain)?;
        let data = if args.places.from.is_empty() { Some(context.data()?) } else { None };
        let report = match args.subject {
            Subject::Contribution => contribution::report(&gathered)?,
            Subject::Payout => payout::report(&gathered)?,
            _ => performance::report(&gathered, &Local { data, chain })?,
        };
        (report, Ok(()))
    };
    destination.write_all(written(&report, args.format).as_bytes())?;
    destination.commit()?;
    if let Some(out) = &args.out {
        note(format_args!("{} has the {}", out.display(), report.title.to_lowercase()));
    }
    end
}

fn written(report: &Report, form: Form) -> String {
    match form {
        Form::Markdown => markdown::render(report),
        Form::Html => html::render(report),
    }
}
