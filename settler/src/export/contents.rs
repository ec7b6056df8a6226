//! What is exported: the rows of one sealed epoch, from its folder and what the chain says of it.

mod contributors;
mod epochs;
mod receipts;

use super::column::{Subject, Value};
use super::form::Rows;
use crate::artefact::Artefact;
use crate::epoch::standing::Standing;

/// A sealed epoch that is exported.
pub struct Epoch<'a> {
    /// Its folder.
    pub artefact: &'a Artefact,
    /// Where it stands.
    pub standing: &'a Standing,
    /// Only rows about this DID.
    pub did: Option<&'a str>,
}

impl Epoch<'_> {
    /// Hands the epoch's rows to `rows`. Memory does not grow with their number.
    ///
    /// # Errors
    /// If a file of the folder is damaged, or a row cannot be written.
    pub fn write(&self, subject: Subject, rows: &mut dyn Rows) -> anyhow::Result<()> {
        match subject {
            Subject::Epochs => epochs::write(self, rows),
            Subject::Contributors => contributors::write(self, rows),
            Subject::Receipts => receipts::write(self, rows),
        }
    }

    /// The columns that all exports begin with.
    fn head(&self) -> [Value<'_>; 4] {
        let slot = Value::number(self.standing.slot());
        let epoch = self.artefact.manifest.statement.epoch.into();
        [epoch, Value::Text(self.standing.word()), Value::Text(self.standing.state()), slot]
    }
}
