//! `cargo xtask ci`: what every change has to pass.

use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::{
    build_app, build_program, demo, drift, process, schemathesis::Schemathesis, selection::Selection, setup,
    test::Test, workspace::Workspace,
};

/// Run everything a change has to pass, cheap checks first. `.ci/run` calls it.
#[derive(Debug, Args)]
pub struct Ci {
    /// Leave a step out; may be repeated.
    #[arg(long, value_enum, value_name = "STEP")]
    skip: Vec<Step>,
    /// Also the engine's lints, documentation and tests: twenty minutes of compiling DataFusion the first time.
    #[arg(long)]
    engine: bool,
}

/// The steps, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `cargo fmt --check`.
    Format,
    /// Licences, sources and bans of dependencies, where `cargo deny` is installed.
    Deny,
    /// What is missing on this machine, the programs, the SDK and the dashboard.
    Setup,
    /// Clippy without a warning.
    Clippy,
    /// Documentation without a warning.
    Doc,
    /// Committed generated files.
    Drift,
    /// The demonstration.
    Demo,
    /// All tests of the workspace.
    Test,
    /// The API against its description.
    Api,
    /// Clippy, documentation and tests of the engine, if asked for.
    Engine,
}

impl Ci {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        let started = Instant::now();
        for step in Step::value_variants() {
            if self.skip.contains(step) || (*step == Step::Engine && !self.engine) {
                eprintln!("xtask: == {step:?}: left out ==");
                continue;
            }
            eprintln!("xtask: == {step:?} ==");
            let step_started = Instant::now();
            step.run(&workspace).with_context(|| format!("step {step:?}"))?;
            eprintln!("xtask: == {step:?} passed in {} s ==", step_started.elapsed().as_secs());
        }
        eprintln!("xtask: all passed in {} s", started.elapsed().as_secs());
        Ok(())
    }
}

impl Step {
    // One selection throughout: what a step compiles, the next ones use.
    fn run(self, workspace: &Workspace) -> Result<()> {
        let all = Selection::All;
        match self {
            Self::Format => {
                let mut format = process::cargo();
                process::run(format.current_dir(&workspace.root).args(["fmt", "--all", "--check"]))
            }
            Self::Deny => {
                if process::answer_of(process::cargo().args(["deny", "--version"])).is_none() {
                    eprintln!("xtask: cargo-deny is not installed");
                    return Ok(());
                }
                let mut deny = process::cargo();
                deny.current_dir(&workspace.root).args(["deny", "check", "bans", "licenses", "sources"]);
                process::run(&mut deny)
            }
            Self::Setup => {
                setup::ensure_validator_packages()?;
                setup::ensure_pages()?;
                build_program::ensure_programs(workspace)?;
                // Before anything compiles the settler, which embeds the page.
                build_app::ensure_built(workspace, false).map(drop)
            }
            Self::Clippy => clippy(all, workspace),
            Self::Doc => documentation(all, workspace),
            Self::Drift => drift::check(all, false),
            Self::Demo => demo::show(&[]),
            Self::Test => Test::of_everything().run(),
            Self::Api => Schemathesis::of_everything().run(all),
            Self::Engine => {
                clippy(Selection::Engine, workspace)?;
                documentation(Selection::Engine, workspace)?;
                Test::of_the_engine().run()
            }
        }
    }
}

fn clippy(selection: Selection, workspace: &Workspace) -> Result<()> {
    let mut clippy = selection.cargo(workspace, &["clippy", "--all-targets"]);
    process::run(clippy.args(["--", "--deny", "warnings"]))
}

fn documentation(selection: Selection, workspace: &Workspace) -> Result<()> {
    let mut doc = selection.cargo(workspace, &["doc", "--no-deps"]);
    process::run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}
