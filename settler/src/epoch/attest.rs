//! Attesting: supporting another settler's candidate after checking it by section 5.4 in full.
//!
//! What is supported is a candidate on chain; the folder only shows that it is right. Its batches are stored here, its
//! epoch is built here from them, and the statement that is sent is that of our own build. A candidate that is not
//! right is refused with the first difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radio_payouts_client::state::Settler;
use solana_keypair::Keypair;
use solana_signer::Signer as _;

use super::adopt::{self, LowerStop, folders};
use super::candidate::{self, Supported};
use super::post::{self, Posted};
use super::view::{View, root_in_force};
use super::{build, seal, settle};
use crate::artefact::{Artefact, Terms, ancestors};
use crate::chain::{Chain, Sender, deployment};
use crate::crash;
use crate::engine::Choice;
use crate::outcome::{Failure, Outcome};
use crate::store::Store;

const NOTHING_WAITS: &str = "no candidate on chain waits for support, or none of their folders was given";

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// This epoch; without it, every epoch of which a candidate's folder is given.
    pub epoch: Option<u64>,
    /// Folders of other settlers' sealed epochs.
    pub from: Vec<PathBuf>,
}

/// A candidate that was looked at and holds.
#[derive(Clone, Debug)]
pub struct Attested {
    /// Its folder, ours if we have built it.
    pub artefact: Artefact,
    /// What became of it; `None` in a dry run.
    pub posted: Option<Posted>,
    /// Stops that could be proven to be lower, and may be left out.
    pub lower_stops: Vec<LowerStop>,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Candidates by epoch.
    pub attested: Vec<Attested>,
    /// Why there was nothing more to do.
    pub rest: String,
}

/// Attests to what is asked for.
///
/// # Errors
/// Exit 3 with the first difference, exit 4 if the key is no settler's, exit 75 if there is no candidate yet.
pub fn run(store: &mut Store, sender: &mut Sender, key: &Keypair, request: &Request) -> Outcome<Report> {
    let _lock = settle::lock(store)?;
    sender.resume()?;
    crash::point("attest.resumed");
    let mut report = Report::default();
    let mut done = BTreeSet::new();
    loop {
        let view = View::read(sender.chain())?;
        let settler = permitted(sender.chain(), &view, key, request)?;
        if let Some(epoch) = request.epoch
            && let Some(artefact) = in_force(store, sender.chain(), &view, epoch, &request.from)?
        {
            report.rest = format!("epoch {epoch} is in force with this commitment already; nothing was sent");
            let posted = Some(Posted::Already);
            report.attested.push(Attested { artefact, posted, lower_stops: Vec::new() });
            return Ok(report);
        }
        let Some((candidate, folder)) = next(sender.chain(), &view, Some(&settler), request, &done)? else {
            report.rest = rest(sender.chain(), &view, &settler, &report)?;
            return Ok(report);
        };
        done.insert(candidate.epoch);
        report.attested.push(attest(store, sender, key, &view, &candidate, &folder, request)?);
        if request.epoch.is_some() {
            return Ok(report);
        }
    }
}

/// Checks what would be attested to, and writes and sends nothing.
///
/// # Errors
/// As [`run`].
pub fn dry_run(store: &Store, chain: &dyn Chain, request: &Request) -> Outcome<Report> {
    let view = View::read(chain)?;
    let mut report = Report::default();
    let Some((candidate, folder)) = next(chain, &view, None, request, &BTreeSet::new())? else {
        report.rest = NOTHING_WAITS.to_owned();
        return Ok(report);
    };
    let parent = match view.config.chain.head {
        Some(head) => Some(settle::parent(store, head.epoch, &head.commitment)?.to_parent()?),
        None => None,
    };
    let checked = adopt::check(store, &view, &view.terms(candidate.epoch, parent)?, &folder)?;
    let artefact = checked.recomputed.artefact;
    report.attested.push(Attested { artefact, posted: None, lower_stops: checked.lower_stops });
    report.rest = "dry run: nothing was written or sent".to_owned();
    Ok(report)
}

fn permitted(chain: &dyn Chain, view: &View, key: &Keypair, request: &Request) -> Outcome<Settler> {
    let next = view.config.chain.head.map_or(0, |head| head.epoch.saturating_add(1));
    post::check_permitted(chain, view, &key.pubkey(), request.epoch.unwrap_or(next))
}

/// Why nothing more is attested to.
fn rest(chain: &dyn Chain, view: &View, settler: &Settler, report: &Report) -> Outcome<String> {
    let waiting = candidate::supported(chain, view)?;
    Ok(match waiting.iter().find(|one| candidate::supports(settler, view, one)) {
        Some(one) => format!(
            "this settler supports a candidate of epoch {} already, as {} of {} settlers",
            one.epoch, one.support, view.config.times.attestation_threshold
        ),
        None if report.attested.is_empty() => NOTHING_WAITS.to_owned(),
        None => "no other candidate waits for support".to_owned(),
    })
}

/// The folder of an epoch whose root is in force; one with another commitment is a difference.
fn in_force(
    store: &mut Store,
    chain: &dyn Chain,
    view: &View,
    epoch: u64,
    from: &[PathBuf],
) -> Outcome<Option<Artefact>> {
    let Some((commitment, _)) = root_in_force(deployment::epoch(chain, epoch)?.as_ref()) else { return Ok(None) };
    adopt::fetch_missing(store, view, epoch, &commitment, from)?;
    if let Some(artefact) = ancestors::find(&store.epochs_folder(), epoch, &commitment)? {
        return Ok(Some(artefact));
    }
    for folder in folders(from, epoch) {
        post::is_in_force(chain, &Artefact::open(&folder)?)?;
    }
    settle::parent(store, epoch, &commitment).map(Some)
}

/// The next candidate to attest to, with its folder.
///
/// An epoch asked for by number is attested to where its folder is given, whatever this settler supported before. Otherwise a settler that
/// supports a candidate of the epoch gives way only to one that stands before it in the order of [`candidate::supported`].
fn next(
    chain: &dyn Chain,
    view: &View,
    settler: Option<&Settler>,
    request: &Request,
    done: &BTreeSet<u64>,
) -> Outcome<Option<(Supported, PathBuf)>> {
    let waiting = candidate::supported(chain, view)?;
    let is_asked =
        |one: &&Supported| request.epoch.is_none_or(|epoch| one.epoch == epoch) && !done.contains(&one.epoch);
    let mut settled = done.clone();
    for one in waiting.iter().filter(is_asked) {
        let is_ours = settler.is_some_and(|settler| candidate::supports(settler, view, one));
        if is_ours && request.epoch.is_none() {
            settled.insert(one.epoch);
        }
        if settled.contains(&one.epoch) {
            continue;
        }
        if let Some(folder) = folder_of(view, &request.from, one) {
            return Ok(Some((*one, folder)));
        }
    }
    let Some(epoch) = request.epoch else { return Ok(None) };
    Err(not_found(view, epoch, &waiting, &request.from))
}

/// The folder of a candidate that may still come into force.
fn folder_of(view: &View, from: &[PathBuf], candidate: &Supported) -> Option<PathBuf> {
    let found = artefacts(from, candidate.epoch)
        .find(|artefact| artefact.manifest.commitment == candidate.commitment && !is_void(view, artefact));
    found.map(|artefact| artefact.folder)
}

/// Folders given for an epoch.
fn artefacts(from: &[PathBuf], epoch: u64) -> impl Iterator<Item = Artefact> {
    let opened = folders(from, epoch).into_iter().filter_map(|folder| Artefact::open(&folder).ok());
    opened.filter(move |artefact| artefact.manifest.statement.epoch == epoch)
}

/// Whether registry or head have moved since: then nobody can support it any more, whatever it says.
fn is_void(view: &View, artefact: &Artefact) -> bool {
    let statement = &artefact.manifest.statement;
    statement.registry_version != view.config.registry_version || statement.parent != view.config.chain.parent()
}

fn not_found(view: &View, epoch: u64, waiting: &[Supported], from: &[PathBuf]) -> Failure {
    let candidates: Vec<_> = waiting.iter().filter(|one| one.epoch == epoch).map(|one| one.commitment).collect();
    if candidates.is_empty() {
        return Failure::temporary(format!("no settler has posted a candidate for epoch {epoch} yet"));
    }
    let listed: Vec<String> = candidates.iter().map(hex::encode).collect();
    let listed = listed.join(", ");
    let given: Vec<Artefact> = artefacts(from, epoch).collect();
    if given.iter().any(|artefact| candidates.contains(&artefact.manifest.commitment) && is_void(view, artefact)) {
        return Failure::temporary(format!(
            "the candidate of epoch {epoch} was posted under another registry or head than the chain's; its settler has to post it anew"
        ));
    }
    match given.first() {
        Some(artefact) => Failure::difference(format!(
            "{} leads to commitment {}, which no settler supports on chain; supported for epoch {epoch}: {listed}",
            artefact.folder.display(),
            hex::encode(artefact.manifest.commitment)
        )),
        None => Failure::usage(format!(
            "no folder of epoch {epoch} is in what --from names; the candidates on chain are {listed}"
        )),
    }
}

fn attest(
    store: &mut Store,
    sender: &mut Sender,
    key: &Keypair,
    view: &View,
    candidate: &Supported,
    folder: &Path,
    request: &Request,
) -> Outcome<Attested> {
    let terms = settle::terms(store, view, candidate.epoch, &request.from)?;
    let checked = adopt::check(store, view, &terms, folder)?;
    let artefact = build_own(store, view, &terms, candidate, &checked)?;
    crash::point("attest.before_post");
    let posted = post::post(sender, key, &artefact)?;
    if !matches!(posted, Posted::Supported(..)) {
        seal::forget(store, candidate.epoch)?;
    }
    Ok(Attested { artefact, posted: Some(posted), lower_stops: checked.lower_stops })
}

/// Stores the candidate's batches and builds its epoch from them; what was built already is used.
fn build_own(
    store: &mut Store,
    view: &View,
    terms: &Terms,
    candidate: &Supported,
    checked: &adopt::Checked,
) -> Outcome<Artefact> {
    if let Some(built) = build::published(store, terms, candidate.attempt)?
        && built.manifest.commitment == candidate.commitment
    {
        return Ok(built);
    }
    let sealed = adopt::take_over(store, view, terms, candidate.attempt, checked)?;
    crash::point("attest.taken_over");
    let built = build::build(store, terms, &sealed, &Choice::Auto, |_| {})?;
    if built.manifest.commitment == candidate.commitment {
        return Ok(built);
    }
    Err(Failure::difference(format!(
        "epoch {}: the candidate's batches lead to commitment {} here, not to {}",
        candidate.epoch,
        hex::encode(built.manifest.commitment),
        hex::encode(candidate.commitment)
    )))
}
