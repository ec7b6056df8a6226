//! `cargo xtask vectors`: the test vectors of the protocol page.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::{process, selection::Selection, workspace::Workspace};

/// Where the test vectors are committed.
pub const FOLDER: &str = "tests/vectors";

/// Write the protocol's test vectors to tests/vectors.
///
/// Their inputs are fixed: a second run writes the same bytes. A difference means that the protocol has changed, which a
/// new version of the protocol page must say.
#[derive(Debug, Args)]
pub struct Vectors {}

impl Vectors {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        write(Selection::Daily, &workspace, &workspace.root.join(FOLDER))
    }
}

/// Writes the vectors into a folder.
pub fn write(selection: Selection, workspace: &Workspace, folder: &Path) -> Result<()> {
    let generator = selection.example(workspace, "vectors")?;
    process::run(process::command(generator).arg(folder).current_dir(&workspace.root))
}
