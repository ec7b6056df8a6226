//! `cargo xtask test`: the whole suite.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::{build_program, build_sdk, process, selection::Selection, setup, workspace::Workspace};

/// Run the tests. Builds the program first if it has changed, and once the programs of others that the tests run.
///
/// Without an option it runs the tests of daily work: protocol, program (in LiteSVM), client, settler. With `--all` it also
/// runs the stories on a real validator in the test process, whose first compilation takes about twenty minutes, and, where
/// Node.js is, the SDK's tests.
///
/// `cargo nextest` runs the tests where it is installed, `cargo test` elsewhere; documentation tests run first.
/// Arguments after `--` go to the runner: `cargo xtask test -- post_root`.
#[derive(Debug, Args)]
pub struct Test {
    /// Every package, the stories on a real validator included.
    #[arg(long, visible_alias = "validator")]
    all: bool,
    /// Arguments for the test runner, such as a part of a test's name.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

impl Test {
    /// All tests of all packages.
    pub fn of_everything() -> Self {
        Self { all: true, arguments: Vec::new() }
    }

    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        if self.all {
            setup::ensure_validator_packages()?;
        }
        let programs = build_program::ensure_programs(&workspace)?;
        let selection = Selection::all_if(self.all);
        let has_nextest = process::answer_of(process::cargo().args(["nextest", "--version"])).is_some();
        if self.arguments.is_empty() {
            let mut documentation = selection.cargo(&workspace, &["test", "--quiet", "--doc"]);
            process::run(documentation.envs(programs.iter().cloned()))?;
        }
        let mut tests = if has_nextest {
            selection.cargo(&workspace, &["nextest", "run"])
        } else {
            selection.cargo(&workspace, &["test", "--lib", "--bins", "--tests", "--examples"])
        };
        process::run(tests.args(&self.arguments).envs(programs))?;
        if self.all && self.arguments.is_empty() {
            if !setup::node::is_present() {
                eprintln!(
                    "xtask: the SDK is not tested: Node.js 18.19 or npm is missing (`cargo xtask build-sdk` installs them)"
                );
                return Ok(());
            }
            build_sdk::test(&workspace, selection)?;
        }
        Ok(())
    }
}
