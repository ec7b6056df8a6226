//! The checkpoint after the first pass of an epoch from streams. A settlement that is killed after it goes on with the second pass, whatever
//! engine it is then given: none is asked any more.
//!
//! ```text
//! work/epoch-000042/staging/                    the files so far
//! work/epoch-000042/aggregated/weights          everybody's weight
//! work/epoch-000042/aggregated/checkpoint.json  what both must be, and the sums; written when they are durable
//! ```
//!
//! It is believed as far as hashes go: it names what it rests on, every file with its hash, and itself. Whatever differs, the epoch begins
//! anew. Who can write into the settler's folder could forge all of them together, as it could forge the folder that is published.

use std::path::{Path, PathBuf};

use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use serde::{Deserialize, Serialize};

use super::seal::{Sealed, terms_hash};
use crate::artefact::Terms;
use crate::artefact::digest::Digesting;
use crate::artefact::manifest::ParentJson;
use crate::artefact::streamed::{Aggregated, Heard};
use crate::outcome::Outcome;
use crate::output::note;
use crate::store::durable::{self, FileError};

pub mod files;

/// The one format of this version. It changes with what the first pass writes, whatever the version of the settler.
pub const FORMAT: &str = "radio-payouts/checkpoint/v1";
/// The version of the settler: another one begins anew.
const SETTLER: &str = env!("CARGO_PKG_VERSION");

/// The content of `checkpoint.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    /// [`FORMAT`].
    format: String,
    /// The settler that wrote it.
    settler: String,
    /// Hash over terms and sealed batches.
    #[serde(with = "json::hex32")]
    rests_on: Hash,
    /// What the first pass came to.
    aggregated: Aggregated,
    /// Hash of this document with zeros here.
    #[serde(with = "json::hex32")]
    sha256: Hash,
}

impl Checkpoint {
    /// The document's bytes, with its hash.
    fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let without = Self { sha256: [0; 32], ..self.clone() };
        let sha256 = sha256(&[&serde_json::to_vec_pretty(&without)?]);
        serde_json::to_vec_pretty(&Self { sha256, ..without })
    }

    /// What the first pass came to, if these are the bytes that this settler writes for it.
    fn parse(bytes: &[u8], rests_on: Hash) -> Result<Aggregated, String> {
        let read: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("checkpoint.json is damaged: {error}"))?;
        if (read.format.as_str(), read.settler.as_str()) != (FORMAT, SETTLER) {
            return Err(format!("it was written by version {} in format {}", read.settler, read.format));
        }
        if read.to_bytes().map_err(|error| error.to_string())? != bytes {
            return Err("checkpoint.json is damaged".to_owned());
        }
        if read.rests_on != rests_on {
            return Err("it rests on other terms or batches".to_owned());
        }
        Ok(read.aggregated)
    }
}

/// The folder of files that become the epoch's.
#[must_use]
pub fn staging(work: &Path) -> PathBuf {
    work.join("staging")
}

/// The file that takes everybody's weight.
#[must_use]
pub fn spill(work: &Path) -> PathBuf {
    folder(work).join("weights")
}

fn folder(work: &Path) -> PathBuf {
    work.join("aggregated")
}

fn path(work: &Path) -> PathBuf {
    folder(work).join("checkpoint.json")
}

/// Removes what an earlier run left, and makes the folders that a first pass needs.
///
/// # Errors
/// [`FileError`].
pub fn begin_anew(work: &Path) -> Outcome {
    // The checkpoint goes first: what it names is not there for long.
    durable::remove_folder(&folder(work))?;
    durable::remove_folder(&staging(work))?;
    durable::create_folder(&folder(work))?;
    Ok(durable::create_folder(&staging(work))?)
}

/// Removes the checkpoint of an epoch that is published.
///
/// # Errors
/// [`FileError`].
pub fn forget(work: &Path) -> Outcome {
    Ok(durable::remove_folder(&folder(work))?)
}

/// Makes durable what the first pass wrote, and then a checkpoint that names it.
///
/// # Errors
/// [`FileError`]; there is then no checkpoint.
pub fn write(work: &Path, terms: &Terms, sealed: &Sealed, aggregated: &Aggregated) -> Outcome {
    // All other files were synced as they were written.
    let spill = spill(work);
    let synced = std::fs::File::open(&spill).and_then(|file| file.sync_all());
    synced.map_err(|error| FileError::new("write", &spill, error))?;
    for folder in [staging(work).join("batches"), staging(work), folder(work)] {
        durable::sync_folder(&folder)?;
    }
    let checkpoint = Checkpoint {
        format: FORMAT.to_owned(),
        settler: SETTLER.to_owned(),
        rests_on: rests_on(terms, sealed)?,
        aggregated: aggregated.clone(),
        sha256: [0; 32],
    };
    Ok(durable::write(&path(work), &checkpoint.to_bytes()?)?)
}

/// What an earlier run came to over the same terms and batches, if everything that it wrote is there as it was. Says on stderr that it
/// is used, or why not; what no checkpoint names is then no longer in the staging folder.
///
/// # Errors
/// Never for terms of ours.
pub fn find(work: &Path, terms: &Terms, sealed: &Sealed, heard: Heard<'_>) -> Outcome<Option<Aggregated>> {
    let bytes = match durable::read(&path(work)) {
        Err(error) if error.is_missing() => return Ok(None),
        read => read.map_err(|error| format!("{:#}", anyhow::Error::from(error))),
    };
    let rests_on = rests_on(terms, sealed)?;
    let found = bytes.and_then(|bytes| Checkpoint::parse(&bytes, rests_on)).and_then(|aggregated| {
        files::check(&staging(work), &spill(work), &aggregated, heard)?;
        files::keep_only(&staging(work), &aggregated.kept())
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        Ok(aggregated)
    });
    let epoch = terms.epoch;
    match found {
        Ok(aggregated) => {
            let contributors = aggregated.weighed.contributors;
            note(format_args!(
                "epoch {epoch}: resumes after aggregated, with the weights of {contributors} contributors"
            ));
            Ok(Some(aggregated))
        }
        Err(why) => {
            note(format_args!("epoch {epoch}: begins anew, the checkpoint of an earlier run does not count: {why}"));
            Ok(None)
        }
    }
}

/// Hash over everything that the result follows from: all terms, the parent's state, and the batches to judge. Engine and rows are none of
/// it: the result is the same with every one.
fn rests_on(terms: &Terms, sealed: &Sealed) -> anyhow::Result<Hash> {
    let parent = terms.parent.as_ref().map(ParentJson::from);
    let mut digest = Digesting::new(std::io::sink());
    serde_json::to_writer(&mut digest, &(hex::encode(terms_hash(terms)?), parent, sealed))?;
    Ok(digest.finish().0.sha256)
}

#[cfg(test)]
mod tests;
