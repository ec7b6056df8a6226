//! Another settler's sealed epoch: checked by section 5.4, then taken over, batches first.
//!
//! The folder is verified from its batches; every batch that this settler received before `end + grace` must be in it,
//! and no equivocation that this settler knows may be ignored. A batch that came later may be in or out: the
//! candidate decides. Everything in it is stored here before it is supported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radio_payouts_client::address;
use radio_payouts_client::state::Candidate;
use radio_payouts_protocol::batch::{Answer, BatchHeader};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;

use super::view::{View, root_in_force};
use super::{audit, build, seal};
use crate::artefact::source::BatchSource as _;
use crate::artefact::verify::{Fault, Recomputed};
use crate::artefact::{Artefact, Terms, ancestors, folder_name, sfu_name};
use crate::chain::{Chain, deployment};
use crate::outcome::{Failure, Outcome};
use crate::store::Store;
use crate::store::intake::Intake;

/// Folders of others that may hold an epoch: the given ones themselves, or below them by name.
fn folders(from: &[PathBuf], epoch: u64) -> Vec<PathBuf> {
    let name = folder_name(epoch);
    let places = from.iter().flat_map(|given| [given.clone(), given.join(&name), given.join("epochs").join(&name)]);
    places.filter(|folder| folder.join("manifest.json").is_file()).collect()
}

/// If another settler's candidate has support, or is in force, and differs from ours, and its folder was given and
/// holds by section 5.4: the batches that it judges, stored here. `None` if ours stands.
///
/// # Errors
/// Exit 3 if the folder is given and does not hold.
pub fn better_candidate(
    store: &mut Store,
    chain: &dyn Chain,
    terms: &Terms,
    attempt: u32,
    ours: &Artefact,
    from: &[PathBuf],
) -> Outcome<Option<seal::Sealed>> {
    for folder in folders(from, terms.epoch) {
        let Ok(theirs) = Artefact::open(&folder) else { continue };
        let commitment = theirs.manifest.commitment;
        if theirs.manifest.statement.epoch != terms.epoch
            || commitment == ours.manifest.commitment
            || !has_support(chain, terms.epoch, &commitment)?
        {
            continue;
        }
        let view = View::read(chain)?;
        return adopt(store, &view, terms, attempt, &folder).map(Some);
    }
    Ok(None)
}

/// Whether the chain holds this commitment, or a candidate of that commitment has support.
fn has_support(chain: &dyn Chain, epoch: u64, commitment: &Hash) -> Outcome<bool> {
    let account = deployment::epoch(chain, epoch)?;
    if let Some((in_force, _)) = root_in_force(account.as_ref()) {
        return Ok(in_force == *commitment);
    }
    let attempt = account.map_or(0, |account| account.attempt);
    let candidate: Option<Candidate> = deployment::read(chain, &address::candidate_address(epoch, commitment))?;
    Ok(candidate.is_some_and(|candidate| candidate.attempt == attempt && candidate.support > 0 && !candidate.banned))
}

/// Checks a folder by section 5.4 and stores its batches.
fn adopt(store: &mut Store, view: &View, terms: &Terms, attempt: u32, folder: &Path) -> Outcome<seal::Sealed> {
    let doing = |failure: Failure| failure.context(format!("{} was not adopted", folder.display()));
    let recomputed = Recomputed::from_folder(folder).map_err(|fault| doing(failure(fault)))?;
    audit::compare_terms(&recomputed.artefact, view).map_err(|fault| doing(failure(fault)))?;
    if !seal::rests_on(&recomputed.artefact.manifest, terms)? {
        return Err(doing(Failure::difference("it rests on another parent, registry or parameters than the chain's")));
    }
    require_complete(store, view, terms, &recomputed.headers).map_err(doing)?;
    store_all(store, view, &recomputed).map_err(doing)?;
    let mut batches = recomputed.headers;
    batches.sort_unstable_by_key(|header| (header.sfu_key, header.seq, header.hash));
    let sealed = seal::Sealed { epoch: terms.epoch, attempt, terms: seal::terms_hash(terms)?, batches };
    seal::write(store, &sealed)?;
    Ok(sealed)
}

/// Every due batch received in time is in it, and no known equivocation is ignored.
fn require_complete(store: &Store, view: &View, terms: &Terms, theirs: &[BatchHeader]) -> Outcome {
    let judged: BTreeSet<_> = theirs.iter().map(|header| (header.sfu_key, header.seq, header.hash)).collect();
    let deadline_ms =
        u64::try_from(super::due::postable_from(view, terms.epoch)?).unwrap_or_default().saturating_mul(1_000);
    let due = seal::due(store, terms)?;
    for (place, header) in due.iter().enumerate() {
        if judged.contains(&(header.sfu_key, header.seq, header.hash)) {
            continue;
        }
        let which = format!("SFU {}, seq {}", sfu_name(&header.sfu_key), header.seq);
        let received_ms = store.index().find(&header.hash)?.map_or(0, |located| located.received_ms);
        if received_ms < deadline_ms {
            return Err(Failure::difference(format!(
                "{which}: the batch was received here before the grace ended and is left out"
            )));
        }
        let is_equivocation = due
            .iter()
            .enumerate()
            .any(|(other, twin)| other != place && (twin.sfu_key, twin.seq) == (header.sfu_key, header.seq));
        if is_equivocation {
            return Err(Failure::difference(format!(
                "{which}: two batches were signed under this number, and one is ignored"
            )));
        }
    }
    Ok(())
}

fn store_all(store: &mut Store, view: &View, recomputed: &Recomputed) -> Outcome {
    let clock = || u64::try_from(view.now).unwrap_or_default().saturating_mul(1_000);
    // Stops do not matter: what is in force must be here, whatever its SFU did since.
    let stops = recomputed.terms.registry.iter().map(|sfu| (sfu.key, u64::MAX)).collect();
    let intake = Intake { domain: Domain::from_bytes(view.config.domain), stops, clock: &clock };
    let origin = recomputed.artefact.folder.display().to_string();
    for headers in recomputed.headers.chunks(1_024) {
        let envelopes: Vec<_> =
            headers.iter().map(|header| recomputed.batches.envelope(header)).collect::<Result<_, _>>()?;
        let answers = intake.hold(store, &origin, envelopes)?;
        for (header, answer) in headers.iter().zip(answers) {
            let is_here = matches!(answer, Answer::Held) || store.index().find(&header.hash)?.is_some();
            if !is_here {
                return Err(Failure::difference(format!(
                    "SFU {}, seq {}: the batch cannot be stored here: {}",
                    sfu_name(&header.sfu_key),
                    header.seq,
                    answer.explanation()
                )));
            }
        }
    }
    Ok(())
}

/// Takes over the folders of epochs that the chain holds and this settler does not have, oldest first.
///
/// # Errors
/// Exit 75 if one is needed and not given, exit 3 if one does not hold.
pub fn fetch_missing(store: &mut Store, view: &View, epoch: u64, commitment: &Hash, from: &[PathBuf]) -> Outcome {
    let (mut wanted, mut missing) = (Some((epoch, *commitment)), Vec::new());
    while let Some((epoch, commitment)) = wanted {
        if ancestors::find(&store.epochs_folder(), epoch, &commitment)?.is_some() {
            break;
        }
        let found = folders(from, epoch).into_iter().find_map(|folder| {
            Artefact::open(&folder).ok().filter(|artefact| artefact.manifest.commitment == commitment)
        });
        // Without it, the caller says what is missing.
        let Some(artefact) = found else { return Ok(()) };
        wanted = artefact.manifest.parent.as_ref().map(|parent| (parent.statement.epoch, parent.commitment));
        missing.push(artefact);
    }
    for artefact in missing.into_iter().rev() {
        let recomputed = Recomputed::from_folder(&artefact.folder).map_err(failure)?;
        recomputed.compare_files().map_err(failure)?;
        store_all(store, view, &recomputed)?;
        let mut batches = recomputed.headers.clone();
        batches.sort_unstable_by_key(|header| (header.sfu_key, header.seq, header.hash));
        let terms = &recomputed.terms;
        let sealed = seal::Sealed { epoch: terms.epoch, attempt: 0, terms: seal::terms_hash(terms)?, batches };
        build::build(store, terms, &sealed, |_| {})?;
        seal::forget(store, terms.epoch)?;
    }
    Ok(())
}

/// A fault as the end of a command.
#[must_use]
pub fn failure(fault: Fault) -> Failure {
    match fault {
        Fault::Difference(difference) => Failure::difference(difference),
        Fault::Failed(error) => Failure::from(error),
    }
}
