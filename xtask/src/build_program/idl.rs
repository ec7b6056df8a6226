//! The program's IDL, without the Anchor CLI.
//!
//! Anchor's macros put hidden tests into a program that is compiled with the feature `idl-build`; each prints a piece of the
//! IDL. [`shadow`] compiles the program for that, [`pieces`] puts the pieces together as Anchor does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    cache::Cache,
    digest::Digest,
    process,
    workspace::{Package, Workspace},
};

mod pieces;
mod shadow;

/// The IDL that is committed beside a program's source.
pub fn committed(package: &Package) -> Result<PathBuf> {
    Ok(package.folder().join("idl").join(package.program_name()?).with_extension("json"))
}

/// Builds a program's IDL, unless nothing changed: the path of the file in Cargo's target folder.
pub fn build(workspace: &Workspace, package: &str, force: bool) -> Result<PathBuf> {
    let package = workspace.package(package)?;
    let cache = Cache::locate()?;
    let _lock = cache.lock()?;
    let output = workspace.target.join("idl").join(package.program_name()?).with_extension("json");
    let stamp = output.with_extension("json.made-from");
    let inputs = inputs(workspace, package)?;
    if !force && super::is_made_from(&output, &stamp, &inputs) {
        eprintln!("xtask: {} is up to date", output.display());
        return Ok(output);
    }
    let shadow = cache.root().join("idl").join(package.program_name()?);
    let manifest = shadow::write(workspace, package, &shadow)?;
    let mut test = process::cargo();
    test.args(["test", "--lib", "--features", "idl-build", "--manifest-path"]).arg(manifest);
    test.args(["__anchor_private_print_idl", "--", "--show-output", "--quiet"]);
    test.env("ANCHOR_IDL_BUILD_PROGRAM_PATH", package.folder());
    test.env("ANCHOR_IDL_BUILD_NO_DOCS", "FALSE").env("ANCHOR_IDL_BUILD_RESOLUTION", "TRUE");
    test.env("ANCHOR_IDL_BUILD_SKIP_LINT", "TRUE").env("CARGO_TARGET_DIR", cache.root().join("idl/target"));
    eprintln!("xtask: compiling {} for its IDL", package.name);
    let printed = process::stdout_of(&mut test)?;
    let idl = pieces::assemble(&printed).context("the program printed no proper IDL")?;
    super::replace(&output, idl.as_bytes(), &stamp, &inputs)?;
    eprintln!("xtask: {} ({} bytes)", output.display(), idl.len());
    Ok(output)
}

fn inputs(workspace: &Workspace, package: &Package) -> Result<String> {
    let mut digest: Digest = super::sources(workspace, package)?;
    for part in [include_str!("idl/pieces.rs"), include_str!("idl/shadow.rs")] {
        digest.add("generator", part.as_bytes());
    }
    // Of the dependencies, Anchor alone decides what an IDL looks like.
    let lock = read(&workspace.root.join("Cargo.lock"))?;
    for package in lock.split("[[package]]").filter(|package| package.contains("name = \"anchor-")) {
        digest.add("anchor", package.as_bytes());
    }
    Ok(digest.finish())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
