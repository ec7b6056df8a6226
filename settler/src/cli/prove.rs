//! `settler prove DID`.

use radio_payouts_client::address;
use radio_payouts_client::instruction::verify_share;
use radio_payouts_client::state::Share;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::Context;
use super::amount::bloom;
use crate::artefact::proof::{self, ProofBundle};
use crate::artefact::{Artefact, folder_name};
use crate::chain::{Landed, Outgoing, deployment};
use crate::epoch::view::root_in_force;
use crate::outcome::{Failure, Outcome};

/// Write a proof of a contributor's share: one JSON document that needs nothing else.
///
/// It holds the share, its siblings, and the statement with its commitment. Anyone can check it offline, or send it to the
/// program: with --on-chain this command does so (`verify_share`) and prints what the program answered. A proof is worth
/// as much as the commitment that the chain holds.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The contributor.
    pub did: String,
    /// The epoch; without it, the last one sealed here in which the DID has a share.
    #[arg(long)]
    pub epoch: Option<u64>,
    /// Send `verify_share` with this proof.
    #[arg(long)]
    pub on_chain: bool,
}

#[derive(Serialize)]
struct OnChain {
    transaction: String,
    compute_units: Option<u64>,
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    bundle: ProofBundle,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_chain: Option<OnChain>,
}

/// Prints the proof.
///
/// # Errors
/// If the DID has no share there; exit 3 if the chain holds another commitment.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let bundle = find(args, context)?;
    let on_chain = if args.on_chain { Some(send(context, &bundle)?) } else { None };
    let on_chain = on_chain.map(|landed| OnChain {
        transaction: landed.signature.to_string(),
        compute_units: landed.execution.map(|execution| execution.compute_units),
    });
    context.output.emit(&Document { bundle, on_chain }, |document| match &document.on_chain {
        // A proof is a document: a table of it would be of no use to anyone.
        None => serde_json::to_string_pretty(&document.bundle).unwrap_or_default(),
        Some(on_chain) => format!(
            "the program accepts the share: {} BLOOM (provisional) for {}\n  epoch {}, leaf {}, {} siblings\n  transaction {}\n  compute units {}",
            bloom(document.bundle.share.amount_base_units),
            document.bundle.share.did,
            document.bundle.statement.epoch,
            document.bundle.share.index,
            document.bundle.siblings.len(),
            on_chain.transaction,
            on_chain.compute_units.map_or_else(|| "not kept by the node".to_owned(), |units| units.to_string()),
        ),
    })
}

fn find(args: &Args, context: &Context) -> Outcome<ProofBundle> {
    let root = context.data()?.join("epochs");
    if let Some(epoch) = args.epoch {
        let artefact = open(&root.join(folder_name(epoch)), epoch)?;
        return proof::of(&artefact, &args.did)?
            .ok_or_else(|| Failure::usage(format!("{} delivered nothing that counts in epoch {epoch}", args.did)));
    }
    for epoch in crate::artefact::sealed_epochs(&root)?.into_iter().rev() {
        if let Some(bundle) = proof::of(&open(&root.join(folder_name(epoch)), epoch)?, &args.did)? {
            return Ok(bundle);
        }
    }
    Err(Failure::usage(format!(
        "{} is in no epoch sealed here; `settler rejects` shows what was not counted",
        args.did
    )))
}

fn open(folder: &std::path::Path, epoch: u64) -> Outcome<Artefact> {
    if !folder.is_dir() {
        return Err(Failure::usage(format!("epoch {epoch} is not sealed here: {} is not there", folder.display())));
    }
    Ok(Artefact::open(folder)?)
}

/// The share of a bundle as the program takes it.
#[must_use]
pub fn share(bundle: &ProofBundle) -> Share {
    Share {
        epoch: bundle.statement.epoch,
        index: bundle.share.index,
        did_hash: bundle.did_hash(),
        payee: Pubkey::new_from_array(bundle.share.payee),
        amount: bundle.share.amount_base_units,
    }
}

fn send(context: &Context, bundle: &ProofBundle) -> Outcome<Landed> {
    let key = context.keypair()?;
    let mut sender = context.sender()?;
    let epoch = bundle.statement.epoch;
    match root_in_force(deployment::epoch(sender.chain(), epoch)?.as_ref()) {
        Some((commitment, _)) if commitment == bundle.commitment => {}
        Some((commitment, _)) => {
            return Err(Failure::difference(format!(
                "epoch {epoch}: the chain holds commitment {}, the proof is for {}",
                hex::encode(commitment),
                hex::encode(bundle.commitment)
            )));
        }
        None => {
            return Err(Failure::temporary(format!(
                "no root of epoch {epoch} is in force ({})",
                address::epoch_address(epoch)
            )));
        }
    }
    Ok(sender.send(&Outgoing {
        purpose: format!("verify share {} of epoch {epoch}", bundle.share.index),
        instructions: vec![verify_share(share(bundle), &bundle.nodes())],
        payer: &key,
        signers: Vec::new(),
        lookup_tables: Vec::new(),
    })?)
}
