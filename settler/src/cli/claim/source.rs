//! Which shares are to be claimed, and their proofs: from epochs sealed here, or from files of proofs.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use radio_payouts_client::state::{Config, Epoch, EpochStatus, Mode, Share};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::tree::{Node, share_leaf};
use solana_pubkey::Pubkey;

use super::Args;
use crate::artefact::payout::{self, Payout};
use crate::artefact::proof::ProofBundle;
use crate::artefact::{Artefact, folder_name, levels, sealed_epochs};
use crate::chain::{Chain, deployment};
use crate::cli::{Context, prove};
use crate::outcome::{Exit, Failure, Outcome};

/// A share that may be claimed, with its proof.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its DID.
    pub did: String,
    /// Commitment of the root that holds it.
    pub commitment: Hash,
    /// The share.
    pub share: Share,
    /// The siblings, lowest first.
    pub siblings: Vec<Node>,
}

/// What there is to claim.
#[derive(Debug, Default)]
pub struct Found {
    /// Shares of ratified epochs.
    pub dues: Vec<Due>,
    /// Epochs sealed here of which nothing can be claimed now, and why.
    pub waiting: Vec<(u64, String)>,
}

/// Collects what `args` name.
pub fn find(args: &Args, context: &Context, chain: &dyn Chain, config: &Config) -> Outcome<Found> {
    match &args.file {
        Some(file) => from_proofs(&read(file)?, chain, config),
        None => from_artefacts(args, context, chain, config),
    }
}

fn from_artefacts(args: &Args, context: &Context, chain: &dyn Chain, config: &Config) -> Outcome<Found> {
    let data = context.data()?;
    let root = data.join("epochs");
    let epochs = match args.epoch {
        Some(epoch) if root.join(folder_name(epoch)).is_dir() => vec![epoch],
        Some(epoch) => {
            return Err(Failure::usage(format!(
                "epoch {epoch} is not sealed here; claim with proofs from who sealed it (--file)"
            )));
        }
        None => sealed_epochs(&root)?,
    };
    let trees = levels::folder(&data);
    let mut found = Found::default();
    for epoch in epochs {
        let artefact = Artefact::open(&root.join(folder_name(epoch)))?;
        match check(chain, config, epoch, &artefact.manifest.commitment) {
            Ok(()) => found.dues.extend(shares(&artefact, &trees, args.did.as_deref())?),
            // Not asked for by name: it may become claimable, or no longer is.
            Err(failure) if args.epoch.is_none() && failure.exit != Exit::Difference => {
                found.waiting.push((epoch, failure.error.to_string()));
            }
            Err(failure) => return Err(failure),
        }
    }
    if let (Some(did), Some(epoch), true) = (&args.did, args.epoch, found.dues.is_empty()) {
        return Err(Failure::usage(format!("{did} has no share in epoch {epoch}; `settler explain {did}` says why")));
    }
    Ok(found)
}

/// The shares of an epoch: one DID's or everybody's.
fn shares(artefact: &Artefact, trees: &Path, did: Option<&str>) -> Outcome<Vec<Due>> {
    let file = artefact.folder.join("payouts.parquet");
    let mut wanted = match did {
        Some(did) => payout::find(&file, did)?.into_iter().collect(),
        None => payout::read(&file)?,
    };
    wanted.retain(|payout| payout.index.is_some());
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let levels = prove::levels(artefact, trees)?;
    let domain = artefact.domain();
    let due = |payout: Payout| {
        let index = payout.index.context("a share without a leaf")?;
        let (leaf, siblings) = levels.leaf_and_proof(index)?;
        let share = Share {
            epoch: artefact.manifest.statement.epoch,
            index,
            did_hash: payout.did_hash,
            payee: Pubkey::new_from_array(payout.payee),
            amount: payout.amount,
        };
        anyhow::ensure!(
            leaf == share_leaf(&domain, share.epoch, index, &payout.did_hash, &payout.payee, payout.amount),
            "{}: payouts.parquet does not lead to the committed trees",
            artefact.folder.display()
        );
        Ok(Due { did: payout.did, commitment: artefact.manifest.commitment, share, siblings })
    };
    Ok(wanted.into_iter().map(due).collect::<anyhow::Result<_>>()?)
}

fn from_proofs(bundles: &[ProofBundle], chain: &dyn Chain, config: &Config) -> Outcome<Found> {
    let mut found = Found::default();
    let mut checked = None;
    for bundle in bundles {
        bundle.check().map_err(|error| Failure::difference(format!("the proof of {}: {error:#}", bundle.share.did)))?;
        let root = (bundle.statement.epoch, bundle.commitment);
        if checked != Some(root) {
            check(chain, config, root.0, &root.1)?;
            checked = Some(root);
        }
        // The same proof given twice is one claim.
        let same = |due: &Due| (due.share.epoch, due.share.index) == (root.0, bundle.share.index);
        if found.dues.iter().any(same) {
            continue;
        }
        found.dues.push(Due {
            did: bundle.share.did.clone(),
            commitment: bundle.commitment,
            share: prove::share(bundle),
            siblings: bundle.nodes(),
        });
    }
    Ok(found)
}

/// Reads proofs: documents one after the other (one a line, or not), or arrays of them.
fn read(file: &Path) -> Outcome<Vec<ProofBundle>> {
    let mut text = Vec::new();
    if file == Path::new("-") {
        let _ = std::io::stdin().lock().read_to_end(&mut text)?;
    } else {
        text = std::fs::read(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    }
    let odd = |error: serde_json::Error| Failure::usage(format!("{}: not a proof: {error}", file.display()));
    let mut bundles = Vec::new();
    for document in serde_json::Deserializer::from_slice(&text).into_iter::<serde_json::Value>() {
        let documents = match document.map_err(odd)? {
            serde_json::Value::Array(documents) => documents,
            document => vec![document],
        };
        for mut document in documents {
            // What `prove --on-chain` says beside the proof.
            let _ = document.as_object_mut().and_then(|fields| fields.remove("on_chain"));
            bundles.push(serde_json::from_value(document).map_err(odd)?);
        }
    }
    Ok(bundles)
}

/// Whether shares under this commitment can be claimed now.
fn check(chain: &dyn Chain, config: &Config, epoch: u64, commitment: &Hash) -> Outcome {
    let nothing = || Failure::temporary(format!("no root of epoch {epoch} is in force"));
    let account = deployment::epoch(chain, epoch)?.filter(|account| account.status.has_root()).ok_or_else(nothing)?;
    if account.commitment != *commitment {
        return Err(Failure::difference(format!(
            "epoch {epoch}: the chain holds commitment {}, the proof is for {}",
            hex::encode(account.commitment),
            hex::encode(commitment)
        )));
    }
    claimable(&account, config, chain.clock()?.unix_timestamp)
}

fn claimable(account: &Epoch, config: &Config, now: i64) -> Outcome {
    let epoch = account.epoch;
    match account.check_claimable(&config.pause, now) {
        Ok(()) if config.pause.is_paused(now) => {
            Err(Failure::temporary("the program is paused; claims wait until it is resumed"))
        }
        Ok(()) => Ok(()),
        Err(_) if account.status == EpochStatus::Ratified || account.status == EpochStatus::Closed => {
            Err(Failure::new(Exit::Failed, format!("epoch {epoch}: the claim window is over")))
        }
        Err(_) if account.mode == Mode::Demo => {
            Err(Failure::not_permitted(format!("epoch {epoch} is a Demo epoch, which is never paid")))
        }
        Err(_) => Err(Failure::temporary(format!(
            "epoch {epoch} is {} and not ratified yet; see `settler ratify --help`",
            crate::epoch::view::standing(account.status)
        ))),
    }
}
