//! Programs of others that the tests run beside the project's own, built from their releases on crates.io.
//!
//! Each has a small package below `tests/programs`, a workspace of its own with its own lockfile: their dependencies are
//! years older than the project's and stay out of daily builds. What is built lies in the cache folder, so that it is
//! built once for all clones, and a copy in Cargo's target folder, where the tests look for it.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{cache::Cache, workspace::Workspace};

use super::Toolchain;

/// A program of others.
struct OfOthers {
    /// Its folder below `tests/programs`.
    folder: &'static str,
    /// Its package.
    package: &'static str,
    /// The environment variable that tells the tests where its `.so` is.
    variable: &'static str,
}

/// All of them.
const PROGRAMS: &[OfOthers] = &[OfOthers {
    folder: "spl-governance",
    package: "spl-governance-program",
    variable: "RADIO_PAYOUTS_SPL_GOVERNANCE_PROGRAM",
}];

/// Builds what is not built yet: environment variables for the tests, and the files that they name.
pub fn ensure(workspace: &Workspace, toolchain: Toolchain, force: bool) -> Result<Vec<(&'static str, PathBuf)>> {
    let built = Cache::locate()?.programs();
    let deploy = workspace.target.join("deploy");
    let mut ready = Vec::new();
    for program in PROGRAMS {
        let manifest = workspace.root.join("tests/programs").join(program.folder).join("Cargo.toml");
        let own_workspace = Workspace::of(&manifest)?.into_target(built.clone());
        let cached = super::build(&own_workspace, program.package, toolchain, force)?;
        let output = deploy.join(cached.file_name().context("a program without a name")?);
        let content = fs::read(&cached).with_context(|| format!("cannot read {}", cached.display()))?;
        if fs::read(&output).ok().as_ref() != Some(&content) {
            fs::create_dir_all(&deploy)
                .and_then(|()| fs::copy(&cached, &output).map(drop))
                .with_context(|| format!("cannot write {}", output.display()))?;
        }
        ready.push((program.variable, output));
    }
    Ok(ready)
}
