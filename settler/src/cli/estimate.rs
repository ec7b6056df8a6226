//! `settler estimate`.

use super::Context;
use crate::epoch::estimate::{self, Summary};
use crate::outcome::Outcome;
use crate::output::Table;
use crate::store::Store;
use crate::words::amount::bloom;

/// Estimate the running epoch from what is held now.
///
/// The same computation as a settlement, over an epoch that is not sealed: it has no proof and may change with every
/// batch. Marked `estimate`, which is another word than `provisional` (posted, not ratified).
#[derive(clap::Args, Debug)]
pub struct Args {
    /// This epoch instead of the running one.
    #[arg(long)]
    pub epoch: Option<u64>,
    /// Most contributors to show, highest first.
    #[arg(long, default_value_t = 25)]
    pub limit: usize,
}

/// Prints the estimate.
///
/// # Errors
/// Exit 4 if the flag is off; exit 75 if the parent's folder or the chain is away.
pub fn run(args: &Args, context: &Context) -> Outcome {
    context.config()?.require_demo_flag()?;
    let chain = context.chain()?;
    let store = Store::open_read_only(&context.data()?)?;
    let estimate = estimate::estimate(&store, chain.as_ref(), args.epoch)?;
    let mut summary = Summary::from(&estimate);
    summary.payouts.truncate(args.limit);
    context.output.emit(&summary, |document| {
        let mut table = Table::new(&["did", ">bytes", ">effective bytes", ">BLOOM (estimate)"]);
        for payout in &document.payouts {
            table.row([
                payout.did.clone(),
                payout.bytes.to_string(),
                payout.effective_bytes.to_string(),
                bloom(payout.amount),
            ]);
        }
        format!(
            "estimate of epoch {}: {} batches, {} bytes, pool {} BLOOM, {} contributors\n{table}\nan estimate has no proof and changes with every batch",
            document.epoch,
            document.batches,
            document.bytes,
            bloom(document.pool_base_units),
            document.contributors
        )
    })
}
