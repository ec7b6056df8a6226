//! Evidence against a root: a file that says what is wrong with it, and whose SHA-256 a dispute names.
//!
//! It holds what the chain has, what was found, and, where the statement's own inputs lead to another result, that result. The batches
//! themselves are in the published folders, which anybody can recompute. It contains no clock and no path, so that two
//! watches that find the same write the same. A file is never changed once it is written.

use std::path::{Path, PathBuf};

use radio_payouts_client::state::Epoch;
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::json;
use serde::Serialize;

use super::memory::{Seen, Verdict};
use super::roots::Finding;
use crate::artefact::folder_name;
use crate::artefact::manifest::StatementJson;
use crate::durable;
use crate::outcome::{Failure, Outcome};

/// The format of this version.
const FORMAT: &str = "radio-payouts/evidence/v1";

/// The content of a file.
#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    #[serde(with = "json::hex32")]
    domain: Hash,
    #[serde(with = "json")]
    epoch: u64,
    attempt: u32,
    #[serde(with = "json::hex32")]
    commitment: Hash,
    verdict: Verdict,
    why: &'a str,
    /// Whether the same inputs lead to another result: then nobody's folder has to be trusted.
    proven: bool,
    on_chain: StatementJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    recomputed: Option<StatementJson>,
}

/// A file of evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub hash: Hash,
}

/// Where such evidence against the root in force of an epoch is, or will be.
fn place(folder: &Path, account: &Epoch, verdict: Verdict, is_proof: bool) -> PathBuf {
    let Epoch { epoch, attempt, commitment, .. } = account;
    let kind = match verdict {
        _ if is_proof => "proof",
        Verdict::Unknown => "unknown",
        Verdict::Wrong | Verdict::Right => "wrong",
    };
    let short: String = hex::encode(commitment).chars().take(16).collect();
    folder.join("evidence").join(format!("{}-attempt-{attempt}-{short}-{kind}.json", folder_name(*epoch)))
}

/// The evidence against a root in force: what was written when it was found, or that nothing was published.
///
/// # Errors
/// If it was removed, or cannot be written.
pub fn against(folder: &Path, account: &Epoch, seen: &Seen) -> Outcome<Evidence> {
    if seen.verdict == Verdict::Unknown {
        return write(folder, account, &Finding::of(Verdict::Unknown, "no published batches lead to it"));
    }
    read(place(folder, account, seen.verdict, seen.proven))
}

/// Writes what was found of a root; what is there already stays.
///
/// # Errors
/// If it cannot be written or read.
pub fn write(folder: &Path, account: &Epoch, finding: &Finding) -> Outcome<Evidence> {
    let path = place(folder, account, finding.verdict, finding.recomputed.is_some());
    if !path.exists() {
        let document = Document {
            format: FORMAT,
            domain: account.domain,
            epoch: account.epoch,
            attempt: account.attempt,
            commitment: account.commitment,
            verdict: finding.verdict,
            why: &finding.why,
            proven: finding.recomputed.is_some(),
            on_chain: StatementJson::from(&*account.statement.to_protocol(account.epoch)),
            recomputed: finding.recomputed.as_ref().map(StatementJson::from),
        };
        let mut bytes = serde_json::to_vec_pretty(&document)?;
        bytes.push(b'\n');
        durable::write(&path, &bytes).map_err(|error| doing(&path, error))?;
    }
    read(path)
}

fn read(path: PathBuf) -> Outcome<Evidence> {
    let bytes = std::fs::read(&path).map_err(|error| doing(&path, error))?;
    Ok(Evidence { hash: sha256(&[&bytes]), path })
}

fn doing(path: &Path, error: std::io::Error) -> Failure {
    Failure::from(error).context(format!("evidence {}", path.display()))
}
