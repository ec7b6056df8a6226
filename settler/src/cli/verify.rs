//! `settler verify EPOCH|DIR`.

use std::path::PathBuf;

use serde::Serialize;

use super::Context;
use super::amount::bloom;
use crate::artefact::folder_name;
use crate::artefact::verify::Checks;
use crate::epoch::verification;
use crate::epoch::view::{View, standing};
use crate::outcome::{Failure, Outcome};

/// Recompute a sealed epoch from its signed batches and compare everything.
///
/// Takes the number of a local epoch, or any copied folder. Every signature is checked, every receipt judged again, the
/// statement recomputed and compared with the chain, and every file written anew and compared byte by byte. Ends with 0
/// if all is equal, with 3 and the first difference (which SFU and seq, which DID, which field, which file) if not. Nothing
/// but signatures in the folder and the chain's state is believed.
///
/// What came of the parent (cursors, open gaps) stands in the manifest; the parent's history is checked against its
/// commitment, the cursors against the parent's folder if that is beside.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Number of a local epoch, or a folder.
    #[arg(value_name = "EPOCH|DIR")]
    pub target: String,
    /// Do not ask the chain: only what is in the folder is compared with itself.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Serialize)]
struct Document {
    epoch: u64,
    commitment: String,
    batches: usize,
    receipts: usize,
    accepted_bytes: String,
    contributors: usize,
    #[serde(with = "radio_payouts_protocol::json")]
    pool_base_units: u64,
    files_compared: usize,
    parent_folder_compared: bool,
    chain: Option<&'static str>,
    /// Every check; all are equal, or none is carried out.
    checks: Checks,
}

/// Verifies and prints what was compared.
///
/// # Errors
/// Exit 3 with the first difference.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let folder = match args.target.parse::<u64>() {
        Ok(epoch) => context.data()?.join("epochs").join(folder_name(epoch)),
        Err(_) => PathBuf::from(&args.target),
    };
    if !folder.is_dir() {
        return Err(Failure::usage(format!("{} is no folder of a sealed epoch", folder.display())));
    }
    let chain = if args.offline { None } else { Some(context.chain()?) };
    let view = chain.as_ref().map(|chain| View::read(chain.as_ref())).transpose()?;
    let asked = chain.as_ref().zip(view.as_ref()).map(|(chain, view)| (chain.as_ref(), view));
    let verification = verification::verify(&folder, asked);
    let checks = verification.checks.clone();
    let (recomputed, account, files_compared) = verification.into_result()?;
    let settlement = &recomputed.settlement;
    let document = Document {
        epoch: recomputed.terms.epoch,
        commitment: hex::encode(settlement.commitment),
        batches: recomputed.headers.len(),
        receipts: settlement.batches.iter().map(|batch| batch.receipts.verdicts.len()).sum(),
        accepted_bytes: settlement.statement.batches.sum.to_string(),
        contributors: settlement.cells.contributors.len(),
        pool_base_units: settlement.statement.pool,
        files_compared,
        parent_folder_compared: recomputed.parent_compared,
        chain: account.map(|account| standing(account.status)),
        checks,
    };
    context.output.emit(&document, |document| {
        let parent = if document.parent_folder_compared {
            "equal to the parent's folder, or there is no parent"
        } else {
            "the parent's folder is not beside: its cursors were taken from the manifest, its history was checked"
        };
        format!(
            "epoch {} is right\n  signatures   {} batches, all hold\n  receipts     {}, judged again: {} bytes accepted\n  statement    commitment {}\n  pool         {} BLOOM among {} contributors\n  chain        {}\n  parent       {parent}\n  files        {} compared byte by byte",
            document.epoch,
            document.batches,
            document.receipts,
            document.accepted_bytes,
            document.commitment,
            bloom(document.pool_base_units),
            document.contributors,
            document.chain.map_or_else(|| "not asked (--offline)".to_owned(), |standing| format!("the same commitment, {standing}")),
            document.files_compared,
        )
    })
}
