//! What reports are made of: sealed epochs in their order, where each stands, and what this settler noted beside them.

use std::path::PathBuf;

use radio_payouts_protocol::hash::{Hash, sha256};

use super::model::{Cell, Section, facts};
use super::text::utc;
use crate::artefact::Artefact;
use crate::chain::Chain;
use crate::epoch::standing::Standing;
use crate::outcome::{Failure, Outcome};
use crate::simulation::{EpochRange, Folders};

/// A sealed epoch.
pub struct Sealed {
    /// Its folder.
    pub artefact: Artefact,
    /// Where it stands.
    pub standing: Standing,
}

/// The epochs of a report.
pub struct Gathered {
    /// In order; at least one.
    pub epochs: Vec<Sealed>,
    /// About this contributor only.
    pub did: Option<String>,
}

/// What only this settler knows, and the chain.
pub struct Local<'a> {
    /// Folder with the journal and the times of the stages; none for folders of others.
    pub data: Option<PathBuf>,
    /// The chain, if it may be asked.
    pub chain: Option<&'a dyn Chain>,
}

impl Sealed {
    /// The epoch's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.artefact.manifest.statement.epoch
    }

    /// The number as a cell.
    #[must_use]
    pub fn cell(&self) -> Cell {
        Cell::Number(self.number().into())
    }

    /// Where it stands, in words: `provisional (posted)`.
    #[must_use]
    pub fn stands(&self) -> Cell {
        let (word, state) = (self.standing.word(), self.standing.state().replace('_', " "));
        Cell::Text(if word == state { state } else { format!("{word} ({state})") })
    }

    /// Unix seconds of its start (exclusive) and end (inclusive).
    ///
    /// # Errors
    /// If the calendar in its manifest is out of range.
    pub fn times(&self) -> anyhow::Result<(i64, i64)> {
        let calendar = self.artefact.manifest.deployment.calendar()?;
        let times = calendar.start_unix(self.number()).zip(calendar.end_unix(self.number()));
        times.ok_or_else(|| anyhow::anyhow!("epoch {} is beyond the calendar", self.number()))
    }
}

impl Gathered {
    /// Reads manifests, and asks the chain where each epoch stands if there is one.
    ///
    /// # Errors
    /// Exit 2 if an epoch is missing; exit 3 if a folder is not the one that the next epoch or the chain names.
    pub fn read(
        folders: &Folders,
        range: Option<EpochRange>,
        did: Option<String>,
        chain: Option<&dyn Chain>,
    ) -> Outcome<Self> {
        let mut epochs = Vec::new();
        folders.walk(range, |artefact| {
            let standing = match chain {
                Some(chain) => Standing::ask(chain, &artefact)?,
                None => Standing::default(),
            };
            epochs.push(Sealed { artefact, standing });
            Ok(())
        })?;
        Ok(Self { epochs, did })
    }

    /// SHA-256 of the DID that it is about.
    #[must_use]
    pub fn did_hash(&self) -> Option<Hash> {
        self.did.as_ref().map(|did| sha256(&[did.as_bytes()]))
    }

    /// Whether any epoch is not ratified.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        !self.epochs.iter().all(|epoch| epoch.standing.is_ratified())
    }

    /// Which epochs and whom, in words.
    #[must_use]
    pub fn subtitle(&self) -> String {
        let numbers: Vec<u64> = self.epochs.iter().map(Sealed::number).collect();
        let epochs = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) if first != last => format!("Epochs {first} to {last}"),
            (Some(only), _) => format!("Epoch {only}"),
            (None, _) => "No epoch".to_owned(),
        };
        match &self.did {
            Some(did) => format!("{epochs} · {did}"),
            None => format!("{epochs} · the network"),
        }
    }

    /// The section that says what the report is about.
    ///
    /// # Errors
    /// If a calendar is out of range.
    pub fn about(&self) -> Outcome<Section> {
        let (Some(first), Some(last)) = (self.epochs.first(), self.epochs.last()) else {
            return Err(Failure::usage("there is no epoch to report on"));
        };
        let deployment = &last.artefact.manifest.deployment;
        let asked = match &last.standing.on_chain {
            Some(on_chain) => {
                Cell::Text(format!("as of slot {}, {}", on_chain.as_of.slot, utc(on_chain.as_of.unix_timestamp)))
            }
            None => Cell::Text("not asked (--offline): nothing here says what was posted".to_owned()),
        };
        let ratified = self.epochs.iter().filter(|epoch| epoch.standing.is_ratified()).count();
        let mut lines = vec![
            ("epochs", Cell::Number(self.epochs.len() as u128), "sealed folders"),
            ("of these ratified", Cell::Number(ratified as u128), "Epoch account: status"),
            ("from (exclusive)", Cell::Text(utc(first.times()?.0)), "manifest.json: deployment"),
            ("to (inclusive)", Cell::Text(utc(last.times()?.1)), "manifest.json: deployment"),
            ("chain", asked, "Clock sysvar"),
            ("domain", Cell::Code(hex::encode(deployment.domain)), "manifest.json: deployment.domain"),
            (
                "program",
                Cell::Code(bs58::encode(deployment.program_id).into_string()),
                "manifest.json: deployment.program_id",
            ),
        ];
        if let Some(did) = &self.did {
            lines.insert(0, ("contributor", Cell::Code(did.clone()), "the command line"));
        }
        let mut section = Section::new("What this is about");
        section.table(facts("Scope", lines));
        Ok(section)
    }
}
