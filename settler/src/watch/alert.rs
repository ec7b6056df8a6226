//! What a watch tells: one fact each, as a line for people and as a JSON document.

use radio_payouts_protocol::hash::sha256;
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A root in force is not what its batches lead to.
    Difference,
    /// Nothing that was published leads to a root in force.
    UnknownRoot,
    /// A root that was one of these is found to be right.
    Cleared,
    /// The root is right, another file of its published folder is not.
    DamagedFiles,
    /// A candidate with support does not hold by section 5.4.
    Candidate,
    /// Parameters, times, thresholds or bonds.
    Parameters,
    /// SFUs and settlers.
    Registry,
    /// A pause began or ended.
    Pause,
    /// The role of authority was offered or moved.
    Authority,
    /// Pause key, arbiter or registrars.
    Roles,
    /// A flag of the deployment.
    Flag,
    /// A root is disputed, or a dispute has ended.
    Dispute,
    /// A dispute lapsed: the epoch can be ratified by its own proposal only.
    Contested,
    /// A root was withdrawn.
    Revoked,
    /// This watch attested to a candidate.
    Attested,
    /// An SFU signed two batches under one number.
    Equivocation,
    /// This watch sent a fraud proof.
    FraudProof,
}

impl Kind {
    /// The name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Difference => "difference",
            Self::UnknownRoot => "unknown_root",
            Self::Cleared => "cleared",
            Self::DamagedFiles => "damaged_files",
            Self::Candidate => "candidate",
            Self::Parameters => "parameters",
            Self::Registry => "registry",
            Self::Pause => "pause",
            Self::Authority => "authority",
            Self::Roles => "roles",
            Self::Flag => "flag",
            Self::Dispute => "dispute",
            Self::Contested => "contested",
            Self::Revoked => "revoked",
            Self::Attested => "attested",
            Self::Equivocation => "equivocation",
            Self::FraudProof => "fraud_proof",
        }
    }
}

/// One fact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// The same fact has the same: a receiver that gets it twice can tell.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The deployment's domain.
    pub domain: String,
    /// The epoch, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// What happened, in a sentence.
    pub text: String,
    /// The chain's clock when it was seen, in Unix seconds.
    pub seen_unix: i64,
}

/// What a fact is told with: the deployment and the time.
#[derive(Clone, Debug)]
pub struct Teller {
    /// The deployment's domain.
    pub domain: [u8; 32],
    /// The chain's clock in Unix seconds.
    pub now: i64,
}

impl Teller {
    /// An alert seen now.
    #[must_use]
    pub fn alert(&self, kind: Kind, epoch: Option<u64>, text: impl Into<String>) -> Alert {
        let (domain, text) = (hex::encode(self.domain), text.into());
        let number = epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
        let parts = [&domain, kind.as_str(), &number, &text, &self.now.to_string()].join("\n");
        let id = hex::encode(sha256(&[parts.as_bytes()]));
        Alert { id, kind, domain, epoch, text, seen_unix: self.now }
    }
}

impl std::fmt::Display for Alert {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.kind.as_str(), self.text)
    }
}
