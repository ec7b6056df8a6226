//! Options of commands that read sealed epochs: where they are, and whether the chain is asked.

use std::path::PathBuf;

use super::Context;
use crate::outcome::{Failure, Outcome};
use crate::simulation::{EpochRange, Folders};

/// Which sealed epochs.
#[derive(clap::Args, Debug)]
pub struct Places {
    /// First and last epoch, e.g. 40..52, or one epoch [default: all that are sealed here].
    #[arg(long, value_name = "A..B")]
    pub epochs: Option<EpochRange>,
    /// A folder of sealed epochs, or one epoch's folder, instead of the store; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Do not ask the chain: only what is in the folders is known.
    #[arg(long)]
    pub offline: bool,
}

impl Places {
    /// The folders.
    ///
    /// # Errors
    /// Exit 2 if nothing is sealed here; exit 1 if a folder is damaged.
    pub fn folders(&self, context: &Context) -> Outcome<Folders> {
        if !self.from.is_empty() {
            return Folders::find(&self.from);
        }
        let epochs = context.data()?.join("epochs");
        if !epochs.is_dir() {
            return Err(Failure::usage(format!(
                "no epoch is sealed in {}: `settler settle` seals them, --from takes the folders of another settler",
                epochs.display()
            )));
        }
        Folders::find(&[epochs])
    }

    /// The chain, unless it is not to be asked.
    ///
    /// # Errors
    /// Exit 2 if none is named.
    pub fn chain(&self, context: &Context) -> Outcome<Option<Box<dyn crate::chain::Chain>>> {
        if self.offline { Ok(None) } else { context.chain().map(Some) }
    }
}
