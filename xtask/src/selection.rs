//! Which packages a command compiles together.
//!
//! Cargo unifies the features of the packages that are named together. Two commands share what they compile only if they
//! name the same ones: `-p settler` after a test of everything would compile half the dependency tree again.

use std::{env::consts::EXE_SUFFIX, path::PathBuf, process::Command};

use anyhow::Result;

use crate::{process, workspace::Workspace};

/// What switches DataFusion and cold storage on.
const ENGINE: [&str; 6] = [
    "-p",
    "radio-payouts-engine",
    "-p",
    "radio-payouts-settler",
    "--features",
    "radio-payouts-settler/datafusion,radio-payouts-settler/cloud",
];

/// The sets of packages that the project builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The workspace's default members.
    Daily,
    /// Every package of the workspace, a whole validator among them.
    All,
    /// Engine and settler with DataFusion.
    Engine,
}

impl Selection {
    /// Every package, or the daily ones.
    pub fn all_if(all: bool) -> Self {
        if all { Self::All } else { Self::Daily }
    }

    /// `cargo <subcommand>` in the workspace, for these packages.
    pub fn cargo(self, workspace: &Workspace, subcommand: &[&str]) -> Command {
        let mut cargo = process::cargo();
        cargo.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target).args(subcommand);
        match self {
            Self::Daily => &mut cargo,
            Self::All => cargo.arg("--workspace"),
            Self::Engine => cargo.args(ENGINE),
        };
        cargo
    }

    /// Compiles the binary of that name; its path.
    pub fn binary(self, workspace: &Workspace, name: &str) -> Result<PathBuf> {
        process::run(&mut self.cargo(workspace, &["build", "--bin", name]))?;
        Ok(workspace.target.join("debug").join(format!("{name}{EXE_SUFFIX}")))
    }

    /// Compiles the example of that name; its path.
    pub fn example(self, workspace: &Workspace, name: &str) -> Result<PathBuf> {
        process::run(&mut self.cargo(workspace, &["build", "--example", name]))?;
        Ok(workspace.target.join("debug/examples").join(format!("{name}{EXE_SUFFIX}")))
    }
}
