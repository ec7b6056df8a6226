//! `settler prove DID`, `settler prove --all`.

use std::path::{Path, PathBuf};

use radio_payouts_client::address;
use radio_payouts_client::instruction::verify_share;
use radio_payouts_client::state::Share;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::Context;
use crate::artefact::levels::{self, Levels};
use crate::artefact::proof::{self, ProofBundle};
use crate::artefact::{Artefact, folder_name};
use crate::chain::{Landed, Outgoing, deployment};
use crate::epoch::view::root_in_force;
use crate::outcome::{Failure, Outcome};
use crate::output::{Destination, Progress, note};
use crate::words::amount::bloom;

/// Write a proof of a contributor's share: one JSON document that needs nothing else.
///
/// It holds the share, its siblings, and the statement with its commitment. Anyone can check it offline, or send it to the
/// program: with --on-chain this command does so (`verify_share`) and prints what the program answered. A proof is worth
/// as much as the commitment that the chain holds.
///
/// Proofs are read from the epoch's level file, DATA/trees/COMMITMENT.levels, which is made from payouts.parquet when it is missing and checked
/// against the statement whenever it is read; it may be deleted at any time.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["did", "all"]))]
#[command(after_long_help = "\
Examples:
  settler prove did:key:z6Mk… --epoch 42 -o json > proof.json
      one proof
  settler prove --all --epoch 42 --out proofs.jsonl
      everybody's, one document a line in the order of the leaves; `settler claim --file proofs.jsonl` takes them")]
pub struct Args {
    /// The contributor.
    pub did: Option<String>,
    /// The epoch; without it, the last one sealed here in which the DID has a share, with --all the last one sealed here.
    #[arg(long)]
    pub epoch: Option<u64>,
    /// Send `verify_share` with this proof.
    #[arg(long, conflicts_with = "all")]
    pub on_chain: bool,
    /// Everybody's proofs: one JSON document a line.
    #[arg(long)]
    pub all: bool,
    /// Write all proofs to this file, whole or not at all, instead of stdout.
    #[arg(long, value_name = "FILE", requires = "all")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Build the trees in memory for this one proof: no level file is read or written.
    #[arg(long, conflicts_with = "all")]
    pub no_cache: bool,
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
    let Some(did) = &args.did else { return all(args, context) };
    let bundle = find(did, args, context)?;
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

fn find(did: &str, args: &Args, context: &Context) -> Outcome<ProofBundle> {
    let data = context.data()?;
    let (root, trees) = (data.join("epochs"), levels::folder(&data));
    let find = |epoch: u64| -> Outcome<Option<ProofBundle>> {
        let artefact = open(&root.join(folder_name(epoch)), epoch)?;
        Ok(proof::of(&artefact, did, |index| {
            if args.no_cache {
                return proof::siblings_in_memory(&artefact, index);
            }
            levels(&artefact, &trees)?.proof(index)
        })?)
    };
    if let Some(epoch) = args.epoch {
        return find(epoch)?
            .ok_or_else(|| Failure::usage(format!("{did} delivered nothing that counts in epoch {epoch}")));
    }
    for epoch in crate::artefact::sealed_epochs(&root)?.into_iter().rev() {
        if let Some(bundle) = find(epoch)? {
            return Ok(bundle);
        }
    }
    Err(Failure::usage(format!("{did} is in no epoch sealed here; `settler rejects` shows what was not counted")))
}

/// An epoch's level file; if it has to be made first, with a word on how far that is.
///
/// # Errors
/// If it is damaged, or cannot be made.
pub fn levels(artefact: &Artefact, trees: &Path) -> anyhow::Result<Levels> {
    let leaves = artefact.manifest.statement.payouts.iter().map(|root| u64::from(root.count)).sum();
    let progress = Progress::new();
    levels::open(artefact, trees, |more| progress.add("leaves hashed", more, Some(leaves)))
}

/// Writes everybody's proofs.
fn all(args: &Args, context: &Context) -> Outcome {
    let data = context.data()?;
    let root = data.join("epochs");
    let last = || crate::artefact::sealed_epochs(&root).map(|sealed| sealed.last().copied());
    let epoch = match args.epoch {
        Some(epoch) => epoch,
        None => last()?.ok_or_else(|| Failure::usage("no epoch is sealed here"))?,
    };
    let artefact = open(&root.join(folder_name(epoch)), epoch)?;
    let mut destination = Destination::open(args.out.as_deref(), args.force)?;
    let levels = levels(&artefact, &levels::folder(&data))?;
    let (progress, leaves) = (Progress::new(), Some(u64::from(levels.leaves())));
    let count = proof::write_all(&artefact, &levels, &mut destination, |more| {
        progress.add("proofs written", more, leaves);
    })?;
    drop(progress);
    destination.commit()?;
    if let Some(out) = &args.out {
        note(format_args!("{} has {count} proofs of epoch {epoch}", out.display()));
    }
    Ok(())
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
