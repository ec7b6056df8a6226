//! `settler export`.

use std::io::Write as _;

use super::Context;
use crate::artefact::payout::{self, Payout};
use crate::artefact::{Artefact, folder_name};
use crate::outcome::{Failure, Outcome};

/// What a line is written as.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Comma-separated, with a head line.
    Csv,
    /// One JSON document a line.
    Jsonl,
}

/// Write the payouts of sealed epochs to stdout, as CSV or one JSON document a line.
///
/// Everybody is listed, with a leaf or with the reason why there is none. Amounts are base units (10^-9 BLOOM) and exact.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// This epoch only; without it, all that are sealed here.
    #[arg(long)]
    pub epoch: Option<u64>,
    /// The form.
    #[arg(long, value_enum, default_value_t = Shape::Csv)]
    pub format: Shape,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    epoch: u64,
    standing: &'static str,
    #[serde(flatten)]
    payout: &'a Payout,
}

/// Exports.
///
/// # Errors
/// If an epoch is not sealed here, or its folder is damaged.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let root = context.data()?.join("epochs");
    let epochs = match args.epoch {
        Some(epoch) if root.join(folder_name(epoch)).is_dir() => vec![epoch],
        Some(epoch) => return Err(Failure::usage(format!("epoch {epoch} is not sealed here"))),
        None => crate::artefact::sealed_epochs(&root)?,
    };
    let mut bytes = Vec::new();
    for (place, epoch) in epochs.into_iter().enumerate() {
        let payouts = Artefact::open(&root.join(folder_name(epoch)))?.payouts()?;
        match args.format {
            Shape::Jsonl => {
                for payout in &payouts {
                    serde_json::to_writer(&mut bytes, &Line { epoch, standing: "provisional", payout })?;
                    bytes.push(b'\n');
                }
            }
            Shape::Csv => {
                let mut lines = Vec::new();
                payout::write_csv(payouts.into_iter(), &mut lines)?;
                for (number, line) in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
                    match (number, place) {
                        (0, 0) => bytes.extend_from_slice(b"epoch,"),
                        (0, _) => continue,
                        _ => write!(bytes, "{epoch},")?,
                    }
                    bytes.extend_from_slice(line);
                    bytes.push(b'\n');
                }
            }
        }
        context.output.raw(&bytes)?;
        bytes.clear();
    }
    Ok(())
}
