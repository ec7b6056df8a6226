//! `settle`: all stages of one epoch, or of every epoch that is due, in order.

use std::path::PathBuf;

use radio_payouts_protocol::hash::Hash;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use super::due::{self, Next};
use super::post::{self, Posted};
use super::view::{View, root_in_force};
use super::{Stage, adopt, build, seal, stages};
use crate::artefact::{Artefact, Terms, ancestors, folder_name, source};
use crate::chain::{Chain, Sender, deployment};
use crate::crash;
use crate::engine::Choice;
use crate::outcome::{Exit, Failure, Outcome};
use crate::store::{Lock, Store, StoreError};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// This epoch; without it, all that are due.
    pub epoch: Option<u64>,
    /// Whether epochs in between may be passed over for good.
    pub skip: bool,
    /// Whether orphaned epochs are to be taken off the chain first.
    pub reopen: bool,
    /// Folders of other settlers' sealed epochs.
    pub from: Vec<PathBuf>,
    /// What adds up the receipts.
    pub engine: Choice,
}

/// One epoch that was settled.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its folder.
    pub artefact: Artefact,
    /// How far it came.
    pub stage: Stage,
    /// What became of the post.
    pub posted: Posted,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Orphaned epochs that were reopened.
    pub reopened: Vec<u64>,
    /// Epochs that were settled, in order.
    pub settled: Vec<Settled>,
    /// Why there was nothing more to do.
    pub rest: String,
}

/// Takes the lock of settlements; a busy one is exit 75.
///
/// # Errors
/// Exit 75 if another settlement runs.
pub fn lock(store: &Store) -> Outcome<Lock> {
    store.lock().map_err(busy)
}

/// An error of the store as the end of a command: a lock that is taken is exit 75.
#[must_use]
pub fn busy(error: StoreError) -> Failure {
    match error {
        busy @ StoreError::Busy(_) => Failure { exit: Exit::Temporary, error: busy.into() },
        other => other.into(),
    }
}

/// Settles what is asked for. `progress` hears of every stage reached.
///
/// # Errors
/// By kind: see [`crate::outcome::Exit`].
pub fn run(
    store: &mut Store,
    sender: &mut Sender,
    key: &Keypair,
    request: &Request,
    mut progress: impl FnMut(u64, Stage),
) -> Outcome<Report> {
    let _lock = lock(store)?;
    let mut report = Report::default();
    for (entry, end) in sender.resume()? {
        tracing::info!(purpose = entry.purpose, ?end, "an earlier run's transaction was found");
    }
    crash::point("settle.resumed");
    if request.epoch.is_none() {
        // A cron job with the wrong key is to be told before its first epoch is due.
        post::check_settler(sender.chain(), &key.pubkey())?;
    }
    if let Some(orphaned) = View::read(sender.chain())?.config.chain.orphaned_from {
        if !request.reopen {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "epoch {orphaned} was revoked and everything after it is orphaned; run again with --reopen to take it off the chain and post it anew"
                ),
            ));
        }
        report.reopened = post::reopen_orphans(sender, key)?;
    }
    loop {
        let view = View::read(sender.chain())?;
        let epoch = match (request.epoch, due::next(&view, store)?) {
            (Some(epoch), _) => {
                fetch_if_asked(store, sender.chain(), &view, epoch, &request.from)?;
                if let Some(settled) = confirmed(sender.chain(), store, epoch)? {
                    report.settled.push(settled);
                    report.rest = format!("epoch {epoch} is on chain already; nothing was posted");
                    return Ok(report);
                }
                due::check(&view, epoch, request.skip)?;
                epoch
            }
            (None, Next::Due(epoch)) => epoch,
            (None, Next::NotYet(epoch, from)) => {
                let wait = from.saturating_sub(view.now);
                report.rest = format!("epoch {epoch} comes next, in {wait} s by the chain's clock");
                return Ok(report);
            }
            (None, Next::NothingHeld) => {
                report.rest = "no batch is held yet: there is nothing to settle".to_owned();
                return Ok(report);
            }
        };
        post::check_permitted(sender.chain(), &view, &key.pubkey(), epoch)?;
        let mut watch = stages::Watch::start();
        let settled = settle_one(store, sender, key, &view, epoch, request, &mut |stage| {
            watch.reached(stage);
            progress(epoch, stage);
        });
        watch.keep(store.folder(), epoch);
        let settled = settled?;
        let is_in_force = settled.stage == Stage::Confirmed;
        if let Posted::Supported(_, support, threshold) = settled.posted {
            report.rest = format!(
                "epoch {epoch} has the support of {support} of {threshold} settlers; nothing more can be posted before it is in force"
            );
        }
        report.settled.push(settled);
        if request.epoch.is_some() || !is_in_force {
            return Ok(report);
        }
    }
}

/// Takes over the folder of an epoch that the chain holds, if one was given.
fn fetch_if_asked(store: &mut Store, chain: &dyn Chain, view: &View, epoch: u64, from: &[PathBuf]) -> Outcome {
    match root_in_force(deployment::epoch(chain, epoch)?.as_ref()) {
        Some((commitment, _)) if !from.is_empty() => adopt::fetch_missing(store, view, epoch, &commitment, from),
        _ => Ok(()),
    }
}

/// An epoch that the chain holds with the local commitment; a local folder of another one is a difference.
fn confirmed(chain: &dyn Chain, store: &Store, epoch: u64) -> Outcome<Option<Settled>> {
    let Some((commitment, _)) = root_in_force(deployment::epoch(chain, epoch)?.as_ref()) else { return Ok(None) };
    let root = store.epochs_folder();
    if let Some(artefact) = ancestors::find(&root, epoch, &commitment)? {
        return Ok(Some(Settled { artefact, stage: Stage::Confirmed, posted: Posted::Already }));
    }
    let folder = root.join(folder_name(epoch));
    if folder.is_dir() {
        post::is_in_force(chain, &Artefact::open(&folder)?)?;
    }
    parent(store, epoch, &commitment).map(|_| None)
}

fn settle_one(
    store: &mut Store,
    sender: &mut Sender,
    key: &Keypair,
    view: &View,
    epoch: u64,
    request: &Request,
    progress: &mut dyn FnMut(Stage),
) -> Outcome<Settled> {
    let Request { from, engine, .. } = request;
    let terms = terms(store, view, epoch, from)?;
    let attempt = deployment::epoch(sender.chain(), epoch)?.map_or(0, |account| account.attempt);
    let artefact = match build::published(store, &terms, attempt)? {
        Some(artefact) => artefact,
        None => {
            let sealed = seal::seal(store, &terms, attempt)?;
            build::build(store, &terms, &sealed, engine, &mut *progress)?
        }
    };
    let artefact = match adopt::better_candidate(store, sender.chain(), &terms, attempt, &artefact, from)? {
        Some(sealed) => build::build(store, &terms, &sealed, engine, &mut *progress)?,
        None => artefact,
    };
    crash::point("epoch.before_post");
    let posted = post::post(sender, key, &artefact)?;
    let stage = if matches!(posted, Posted::Supported(..)) { Stage::Posted } else { Stage::Confirmed };
    progress(Stage::Posted);
    if stage == Stage::Confirmed {
        seal::forget(store, epoch)?;
        progress(stage);
    }
    Ok(Settled { artefact, stage, posted })
}

/// Everything that an epoch rests on besides batches: the chain, and the folder of the parent that the chain names.
///
/// # Errors
/// Exit 75 if the parent's folder is not here.
pub fn terms(store: &mut Store, view: &View, epoch: u64, from: &[PathBuf]) -> Outcome<Terms> {
    let Some(head) = view.config.chain.head else { return view.terms(epoch, None) };
    adopt::fetch_missing(store, view, head.epoch, &head.commitment, from)?;
    view.terms(epoch, Some(parent(store, head.epoch, &head.commitment)?.to_parent()?))
}

/// The folder of an epoch that the chain names.
///
/// # Errors
/// Exit 75 if it is not here.
pub fn parent(store: &Store, epoch: u64, commitment: &Hash) -> Outcome<Artefact> {
    ancestors::find(&store.epochs_folder(), epoch, commitment)?.ok_or_else(|| {
        Failure::temporary(format!(
            "the folder of epoch {epoch} with the chain's commitment {} is not in {}; fetch it from another settler and run again with --from DIR",
            hex::encode(commitment),
            store.epochs_folder().display()
        ))
    })
}

/// What a settlement would lead to, without writing or sending anything.
#[derive(Debug)]
pub struct DryRun {
    /// The terms.
    pub terms: Terms,
    /// The settlement.
    pub settlement: radio_payouts_protocol::settlement::Settlement,
}

/// Settles one epoch in memory only.
///
/// # Errors
/// As [`run`].
pub fn dry_run(store: &Store, chain: &dyn Chain, epoch: Option<u64>, skip: bool) -> Outcome<Option<DryRun>> {
    let view = View::read(chain)?;
    let epoch = match (epoch, due::next(&view, store)?) {
        (Some(epoch), _) => {
            due::check(&view, epoch, skip)?;
            epoch
        }
        (None, Next::Due(epoch)) => epoch,
        (None, _) => return Ok(None),
    };
    let parent = match view.config.chain.head {
        Some(head) => Some(parent(store, head.epoch, &head.commitment)?.to_parent()?),
        None => None,
    };
    let terms = view.terms(epoch, parent)?;
    let settlement = source::settle(&terms, &seal::due(store, &terms)?, store)?;
    Ok(Some(DryRun { terms, settlement }))
}
