//! `cargo xtask demo`: the whole path once.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::{build_program, process, selection::Selection, workspace::Workspace};

/// Run the demonstration: from receipts to a share proven on a chain in this process.
///
/// Sets up the toolchain and builds the program first if need be, then runs `settler demo`. What follows `demo` goes to
/// the settler; `cargo xtask demo -- --help` lists what it takes.
#[derive(Debug, Args)]
pub struct Demo {
    /// Arguments for `settler demo`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

impl Demo {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        show(&self.arguments)
    }
}

/// Runs `settler demo`. It compiles what `cargo xtask test --all` needs as well, and nothing else.
pub fn show(arguments: &[OsString]) -> Result<()> {
    let workspace = Workspace::of_this_project()?;
    let program = build_program::ensure_program(&workspace)?;
    let settler = Selection::All.binary(&workspace, "settler")?;
    let mut demo = process::command(settler);
    process::run(demo.arg("demo").args(arguments).env(build_program::PROGRAM_FILE, program))
}
