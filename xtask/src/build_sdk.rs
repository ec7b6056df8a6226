//! `cargo xtask build-sdk`: the npm package `@mycelia/radio-payouts` from the protocol crate.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    cache::Cache,
    digest::Digest,
    process,
    selection::Selection,
    setup::node,
    workspace::{Package, Workspace},
};

mod bindgen;
mod wasm;

/// The package that becomes WebAssembly; the npm package lies in its folder.
pub const PACKAGE: &str = "radio-payouts-sdk";

/// The environment variable that tells the SDK's tests where the generated epochs are.
const EPOCHS_FILE: &str = "RADIO_PAYOUTS_SDK_EPOCHS";

/// What of the package's folder the npm package is made from, besides the crate's own sources.
const SOURCES: &[&str] = &[
    "typescript",
    "bindgen/Cargo.lock",
    "bindgen/src",
    "build.mjs",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
];

/// Build the npm package `@mycelia/radio-payouts` (the protocol crate as WebAssembly, with TypeScript types).
///
/// Writes `sdk/dist` and prints its path to stdout. Does nothing when neither sources nor toolchain changed since. Fails if
/// the bundle is larger than its budget, 400 KB after gzip.
///
/// The crate is compiled for `wasm32-unknown-unknown` by the Rust toolchain where that target is installed (`rustup target add
/// wasm32-unknown-unknown`), elsewhere by Debian's compiler with its library's source. What is compiled on the way lies in
/// `~/.cache/radio-payouts`. Node.js and npm are installed on Debian if they are missing.
#[derive(Debug, Args)]
pub struct BuildSdk {
    /// Build even if nothing changed.
    #[arg(long)]
    force: bool,
}

impl BuildSdk {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        node::ensure()?;
        println!("{}", ensure_built(&workspace, self.force)?.display());
        Ok(())
    }
}

/// The npm package, built if it has to be: the path of its `dist`. Node.js must be there.
pub fn ensure_built(workspace: &Workspace, force: bool) -> Result<PathBuf> {
    let package = workspace.package(PACKAGE)?;
    let folder = package.folder();
    let (dist, stamp) = (folder.join("dist"), folder.join("build/made-from"));
    let cache = Cache::locate()?;
    let _lock = cache.lock()?;
    let toolchain = wasm::Toolchain::find(&cache)?;
    let inputs = inputs(workspace, package, &toolchain.stamp())?;
    let made_from = fs::read_to_string(&stamp).unwrap_or_default();
    if !force && made_from == inputs && dist.join("index.js").exists() && dist.join("index.d.ts").exists() {
        eprintln!("xtask: {} is up to date", dist.display());
        return Ok(dist);
    }
    let module = toolchain.build(&cache, package)?;
    bindgen::generate(&cache, workspace, &module, &folder.join("build/wasm"))?;
    node::install_packages(&folder)?;
    process::run(node::npm(&folder)?.args(["run", "--silent", "build"]))?;
    fs::write(&stamp, inputs).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(dist)
}

/// Builds the package and runs its tests: against the vectors, against its README, and against a thousand epochs as the
/// settler computes them.
pub fn test(workspace: &Workspace, selection: Selection) -> Result<()> {
    ensure_built(workspace, false)?;
    let folder = workspace.package(PACKAGE)?.folder();
    node::install_packages(&folder)?;
    let epochs = workspace.target.join("sdk-epochs");
    let generator = selection.example(workspace, "sdk_epochs")?;
    process::run(process::command(generator).arg(&epochs))?;
    process::run(node::npm(&folder)?.args(["run", "--silent", "test"]).env(EPOCHS_FILE, &epochs))
}

/// The digest of everything the npm package is made from.
fn inputs(workspace: &Workspace, package: &Package, made_by: &str) -> Result<String> {
    let mut digest = Digest::default();
    digest.add_file("workspace", &workspace.root.join("Cargo.toml"))?;
    digest.add_file("lock", &workspace.root.join("Cargo.lock"))?;
    for folder in workspace.source_folders(package) {
        digest.add_file("manifest", &folder.join("Cargo.toml"))?.add_tree(&folder.join("src"))?;
    }
    for name in SOURCES {
        let path = package.folder().join(name);
        if path.is_dir() {
            digest.add_tree(&path)?
        } else {
            digest.add_file(name, &path)?
        };
    }
    digest.add("made by", made_by.as_bytes());
    Ok(digest.finish())
}
