//! The list of what a verification checked, in order, each with its result. The first difference is what it ends with; the rest is
//! for whoever reads the audit.

use serde::Serialize;

use super::Fault;

/// What a check is about. The order is that of a verification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The manifest can be read, and its commitment and domain are those of its own fields.
    Manifest,
    /// Every envelope is canonical and carries a strict signature.
    Signatures,
    /// The batches that are there are those that are listed, and no ancestor judged one of them.
    Batches,
    /// Verdicts and cursors of every SFU, judged again.
    Verdicts,
    /// The statement in the manifest, field by field against the recomputed one.
    Statement,
    /// The statement on chain, field by field against the recomputed one.
    Chain,
    /// Cluster, program and calendar against the chain.
    Deployment,
    /// Parameters of the epoch against the chain.
    Parameters,
    /// Registered SFUs against the chain.
    Registry,
    /// Every file, written again and compared byte by byte.
    Files,
    /// What was derived from the signed batches for some DIDs only, by a verification that judges no other receipts.
    Sample,
}

impl Group {
    /// Those of every verification, in order.
    pub const ALL: [Self; 10] = [
        Self::Manifest,
        Self::Signatures,
        Self::Batches,
        Self::Verdicts,
        Self::Statement,
        Self::Chain,
        Self::Deployment,
        Self::Parameters,
        Self::Registry,
        Self::Files,
    ];

    /// What it is about, in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Manifest => "Manifest",
            Self::Signatures => "Signatures",
            Self::Batches => "Batches and parent",
            Self::Verdicts => "Verdicts",
            Self::Statement => "Statement in the manifest",
            Self::Chain => "Statement on chain",
            Self::Deployment => "Deployment on chain",
            Self::Parameters => "Parameters on chain",
            Self::Registry => "Registry on chain",
            Self::Files => "Files, byte for byte",
            Self::Sample => "Sample of DIDs",
        }
    }

    /// Whether it needs the chain.
    #[must_use]
    pub const fn needs_chain(self) -> bool {
        matches!(self, Self::Chain | Self::Deployment | Self::Parameters | Self::Registry)
    }
}

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// As it must be.
    Equal,
    /// A difference.
    Differs,
    /// It was not carried out; the detail says why.
    NotChecked,
}

/// One check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// What it is about.
    pub group: Group,
    /// What was compared: a field, a file, a kind of input.
    pub what: String,
    /// How it ended.
    pub ending: Ending,
    /// The value that is right, how many were compared, or the difference.
    pub detail: String,
}

/// Checks in the order in which they were carried out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Checks(Vec<Check>);

impl Checks {
    /// Carries checks out and ends with the first difference among them.
    ///
    /// # Errors
    /// [`Fault::Difference`] with it; of `run`.
    pub fn first_of<T>(run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut checks = Self::default();
        let done = run(&mut checks)?;
        match checks.first_difference() {
            Some(difference) => Err(Fault::Difference(difference.to_owned())),
            None => Ok(done),
        }
    }

    /// A check without which nothing after it can be carried out. `run` yields what it leads to and what was compared.
    ///
    /// # Errors
    /// That of `run`; a difference is noted.
    pub fn step<T>(
        &mut self,
        group: Group,
        what: &str,
        run: impl FnOnce() -> Result<(T, String), Fault>,
    ) -> Result<T, Fault> {
        match run() {
            Ok((done, detail)) => {
                self.add(group, what, Ending::Equal, detail);
                Ok(done)
            }
            Err(fault) => {
                let (ending, detail) = match &fault {
                    Fault::Difference(difference) => (Ending::Differs, difference.clone()),
                    Fault::Failed(error) => (Ending::NotChecked, format!("{error:#}")),
                };
                self.add(group, what, ending, detail);
                Err(fault)
            }
        }
    }

    /// A check after which the others go on: `None` if all is equal, with what was compared in `detail`.
    pub fn note(
        &mut self,
        group: Group,
        what: impl Into<String>,
        difference: Option<String>,
        detail: impl Into<String>,
    ) {
        match difference {
            Some(difference) => self.add(group, what, Ending::Differs, difference),
            None => self.add(group, what, Ending::Equal, detail),
        }
    }

    /// Notes for every kind of check of which there is none why that is so.
    pub fn close(&mut self, why: impl Fn(Group) -> String) {
        for group in Group::ALL {
            if self.0.iter().all(|check| check.group != group) {
                self.add(group, "all", Ending::NotChecked, why(group));
            }
        }
    }

    fn add(&mut self, group: Group, what: impl Into<String>, ending: Ending, detail: impl Into<String>) {
        self.0.push(Check { group, what: what.into(), ending, detail: detail.into() });
    }

    /// The checks.
    #[must_use]
    pub fn list(&self) -> &[Check] {
        &self.0
    }

    /// Those of one kind.
    pub fn of(&self, group: Group) -> impl Iterator<Item = &Check> {
        self.0.iter().filter(move |check| check.group == group)
    }

    /// How many ended in a way.
    #[must_use]
    pub fn count(&self, ending: Ending) -> usize {
        self.0.iter().filter(|check| check.ending == ending).count()
    }

    /// The first difference.
    #[must_use]
    pub fn first_difference(&self) -> Option<&str> {
        self.0.iter().find(|check| check.ending == Ending::Differs).map(|check| check.detail.as_str())
    }
}
