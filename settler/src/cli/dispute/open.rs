//! `settler dispute open`.

use std::path::Path;

use anyhow::Context as _;
use radio_payouts_client::state::EpochStatus;
use radio_payouts_client::{OpenDisputeArgs, address, instruction};
use radio_payouts_protocol::hash::sha256;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::super::Context;
use super::super::act::act;
use super::super::admin::posted_epoch;
use crate::chain::deployment;
use crate::epoch::view::standing;
use crate::outcome::{Failure, Outcome};
use crate::output::note;
use crate::words::amount::bloom;

/// Opens a dispute.
pub fn run(context: &Context, epoch: u64, evidence: &Path, source: Option<Pubkey>) -> Outcome {
    let evidence_hash =
        sha256(&[&std::fs::read(evidence).with_context(|| format!("cannot read {}", evidence.display()))?]);
    let signer = context.keypair()?;
    let disputer = signer.pubkey();
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let account = posted_epoch(context, epoch)?;
    if account.status != EpochStatus::Posted {
        return Err(Failure::usage(format!(
            "epoch {epoch} is {}: only a posted root is disputed",
            standing(account.status)
        )));
    }
    let source =
        source.unwrap_or_else(|| address::associated_token_address(&disputer, &config.mint, &config.token_program));
    let bond = account.dispute_bond();
    if chain.account(&source)?.is_none() {
        return Err(Failure::usage(format!(
            "there is no token account {source} of {disputer}: the bond is {} BLOOM of mint {}; name another account with --source",
            bloom(bond),
            config.mint
        )));
    }
    drop(chain);
    let attempt = account.attempt;
    let hash = hex::encode(evidence_hash);
    let args = OpenDisputeArgs { epoch, attempt, evidence_hash };
    let open = instruction::open_dispute(disputer, disputer, &config, source, args);
    act(context, format!("dispute epoch {epoch} attempt {attempt} evidence {hash}"), open, &signer, Vec::new())?;
    note(format_args!(
        "{} BLOOM are the bond; publish {} (SHA-256 {hash}) where the authority looks",
        bloom(bond),
        evidence.display()
    ));
    Ok(())
}
