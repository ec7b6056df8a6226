//! Stage Sealed: which batches are judged, under which terms, written down before anything is computed.
//!
//! Batches that arrive while an epoch is being settled would lead to another commitment after a crash; the list
//! fixes them. It is made anew only if the terms have changed (another parent, registry or parameters).

use std::path::{Path, PathBuf};

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use radio_payouts_protocol::seal::SfuState;
use serde::{Deserialize, Serialize};

use crate::artefact::manifest::Manifest;
use crate::artefact::{Terms, ancestors, folder_name};
use crate::outcome::Outcome;
use crate::store::due::headers;
use crate::store::{Store, durable};

/// The content of `sealed.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The epoch.
    #[serde(with = "json")]
    pub epoch: u64,
    /// The epoch's attempt: after a revocation everything is looked at anew.
    pub attempt: u32,
    /// Hash over the terms.
    #[serde(with = "json::hex32")]
    pub terms: Hash,
    /// The batches to judge, by (SFU, seq, hash).
    pub batches: Vec<BatchHeader>,
}

/// The folder of an epoch's settlement under way.
#[must_use]
pub fn work_folder(store: &Store, epoch: u64) -> PathBuf {
    store.folder().join("work").join(folder_name(epoch))
}

/// Hash over everything that an epoch rests on besides batches. The parent's history is in its commitment.
///
/// # Errors
/// Never for terms of ours.
pub fn terms_hash(terms: &Terms) -> anyhow::Result<Hash> {
    let parent = terms.parent.as_ref().map(|parent| hex::encode(parent.state.commitment));
    let document = serde_json::to_vec(&(
        terms.deployment,
        terms.epoch.to_string(),
        terms.params,
        terms.params_version,
        &terms.versions,
        terms.registry_version,
        &terms.registry,
        parent,
    ))?;
    Ok(sha256(&[&document]))
}

/// The batches that the epoch has to judge: fixed by an earlier run under the same terms, or found now.
///
/// # Errors
/// If the store fails, or an ancestor's folder is needed and away.
pub fn seal(store: &Store, terms: &Terms, attempt: u32) -> Outcome<Sealed> {
    if let Some(sealed) = earlier(store, terms, attempt)? {
        return Ok(sealed);
    }
    let sealed = Sealed { epoch: terms.epoch, attempt, terms: terms_hash(terms)?, batches: due(store, terms)? };
    write(store, &sealed)?;
    Ok(sealed)
}

/// What an earlier run sealed for this attempt under the same terms.
///
/// # Errors
/// If the file cannot be read.
pub fn earlier(store: &Store, terms: &Terms, attempt: u32) -> Outcome<Option<Sealed>> {
    let (epoch, hash) = (terms.epoch, terms_hash(terms)?);
    let sealed = read(&work_folder(store, epoch).join("sealed.json"))?;
    Ok(sealed.filter(|sealed| (sealed.epoch, sealed.attempt, sealed.terms) == (epoch, attempt, hash)))
}

/// Removes what a settlement needed only until its epoch was on chain.
///
/// # Errors
/// If the folder cannot be removed.
pub fn forget(store: &Store, epoch: u64) -> Outcome {
    Ok(durable::remove_folder(&work_folder(store, epoch))?)
}

/// Fixes the batches of an epoch.
///
/// # Errors
/// If the file cannot be written.
pub fn write(store: &Store, sealed: &Sealed) -> Outcome {
    let path = work_folder(store, sealed.epoch).join("sealed.json");
    durable::write(&path, &serde_json::to_vec_pretty(sealed)?)?;
    Ok(())
}

fn read(path: &Path) -> Outcome<Option<Sealed>> {
    match durable::read(path) {
        // A file of another version is made anew.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The held batches with `to <= end(e)` that no ancestor judged, by (SFU, seq, hash).
///
/// # Errors
/// If the store fails, or an ancestor's folder is needed and away.
pub fn due(store: &Store, terms: &Terms) -> Outcome<Vec<BatchHeader>> {
    let end_ms = end_ms(terms)?;
    let (root, states, untouched) = (store.epochs_folder(), terms.states(), SfuState::default());
    let parent = terms.parent.as_ref().map(|parent| (parent.state.epoch, parent.state.commitment));
    let mut batches = Vec::new();
    for sfu in &terms.registry {
        let state = states.get(&sfu.key).unwrap_or(&untouched);
        let due = store.due(&sfu.key, state, end_ms, |seq, hash| -> anyhow::Result<bool> {
            match parent {
                Some(parent) => ancestors::was_judged(&root, parent, &sfu.key, seq, hash),
                None => Ok(false),
            }
        })?;
        batches.extend(headers(&due));
    }
    Ok(batches)
}

/// The end of the epoch in milliseconds.
///
/// # Errors
/// If it lies beyond the calendar.
pub fn end_ms(terms: &Terms) -> anyhow::Result<u64> {
    let end = terms.deployment.calendar()?.end_ms(terms.epoch);
    end.ok_or_else(|| anyhow::anyhow!("epoch {} lies beyond the calendar", terms.epoch))
}

/// Whether a published manifest rests on these terms.
///
/// # Errors
/// Never for terms of ours.
pub fn rests_on(manifest: &Manifest, terms: &Terms) -> anyhow::Result<bool> {
    let parent = terms.parent.clone();
    let published = Terms { parent, ..manifest.terms(radio_payouts_protocol::history::History::default()) };
    let same_parent =
        manifest.statement.parent == terms.parent.as_ref().map_or([0; 32], |parent| parent.state.commitment);
    Ok(same_parent && terms_hash(&published)? == terms_hash(terms)?)
}
