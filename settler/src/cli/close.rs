//! `settler close EPOCH`.

use radio_payouts_client::address;
use radio_payouts_client::instruction;
use radio_payouts_client::state::{Candidate, ClaimChunk, Dispute, EpochStatus};
use serde::Serialize;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::Context;
use crate::chain::{Chain, Outgoing, deployment};
use crate::outcome::{Exit, Failure, Outcome};
use crate::output::{Table, note};
use crate::words::amount::bloom;

/// Accounts that one transaction closes.
const PER_TRANSACTION: usize = 8;
/// Transactions under way at once.
const UNDER_WAY: usize = 32;

/// Close an epoch after its claim window: what nobody claimed is free again, and rents go back to who paid them.
///
/// Anyone may do it. Candidates, disputes and claim bits of the epoch are closed; the Epoch account itself stays for good.
/// A run that was interrupted is finished by the same command.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The epoch.
    pub epoch: u64,
}

/// An account that is closed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Closing {
    kind: &'static str,
    account: String,
    rent_payer: String,
    lamports: String,
    #[serde(skip)]
    instruction: Instruction,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    epoch: String,
    closed_now: bool,
    claimed_base_units: String,
    unclaimed_base_units: String,
    accounts: Vec<Closing>,
}

/// Closes.
///
/// # Errors
/// Exit 75 while the claim window is open, 1 if the epoch was never ratified.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let mut sender = context.sender()?;
    sender.resume_all()?;
    let epoch = args.epoch;
    let config = deployment::require_config(sender.chain())?;
    let account = deployment::epoch(sender.chain(), epoch)?
        .ok_or_else(|| Failure::usage(format!("nothing was ever posted for epoch {epoch}")))?;
    let outgoing = |purpose: String, instructions| Outgoing {
        purpose,
        instructions,
        payer: &key,
        signers: Vec::new(),
        lookup_tables: Vec::new(),
    };
    let closed_now = match account.status {
        EpochStatus::Closed => false,
        EpochStatus::Ratified => {
            let now = sender.chain().clock()?.unix_timestamp;
            if account.check_claimable(&config.pause, now).is_ok() {
                return Err(Failure::temporary(format!("epoch {epoch}: the claim window is still open")));
            }
            let _ = sender.send(&outgoing(format!("close epoch {epoch}"), vec![instruction::close_epoch(epoch)]))?;
            true
        }
        status => {
            let standing = crate::epoch::view::standing(status);
            let message = format!("epoch {epoch} is {standing}: only what was ratified is closed");
            return Err(Failure::new(Exit::Failed, message));
        }
    };
    let accounts = left(sender.chain(), epoch)?;
    let batches = accounts.chunks(PER_TRANSACTION).map(|batch| {
        let names: Vec<&str> = batch.iter().map(|closing| closing.account.as_str()).collect();
        let instructions = batch.iter().map(|closing| closing.instruction.clone()).collect();
        outgoing(format!("return the rent of {}", names.join(" ")), instructions)
    });
    let mut refused = None;
    sender.send_all(batches, UNDER_WAY, |_, end| refused = end.err().or(refused.take()))?;
    if let Some(error) = refused {
        return Err(error.into());
    }
    let view = View {
        epoch: epoch.to_string(),
        closed_now,
        claimed_base_units: account.claimed.to_string(),
        unclaimed_base_units: account.payouts_sum.saturating_sub(account.claimed).to_string(),
        accounts,
    };
    let (claimed, unclaimed) = (bloom(account.claimed), bloom(account.payouts_sum.saturating_sub(account.claimed)));
    context.output.emit(&view, |view| {
        let mut table = Table::new(&["closed", "account", "rent payer", ">lamports"]);
        for closing in &view.accounts {
            table.row([closing.kind, &closing.account, &closing.rent_payer, &closing.lamports]);
        }
        format!("epoch {epoch} is closed: {claimed} BLOOM were claimed, {unclaimed} were not\n{table}")
    })
}

/// What is still to be closed of an epoch.
fn left(chain: &dyn Chain, epoch: u64) -> Outcome<Vec<Closing>> {
    let mut found: Vec<(&'static str, Pubkey, Pubkey, Instruction)> = Vec::new();
    for (_, candidate) in deployment::read_all::<Candidate>(chain)?.into_iter().filter(|(_, at)| at.epoch == epoch) {
        let account = address::candidate_address(epoch, &candidate.commitment);
        found.push(("candidate", account, candidate.rent_payer, instruction::close_candidate(&candidate)));
    }
    for (_, chunk) in deployment::read_all::<ClaimChunk>(chain)?.into_iter().filter(|(_, at)| at.epoch == epoch) {
        let account = address::claims_address(epoch, chunk.chunk);
        found.push(("claim bits", account, chunk.rent_payer, instruction::close_claim_chunk(&chunk)));
    }
    for (_, dispute) in deployment::read_all::<Dispute>(chain)?.into_iter().filter(|(_, at)| at.epoch == epoch) {
        let account = address::dispute_address(epoch, dispute.attempt);
        if !dispute.bond_released {
            let attempt = dispute.attempt;
            note(format_args!("`settler dispute release {epoch} --attempt {attempt}` comes first: its bond is held"));
            continue;
        }
        found.push(("dispute", account, dispute.rent_payer, instruction::close_dispute(&dispute)));
    }
    let mut closings = Vec::with_capacity(found.len());
    for (kind, account, rent_payer, instruction) in found {
        let lamports = chain.account(&account)?.map_or(0, |account| account.lamports);
        let (account, rent_payer, lamports) = (account.to_string(), rent_payer.to_string(), lamports.to_string());
        closings.push(Closing { kind, account, rent_payer, lamports, instruction });
    }
    Ok(closings)
}
