//! `settler verify EPOCH|DIR`.

use std::path::PathBuf;

use serde::Serialize;

use super::Context;
use crate::artefact::folder_name;
use crate::artefact::verify::Checks;
use crate::artefact::verify::fast::NOT_CHECKED;
use crate::artefact::verify::fast::sample::{Asked, Sampled};
use crate::engine::Choice;
use crate::epoch::verification::{self, Verified, Way};
use crate::epoch::view::{OnChain, standing};
use crate::outcome::{Failure, Outcome};
use crate::output::{Progress, note};
use crate::words::amount::bloom;

/// Recompute a sealed epoch from its signed batches and compare everything.
///
/// Takes the number of a local epoch, or any copied folder. Every signature is checked, every receipt judged again, the
/// statement recomputed and compared with the chain, and every file written anew and compared byte by byte. Ends with 0
/// if all is equal, with 3 and the first difference (which SFU and seq, which DID, which field, which file) if not. Nothing
/// but signatures in the folder and the chain's state is believed.
///
/// What came of the parent (cursors, open gaps) stands in the manifest; the parent's history is checked against its
/// commitment, the cursors against the parent's folder if that is beside.
///
/// --fast judges no receipt: it checks every signature, and everything that follows from what the tables say that the receipts came to.
/// --sample does so too, and derives everything of some DIDs, drawn at random, from the signed batches.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Number of a local epoch, or a folder.
    #[arg(value_name = "EPOCH|DIR")]
    pub target: String,
    /// Do not ask the chain: only what is in the folder is compared with itself.
    #[arg(long)]
    pub offline: bool,
    /// What adds up the receipts: auto, pure (everything in memory), datafusion (in this process, spills to disk), or
    /// spark://HOST:PORT. Default: RADIO_PAYOUTS_ENGINE, or auto.
    #[arg(long, value_name = "ENGINE", conflicts_with_all = ["fast", "sample"])]
    pub engine: Option<Choice>,
    /// Folder for what an engine or --fast needs on disk, about the size of the epoch's tables; the system's for temporary files if it
    /// is not given. It is left empty.
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// Judge no receipt: check signatures, sealing, sums, weights, shares, trees and the statement.
    #[arg(long)]
    pub fast: bool,
    /// As --fast, and derive all cells of so many DIDs, drawn at random, from the signed batches.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub sample: Option<u32>,
    /// What the DIDs are drawn by, to draw the same ones again; a random number if it is not given.
    #[arg(long, value_name = "SEED", requires = "sample")]
    pub seed: Option<u64>,
}

#[derive(Serialize)]
struct Document {
    epoch: u64,
    commitment: String,
    batches: usize,
    receipts: usize,
    accepted_bytes: String,
    contributors: u32,
    #[serde(with = "radio_payouts_protocol::json")]
    pool_base_units: u64,
    files_compared: usize,
    parent_folder_compared: bool,
    chain: Option<&'static str>,
    /// What a fast verification leaves open.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_checked: Option<[&'static str; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<SampleDocument>,
    /// Every check; all are equal, or none is carried out.
    checks: Checks,
}

/// The DIDs of which everything was derived from the signed batches.
#[derive(Serialize)]
struct SampleDocument {
    #[serde(with = "radio_payouts_protocol::json")]
    seed: u64,
    dids: Vec<String>,
    of: u64,
    tracks: usize,
    receipts: u64,
    receipts_over_capacity: u64,
    /// How many DIDs are 1 % of all, and with which probability this would have passed had so many been wrong: at most.
    one_percent: u64,
    passes_with_one_percent_wrong: f64,
}

/// Verifies and prints what was compared.
///
/// # Errors
/// Exit 3 with the first difference, also if the chain is away; exit 75 if it is away and the folder agrees with itself.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let folder = match args.target.parse::<u64>() {
        Ok(epoch) => context.data()?.join("epochs").join(folder_name(epoch)),
        Err(_) => PathBuf::from(&args.target),
    };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is no folder of a sealed epoch", folder.display())));
    }
    let way = way(args)?;
    if let Way::Fast(Some(Asked { seed, .. })) = way {
        note(format_args!("the DIDs of the sample are drawn with --seed {seed}"));
    }
    let chain = if args.offline { None } else { Some(context.chain()?) };
    let on_chain = chain.as_deref().map(OnChain::new);
    let bars = Progress::new();
    let heard = |part, done, all| bars.heard(part, done, all);
    let verification = verification::verify_by(&folder, &way, args.work.as_deref(), on_chain.as_ref(), &heard);
    drop(bars);
    let checks = verification.checks.clone();
    let (verified, account, files_compared) = verification.into_result()?;
    let (summary, (batches, receipts, parent_folder_compared)) = (verified.summary(), verified.read());
    let (not_checked, sample) = match &verified {
        Verified::Fast(fast) => (Some(NOT_CHECKED), fast.sampled.as_ref().map(of_sample)),
        Verified::InMemory(_) | Verified::Streamed(_) => (None, None),
    };
    let document = Document {
        epoch: verified.terms().epoch,
        commitment: hex::encode(summary.commitment),
        batches,
        receipts,
        accepted_bytes: summary.statement.batches.sum.to_string(),
        contributors: summary.contributors,
        pool_base_units: summary.statement.pool,
        files_compared,
        parent_folder_compared,
        chain: account.map(|account| standing(account.status)),
        not_checked,
        sample,
        checks,
    };
    context.output.emit(&document, show)
}

/// The way that the arguments ask for; without `--engine` the environment says which engine.
fn way(args: &Args) -> Outcome<Way> {
    let asked = args.sample.map(|number| Asked {
        number: usize::try_from(number).unwrap_or(usize::MAX),
        seed: args.seed.unwrap_or_else(rand::random),
    });
    if args.fast || asked.is_some() {
        return Ok(Way::Fast(asked));
    }
    if let Some(engine) = &args.engine {
        return Ok(Way::Whole(engine.clone()));
    }
    match std::env::var("RADIO_PAYOUTS_ENGINE") {
        Ok(named) => {
            let engine = named.parse().map_err(|error| Failure::usage(format!("RADIO_PAYOUTS_ENGINE: {error}")))?;
            Ok(Way::Whole(engine))
        }
        Err(_) => Ok(Way::Whole(Choice::Auto)),
    }
}

fn of_sample(sampled: &Sampled) -> SampleDocument {
    let one_percent = sampled.of.div_ceil(100);
    SampleDocument {
        seed: sampled.asked.seed,
        dids: sampled.dids.clone(),
        of: sampled.of,
        tracks: sampled.tracks,
        receipts: sampled.receipts,
        receipts_over_capacity: sampled.over_capacity,
        one_percent,
        passes_with_one_percent_wrong: sampled.passes_with(one_percent),
    }
}

fn show(document: &Document) -> String {
    let parent = if document.parent_folder_compared {
        "equal to the parent's folder, or there is no parent"
    } else {
        "the parent's folder is not beside: its cursors were taken from the manifest, its history was checked"
    };
    let (is, judged) = match document.not_checked {
        None => ("is right", "judged again"),
        Some(_) => ("agrees with itself", "not judged"),
    };
    let mut text = format!(
        "epoch {} {is}\n  signatures   {} batches, all hold\n  receipts     {}, {judged}: {} bytes accepted\n  statement    commitment {}\n  pool         {} BLOOM among {} contributors\n  chain        {}\n  parent       {parent}\n  files        {} compared byte by byte",
        document.epoch,
        document.batches,
        document.receipts,
        document.accepted_bytes,
        document.commitment,
        bloom(document.pool_base_units),
        document.contributors,
        document
            .chain
            .map_or_else(|| "not asked (--offline)".to_owned(), |standing| format!("the same commitment, {standing}")),
        document.files_compared,
    );
    if let Some(sample) = &document.sample {
        text.push_str(&show_sample(sample));
    }
    if let Some(not_checked) = document.not_checked {
        let but = if document.sample.is_some() { ", for other DIDs than those of the sample" } else { "" };
        text.push_str(&format!("\nNOT checked{but}:"));
        for what in not_checked {
            text.push_str(&format!("\n  {what}"));
        }
        text.push_str("\n`settler verify` without --fast and --sample checks that too");
    }
    text
}

fn show_sample(sample: &SampleDocument) -> String {
    let SampleDocument { seed, dids, of, tracks, receipts, receipts_over_capacity, one_percent, .. } = sample;
    let percent = sample.passes_with_one_percent_wrong * 100.0;
    let capacity = match receipts_over_capacity {
        0 => String::new(),
        count => format!(
            "\n  capacity     {count} of them are rejected because the SFU's capacity was used up by receipts of which not all were judged"
        ),
    };
    format!(
        "\n  sample       {} DIDs of {of}, seed {seed}: {receipts} receipts judged, {tracks} tracks measured, every cell equal{capacity}\n  certainty    had {one_percent} DIDs (1 %) been wrong, this would have passed with a probability of at most {percent:.2} %",
        dids.len()
    )
}
