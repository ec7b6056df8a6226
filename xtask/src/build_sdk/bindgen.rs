//! The JavaScript side of the module, by `wasm-bindgen`'s own library: `sdk/bindgen`, a workspace of its own.

use std::{env::consts::EXE_SUFFIX, path::Path};

use anyhow::{Result, ensure};

use crate::{cache::Cache, process, workspace::Workspace};

/// Writes what JavaScript calls the module by, and its types, into `folder`.
pub fn generate(cache: &Cache, workspace: &Workspace, module: &Path, folder: &Path) -> Result<()> {
    let own = workspace.root.join("sdk/bindgen");
    let library = workspace.locked_version("wasm-bindgen")?;
    let tool = Workspace::locked_version_in(&own, "wasm-bindgen-cli-support")?;
    ensure!(
        tool == library,
        "sdk/bindgen uses wasm-bindgen {tool}, the workspace {library}: they must be the same. Change sdk/bindgen/Cargo.toml"
    );
    let target = cache.root().join("bindgen-target");
    let mut build = process::cargo();
    build.args(["build", "--release", "--locked", "--quiet"]).current_dir(&own);
    process::run(build.env("CARGO_TARGET_DIR", &target).env_remove("RUSTFLAGS"))?;
    let mut bind = process::command(target.join("release").join(format!("radio-payouts-bindgen{EXE_SUFFIX}")));
    process::run(bind.arg(module).arg(folder))
}
