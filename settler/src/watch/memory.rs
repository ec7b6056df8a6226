//! What a watch remembers between two looks: `DATA/watch/state.json`, replaced whole.
//!
//! An alert is in it before it is told and until it has been: a watch that dies tells it again, and loses none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use radio_payouts_client::state::{Epoch, EpochStatus};
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::facts::Facts;
use crate::durable;
use crate::outcome::{Failure, Outcome};

/// The format of this version.
const FORMAT: &str = "radio-payouts/watch/v1";
/// Most alerts that wait to be told; beyond, the oldest are dropped.
const MOST_WAITING: usize = 1_000;

/// What was found of a root in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Published batches lead to it.
    Right,
    /// It is not what its batches lead to.
    Wrong,
    /// Nothing that was published leads to it.
    Unknown,
}

/// An epoch as it was last seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Its attempt.
    pub attempt: u32,
    /// Its root.
    pub commitment: String,
    /// Where it stood.
    pub status: String,
    /// Whether it was contested.
    pub contested: bool,
    /// What was found.
    pub verdict: Verdict,
    /// Whether its own inputs lead to another result, so that nobody's folder has to be trusted.
    pub proven: bool,
    /// SHA-256 of the evidence against it.
    pub evidence: Option<String>,
    /// Manifests (SHA-256) of complete copies that do not lead to the root: they need not be computed again.
    pub tried: BTreeSet<String>,
}

impl Seen {
    /// An epoch seen for the first time, before it is looked at.
    #[must_use]
    pub fn first(epoch: &Epoch) -> Self {
        Self {
            attempt: epoch.attempt,
            commitment: hex::encode(epoch.commitment),
            // What it stands as is compared with this: anything but Posted is news.
            status: name(EpochStatus::Posted),
            contested: false,
            verdict: Verdict::Unknown,
            proven: false,
            evidence: None,
            tried: BTreeSet::new(),
        }
    }

    /// Whether the root was withdrawn, and that was told.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.status == name(EpochStatus::Revoked)
    }

    /// Whether this is the root in force of `epoch`.
    #[must_use]
    pub fn is_of(&self, epoch: &Epoch) -> bool {
        self.attempt == epoch.attempt && self.commitment == hex::encode(epoch.commitment)
    }
}

/// A status as it is remembered.
#[must_use]
pub fn name(status: EpochStatus) -> String {
    format!("{status:?}")
}

/// An alert that is still to be told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// The alert.
    pub alert: Alert,
    /// Whether it was printed: only the webhook is missing.
    pub printed: bool,
}

/// The content of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Memory {
    format: String,
    /// Domain of the deployment that is watched.
    domain: String,
    /// The deployment as last seen; `None` before the first look.
    pub facts: Option<Facts>,
    /// Epochs that may still change or are not right, by number.
    pub epochs: BTreeMap<u64, Seen>,
    /// Where a way back from the head was broken off: this epoch and those before it were not looked at yet.
    pub open_from: Option<u64>,
    /// Candidates that do not hold, by what was told of them.
    pub refused: BTreeSet<String>,
    /// The least number under which an SFU signed two batches, by key, where its account does not know of it.
    pub equivocations: BTreeMap<String, u64>,
    /// Alerts to be told.
    pub waiting: Vec<Waiting>,
    #[serde(skip)]
    path: PathBuf,
}

impl Memory {
    /// Reads what was remembered in `folder` of the deployment with this domain; empty at first.
    ///
    /// # Errors
    /// Exit 1 if the file is damaged, exit 4 if it is about another deployment.
    pub fn load(folder: &Path, domain: &[u8; 32]) -> Outcome<Self> {
        let path = folder.join("state.json");
        let domain = hex::encode(domain);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::empty(path, domain)),
            Err(error) => return Err(Failure::from(error).context(format!("cannot read {}", path.display()))),
        };
        let memory: Self = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::from(error).context(format!(
                "{} is damaged; move it away to begin anew: every root is then recomputed, and changes since are not told",
                path.display()
            ))
        })?;
        if memory.format != FORMAT {
            return Err(anyhow::anyhow!("{}: format {:?} is unknown", path.display(), memory.format).into());
        }
        if memory.domain != domain {
            return Err(Failure::not_permitted(format!(
                "{} is about another deployment (domain {}); use another data folder",
                path.display(),
                memory.domain
            )));
        }
        Ok(Self { path, ..memory })
    }

    fn empty(path: PathBuf, domain: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            domain,
            facts: None,
            epochs: BTreeMap::new(),
            open_from: None,
            refused: BTreeSet::new(),
            equivocations: BTreeMap::new(),
            waiting: Vec::new(),
            path,
        }
    }

    /// Puts an alert into the line.
    pub fn tell(&mut self, alert: Alert) {
        self.waiting.push(Waiting { alert, printed: false });
        let surplus = self.waiting.len().saturating_sub(MOST_WAITING);
        self.waiting.drain(..surplus);
    }

    /// Roots in force that are not right, in words.
    #[must_use]
    pub fn unresolved(&self) -> Vec<String> {
        let unresolved = self.epochs.iter().filter_map(|(epoch, seen)| match seen.verdict {
            // What was withdrawn is in force no longer.
            _ if seen.is_revoked() => None,
            Verdict::Right => None,
            Verdict::Wrong => Some(format!("epoch {epoch} is wrong")),
            Verdict::Unknown => Some(format!("epoch {epoch} is unknown")),
        });
        unresolved.collect()
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If the disk is full or away.
    pub fn save(&self) -> Outcome {
        let bytes = serde_json::to_vec_pretty(self)?;
        durable::write(&self.path, &bytes)
            .map_err(|error| Failure::from(error).context(format!("cannot write {}", self.path.display())))
    }
}
