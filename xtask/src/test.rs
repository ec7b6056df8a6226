//! `cargo xtask test`: the whole suite.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::{
    build_app, build_program, build_sdk, process,
    selection::Selection,
    setup::{self, chromium, node},
    workspace::Workspace,
};

/// Run the tests. Builds the program first if it has changed, and once the programs of others that the tests run.
///
/// Without an option it runs the tests of daily work: protocol, program (in LiteSVM), client, settler. With `--all` it also
/// runs the stories on a real validator in the test process, whose first compilation takes about twenty minutes, one of them in
/// Chromium with the dashboard, and the tests of the SDK and the dashboard. Node.js and Chromium are installed if they are missing.
/// With `--engine` it runs those of engine and settler with DataFusion, whose first compilation takes about twenty minutes too.
///
/// `cargo nextest` runs the tests where it is installed, `cargo test` elsewhere; documentation tests run first.
/// Arguments after `--` go to the runner: `cargo xtask test -- post_root`.
#[derive(Debug, Args)]
pub struct Test {
    /// Every package, the stories on a real validator included.
    #[arg(long, visible_alias = "validator")]
    all: bool,
    /// Tests of the engine and of the settler with DataFusion: every story is told again with `settle --engine datafusion`.
    #[arg(long, conflicts_with = "all")]
    engine: bool,
    /// Arguments for the test runner, such as a part of a test's name.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

impl Test {
    /// All tests of all packages of the workspace.
    pub fn of_everything() -> Self {
        Self { all: true, engine: false, arguments: Vec::new() }
    }

    /// All tests of the engine.
    pub fn of_the_engine() -> Self {
        Self { all: false, engine: true, arguments: Vec::new() }
    }

    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let mut environment = Vec::new();
        if self.all {
            setup::ensure_validator_packages()?;
            let browser = setup::ensure_pages()?;
            build_app::ensure_built(&workspace, false)?;
            environment.extend([(chromium::VARIABLE, browser.into()), node::search_path()?]);
        }
        let selection = if self.engine { Selection::Engine } else { Selection::all_if(self.all) };
        let programs = build_program::ensure_programs(&workspace)?;
        environment.extend(programs.into_iter().map(|(name, path)| (name, path.into())));
        if self.engine {
            environment.push(("RADIO_PAYOUTS_ENGINE", "datafusion".into()));
        }
        let has_nextest = process::answer_of(process::cargo().args(["nextest", "--version"])).is_some();
        if self.arguments.is_empty() {
            let mut documentation = selection.cargo(&workspace, &["test", "--quiet", "--doc"]);
            process::run(documentation.envs(environment.iter().cloned()))?;
        }
        let mut tests = if has_nextest {
            selection.cargo(&workspace, &["nextest", "run"])
        } else {
            selection.cargo(&workspace, &["test", "--lib", "--bins", "--tests", "--examples"])
        };
        process::run(tests.args(&self.arguments).envs(environment))?;
        if self.all && self.arguments.is_empty() {
            build_sdk::test(&workspace, selection)?;
            build_app::test(&workspace)?;
        }
        Ok(())
    }
}
