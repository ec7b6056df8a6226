//! `cargo xtask build-app`: the dashboard, from TypeScript to the files that the settler embeds.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::{build_program, build_sdk, cache::Cache, digest::Digest, process, setup::node, workspace::Workspace};

/// The dashboard's folder.
pub const FOLDER: &str = "app";

/// What of the folder the page is made from and checked with.
const SOURCES: &[&str] =
    &["src", "public", "build", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"];

/// What the service is described by; `app/src/api/schema.ts` is generated from it.
const OPENAPI: &str = "docs/openapi.json";

/// Build the dashboard into app/dist, from where the settler embeds it.
///
/// Builds the SDK first. Installs the packages of app/package-lock.json (`npm ci`), checks the types, and builds with Vite. Does
/// nothing when nothing has changed since. Fails if types do not fit docs/openapi.json, or the first load exceeds 1 MB compressed.
///
/// Where the machine has no Node.js 20.19 or later with npm, one is unpacked once into `~/.cache/radio-payouts`.
#[derive(Debug, Args)]
pub struct BuildApp {
    /// Build even if nothing changed.
    #[arg(long)]
    force: bool,
    /// Run the dashboard's own tests too.
    #[arg(long)]
    test: bool,
}

impl BuildApp {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let workspace = Workspace::of_this_project()?;
        node::ensure()?;
        let dist = ensure_built(&workspace, self.force)?;
        if self.test {
            test(&workspace)?;
        }
        println!("{}", dist.display());
        Ok(())
    }
}

/// The dashboard, built if it has to be: the folder of its files. Node.js must be there.
pub fn ensure_built(workspace: &Workspace, force: bool) -> Result<PathBuf> {
    let sdk = build_sdk::ensure_built(workspace, false)?;
    let _lock = Cache::locate()?.lock()?;
    let folder = workspace.root.join(FOLDER);
    let (dist, stamp) = (folder.join("dist"), folder.join("node_modules/.dist-made-from"));
    let mut digest = Digest::default();
    digest.add_tree(&sdk)?.add_file("service", &workspace.root.join(OPENAPI))?;
    digest.add_file("program", &build_program::idl::committed(workspace.package(build_program::PROGRAM)?)?)?;
    for name in SOURCES {
        let path = folder.join(name);
        if path.is_dir() {
            digest.add_tree(&path)?
        } else {
            digest.add_file(name, &path)?
        };
    }
    let inputs = digest.finish();
    if !force && dist.join("index.html").exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == inputs) {
        eprintln!("xtask: {} is up to date", dist.display());
        return Ok(dist);
    }
    node::install_packages(&folder)?;
    let npm = |script: &str| process::run(node::npm(&folder)?.args(["run", "--silent", script]));
    npm("types:check").context(
        "app/src/api/schema.ts is generated from docs/openapi.json: run `npm run types` in app and commit the result",
    )?;
    npm("check")?;
    npm("build")?;
    fs::write(&stamp, inputs).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(dist)
}

/// Runs the dashboard's own tests.
pub fn test(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join(FOLDER);
    node::install_packages(&folder)?;
    process::run(node::npm(&folder)?.args(["run", "--silent", "test"]))
}
