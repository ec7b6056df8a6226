//! `settler simulate`.

use std::path::PathBuf;

use radio_payouts_client::state::Proposal;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::Params;
use serde::Serialize;

use super::Context;
use crate::artefact::{Artefact, differ};
use crate::chain::deployment;
use crate::durable;
use crate::epoch::view::root_in_force;
use crate::outcome::{Failure, Outcome};
use crate::output::{Format, note};
use crate::simulation::carried;
use crate::simulation::document::Sums;
use crate::simulation::{Document, EpochRange, Folders, Set, replay};
use crate::words::parameter::parameter;

mod show;

/// Arguments of `simulate`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  settler simulate --set rate=2000000000
  settler simulate --set max_share_bps=2500 --set min_payout=0.001 --epochs 40..52 --output csv > who.csv
  settler simulate --set rate=2000000000 --epochs 40..52 --out rate.simulation.json
  settler simulate --check rate.simulation.json
  settler simulate --proposal 7
  settler simulate --check rate.simulation.json --proposal 7

Replays epochs that are sealed here (or in the folders of --from) from their signed batches, twice: as they were, which must
lead to the posted commitments, and with the change made to the parameters that each epoch had. `settler params` lists the
names; epoch_cap and min_payout are BLOOM. Batches, registry and sealing stay as they were. What depends on parameters follows the change: verdicts on receipts
(unlicensed, bytes_over_bound, sfu_over_capacity), weights, pool, caps, minimum, and the history that consistency and long
term rest on: real before the first epoch replayed, simulated from then on. People would behave differently under other
parameters; that is not in the figures.

How to read the result:
  earned        what the accepted bytes are worth at the rate, before the epoch's cap
  pool          earned, or the cap if that is less; the cuts say what each cap takes
  emission      what is paid; the rest of the pool is unallocated, and nothing is minted for it
  difference    after minus before, also in bps (1/100 of a percent) of before

--out writes the canonical document: JSON without white space, sorted keys. Its SHA-256 (`sha256sum` prints it) is the
simulation's hash; `governance propose params … --document FILE` makes a proposal carry it. --check takes such a file, replays what it names, and ends with 3 and the first
difference if anything in it is not so: that needs the same sealed epochs, of any settler, and trusts nobody. --proposal takes
the change from a proposal on chain; with --check it also compares the hash with the one that the proposal carries.

Unless --offline is given, the last epoch's commitment must be in force on chain; through its parents it stands for
the earlier ones too. The change must then also be within bounds for the chain's last version of the parameters, on which a
proposal would build.")]
pub struct Args {
    /// A parameter with its proposed value, e.g. `rate=2000000000` or `epoch_cap=50000` (BLOOM); may be repeated.
    #[arg(long, value_name = "NAME=NUMBER", value_parser = parameter, required_unless_present_any = ["check", "proposal"], conflicts_with_all = ["check", "proposal"])]
    pub set: Vec<(String, u64)>,
    /// First and last epoch to replay [default: all that are sealed here].
    #[arg(long, value_name = "A..B", conflicts_with = "check")]
    pub epochs: Option<EpochRange>,
    /// A folder of sealed epochs, or one epoch's folder, instead of the store; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Write the canonical document to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replay what this document names and compare.
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub check: Option<PathBuf>,
    /// Simulate what this proposal would change; with --check: the document must be the one that it carries.
    #[arg(long, value_name = "N", conflicts_with = "offline")]
    pub proposal: Option<u64>,
    /// Do not ask the chain.
    #[arg(long)]
    pub offline: bool,
    /// Most contributors to show in a table, those with the greatest difference first.
    #[arg(long, default_value_t = 25)]
    pub limit: usize,
}

/// What `--output json` prints.
#[derive(Serialize)]
struct View {
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    hash: Hash,
    simulation: Document,
}

/// Simulates, or checks a simulation.
///
/// # Errors
/// Exit 2 if parameters or epochs make no sense; exit 3 with the first difference from the document, the chain, or what an
/// epoch's batches lead to.
pub fn run(args: &Args, context: &Context) -> Outcome {
    if let Some(path) = &args.check {
        return check(args, path, context);
    }
    let set = match args.proposal {
        Some(number) => carried::set_of(&find(context, number)?.action)
            .map_err(|failure| failure.context(format!("proposal {number}")))?,
        None => Set::new(&args.set)?,
    };
    let simulation = simulate(args, context, set, args.epochs)?;
    let hash = simulation.hash()?;
    if let Some(path) = &args.out {
        durable::write(path, &simulation.to_bytes()?)?;
        note(format_args!("{} has the simulation of hash {}", path.display(), hex::encode(hash)));
    }
    if context.output.format() == Format::Csv {
        return context.output.raw(show::csv(&simulation).as_bytes());
    }
    context.output.emit(&View { hash, simulation }, |view| show::table(&view.simulation, &view.hash, args.limit))
}

fn simulate(args: &Args, context: &Context, set: Set, epochs: Option<EpochRange>) -> Outcome<Document> {
    let places = if args.from.is_empty() { vec![context.data()?] } else { args.from.clone() };
    let row = Folders::find(&places)?.row(epochs)?;
    let Some(last) = row.last() else { return Err(Failure::usage("there is no epoch to replay")) };
    if !args.offline {
        compare_with_chain(context, last, &set)?;
    }
    let mut sums = Sums::new(last.manifest.deployment.domain, set.clone());
    let mut done = 0;
    replay(&row, &set, |replayed| {
        sums.add(&replayed)?;
        done += 1;
        note(format_args!("epoch {} replayed ({done} of {})", replayed.terms.epoch, row.len()));
        Ok(())
    })?;
    Ok(sums.finish())
}

/// That the last epoch is in force on chain, and that a proposal could make the change.
fn compare_with_chain(context: &Context, last: &Artefact, set: &Set) -> Outcome {
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let manifest = &last.manifest;
    let (epoch, commitment) = (manifest.statement.epoch, manifest.commitment);
    if config.domain != manifest.deployment.domain {
        return Err(Failure::difference(format!(
            "{} is of another deployment than the chain's",
            last.folder.display()
        )));
    }
    match root_in_force(deployment::epoch(chain.as_ref(), epoch)?.as_ref()) {
        Some((in_force, _)) if in_force == commitment => {}
        Some((in_force, _)) => {
            return Err(Failure::difference(format!(
                "epoch {epoch}: the chain holds commitment {}, the folder is of {}",
                hex::encode(in_force),
                hex::encode(commitment)
            )));
        }
        None => {
            return Err(anyhow::anyhow!(
                "no root of epoch {epoch} is in force on chain; --offline simulates without asking it"
            )
            .into());
        }
    }
    if let Some(version) = deployment::params_versions(chain.as_ref(), &config)?.last() {
        crate::simulation::replay::changed(&Params::from(version.values), version.number, set, &set.delta()?)?;
    }
    Ok(())
}

fn find(context: &Context, number: u64) -> Outcome<Proposal> {
    let found = deployment::proposal(context.chain()?.as_ref(), number)?;
    found.ok_or_else(|| Failure::usage(format!("there is no proposal {number}, or it was closed")))
}

/// That the proposal carries this simulation, and would make the change that was simulated.
fn compare_with_proposal(proposal: &Proposal, view: &View) -> Outcome {
    let (number, ours) = (proposal.number, hex::encode(view.hash));
    let differs = |what: String| Err(Failure::difference(format!("proposal {number} {what}")));
    match proposal.document_hash {
        Some(carried) if carried == view.hash => {}
        Some(carried) => return differs(format!("carries {}, the simulation's hash is {ours}", hex::encode(carried))),
        None => return differs(format!("carries no document, the simulation's hash is {ours}")),
    }
    match carried::set_of(&proposal.action) {
        Ok(set) if set == view.simulation.set => Ok(()),
        Ok(set) => differs(format!("is for {set}, the simulation of {}", view.simulation.set)),
        Err(failure) => differs(failure.error.to_string()),
    }
}

/// Replays what a document names and compares.
fn check(args: &Args, path: &std::path::Path, context: &Context) -> Outcome {
    let doing = format!("{} was not checked", path.display());
    let bytes = std::fs::read(path).map_err(|error| Failure::from(error).context(doing.clone()))?;
    let theirs = Document::parse(&bytes).map_err(|error| Failure::from(error).context(doing))?;
    let (Some(first), Some(last)) = (theirs.epochs.first(), theirs.epochs.last()) else {
        return Err(Failure::difference(format!("{} replays no epoch", path.display())));
    };
    let range = EpochRange { first: first.epoch, last: last.epoch };
    let ours = simulate(args, context, theirs.set.clone(), Some(range))?;
    if let Some(difference) = differ::json(&serde_json::to_value(&theirs)?, &serde_json::to_value(&ours)?) {
        return Err(Failure::difference(format!("{}: {difference}", path.display())));
    }
    if bytes != ours.to_bytes()? {
        return Err(Failure::difference(format!(
            "{}: every value is right, but it is not written in its canonical form, so its hash is another; --out writes it",
            path.display()
        )));
    }
    let view = View { hash: ours.hash()?, simulation: ours };
    if let Some(number) = args.proposal {
        compare_with_proposal(&find(context, number)?, &view)?;
    }
    if context.output.format() == Format::Csv {
        return context.output.raw(show::csv(&view.simulation).as_bytes());
    }
    context.output.emit(&view, |view| {
        format!(
            "the simulation of {} over {} epochs is right\nsimulation hash {}",
            view.simulation.set,
            view.simulation.epochs.len(),
            hex::encode(view.hash)
        )
    })
}
