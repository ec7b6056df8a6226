//! Another settler's sealed epoch: checked by section 5.4, then taken over, batches first.
//!
//! The folder is verified from its batches; it must rest on the chain's terms and on the parent as this settler has it;
//! every batch that this settler received before `end + grace` must be in it, and no equivocation that this settler
//! knows may be ignored ([`complete`]). A batch that came later may be in or out: the candidate decides. Everything in
//! it is stored here before it is supported.

use std::path::{Path, PathBuf};

use radio_payouts_client::address;
use radio_payouts_client::state::Candidate;
use radio_payouts_protocol::batch::Answer;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;

use super::view::{View, root_in_force};
use super::{audit, seal};
use crate::artefact::manifest::ParentJson;
use crate::artefact::source::BatchSource as _;
use crate::artefact::verify::{Fault, Recomputed};
use crate::artefact::{Artefact, Terms, ancestors, differ, folder_name, sfu_name};
use crate::chain::{Chain, deployment};
use crate::outcome::{Failure, Outcome};
use crate::store::Store;
use crate::store::intake::Intake;

pub mod complete;
pub mod fetch;
pub mod stops;

pub use fetch::fetch_missing;
pub use stops::LowerStop;

/// Folders of others that may hold an epoch: the given ones themselves, or below them by name.
#[must_use]
pub fn folders(from: &[PathBuf], epoch: u64) -> Vec<PathBuf> {
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
        let checked = check(store, &view, terms, &folder)?;
        return take_over(store, &view, terms, attempt, &checked).map(Some);
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

/// A folder that holds by section 5.4, not yet stored.
pub struct Checked {
    /// The folder, recomputed.
    pub recomputed: Recomputed,
    /// Stops that this settler could prove to be lower than the candidate's; the candidate may leave them out.
    pub lower_stops: Vec<LowerStop>,
}

/// Checks a folder by section 5.4. Writes nothing.
///
/// # Errors
/// Exit 3 with the first difference.
pub fn check(store: &Store, view: &View, terms: &Terms, folder: &Path) -> Outcome<Checked> {
    let doing = |failure: Failure| failure.context(format!("{} was not adopted", folder.display()));
    check_folder(store, view, terms, folder).map_err(doing)
}

fn check_folder(store: &Store, view: &View, terms: &Terms, folder: &Path) -> Outcome<Checked> {
    let recomputed = Recomputed::from_folder(folder).map_err(failure)?;
    audit::compare_terms(&recomputed.artefact, view).map_err(failure)?;
    if !seal::rests_on(&recomputed.artefact.manifest, terms)? {
        return Err(Failure::difference("it rests on another parent, registry or parameters than the chain's"));
    }
    compare_parent(&recomputed, terms)?;
    require_judged_once(store, &recomputed, terms)?;
    let due = seal::due(store, terms)?;
    let lower_stops = stops::lower_stops(store, view, terms, &recomputed, &due)?;
    complete::require_complete(store, view, terms, &recomputed, &due, &lower_stops)?;
    Ok(Checked { recomputed, lower_stops })
}

/// The parent's state in the folder is the one of this settler's own folder of the parent.
fn compare_parent(recomputed: &Recomputed, terms: &Terms) -> Outcome {
    let json = |terms: &Terms| serde_json::to_value(terms.parent.as_ref().map(ParentJson::from));
    match differ::json(&json(&recomputed.terms)?, &json(terms)?) {
        None => Ok(()),
        Some(difference) => {
            let difference = difference.replacen("field ", "field parent.", 1).replace("recomputed", "here");
            Err(Failure::difference(format!("manifest.json: {difference}")))
        }
    }
}

/// Every batch in the folder is judged by this epoch, and was judged by no ancestor.
fn require_judged_once(store: &Store, recomputed: &Recomputed, terms: &Terms) -> Outcome {
    let judged: std::collections::BTreeSet<_> =
        recomputed.settlement.seals.iter().flat_map(|seal| &seal.judged).map(|judged| judged.header.hash).collect();
    let (root, states) = (store.epochs_folder(), terms.states());
    for header in &recomputed.headers {
        let which = format!("SFU {}, seq {}", sfu_name(&header.sfu_key), header.seq);
        if !judged.contains(&header.hash) {
            return Err(Failure::difference(format!(
                "{which}: the batch ends after the epoch, or its SFU is not registered for it"
            )));
        }
        let Some(parent) = &terms.parent else { continue };
        let state = states.get(&header.sfu_key);
        let is_open = state.is_none_or(|state| header.seq > state.cursor || state.gaps.contains(header.seq));
        let parent = (parent.state.epoch, parent.state.commitment);
        if !is_open && ancestors::was_judged(&root, parent, &header.sfu_key, header.seq, &header.hash)? {
            return Err(Failure::difference(format!("{which}: an earlier epoch judged this batch")));
        }
    }
    Ok(())
}

/// Stores the batches of a checked folder and fixes them as those that the epoch judges.
///
/// # Errors
/// If one cannot be stored.
pub fn take_over(
    store: &mut Store,
    view: &View,
    terms: &Terms,
    attempt: u32,
    checked: &Checked,
) -> Outcome<seal::Sealed> {
    let recomputed = &checked.recomputed;
    let folder = recomputed.artefact.folder.display().to_string();
    store_all(store, view, recomputed).map_err(|failure| failure.context(format!("{folder} was not adopted")))?;
    let mut batches = recomputed.headers.clone();
    batches.sort_unstable_by_key(|header| (header.sfu_key, header.seq, header.hash));
    let sealed = seal::Sealed { epoch: terms.epoch, attempt, terms: seal::terms_hash(terms)?, batches };
    seal::write(store, &sealed)?;
    Ok(sealed)
}

/// Stores every batch of a folder.
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

/// A fault as the end of a command.
#[must_use]
pub fn failure(fault: Fault) -> Failure {
    match fault {
        Fault::Difference(difference) => Failure::difference(difference),
        Fault::Failed(error) => Failure::from(error),
    }
}
