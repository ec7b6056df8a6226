//! `cargo xtask build-app`: the dashboard, from TypeScript to the files that the settler embeds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{build_sdk, cache::Cache, process, setup, workspace::Workspace};

/// The dashboard's folder.
pub const FOLDER: &str = "app";

/// Oldest Node.js that Vite runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);
/// What is fetched from npm where the machine's own is older, as Debian 12's is.
const NODE_FROM_NPM: &str = "22";

/// Build the dashboard into app/dist, from where the settler embeds it.
///
/// Builds the SDK first, then installs the packages of app/package-lock.json (`npm ci`), checks the types, and builds with Vite, which
/// needs Node.js 20.19 or later: where an older one is there, such as Debian 12's, a newer one is fetched from npm once, outside
/// of the clone. Fails if types do not fit docs/openapi.json, or the first load exceeds 1 MB compressed.
#[derive(Debug, Args)]
pub struct BuildApp {
    /// Run the dashboard's tests too.
    #[arg(long)]
    test: bool,
}

impl BuildApp {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let dist = build(&Workspace::of_this_project()?, self.test)?;
        println!("{}", dist.display());
        Ok(())
    }
}

/// Builds the dashboard and returns the folder of its files.
pub fn build(workspace: &Workspace, test: bool) -> Result<PathBuf> {
    let folder = workspace.root.join(FOLDER);
    setup::node::ensure()?;
    build_sdk::ensure_built(workspace, false)?;
    let node = node()?;
    setup::node::install_packages(&folder)?;
    let tool = |path: &str, arguments: &[&str]| {
        process::run(process::command(&node).arg(path).args(arguments).current_dir(&folder))
    };
    tool(
        "node_modules/openapi-typescript/bin/cli.js",
        &["../docs/openapi.json", "--output", "src/api/schema.ts", "--check"],
    )
    .context(
        "app/src/api/schema.ts is generated from docs/openapi.json: run `npm run types` in app and commit the result",
    )?;
    tool("node_modules/typescript/bin/tsc", &["--noEmit"])?;
    if test {
        tool("node_modules/vitest/vitest.mjs", &["run"])?;
    }
    tool("node_modules/vite/bin/vite.js", &["build"])?;
    Ok(folder.join("dist"))
}

/// A Node.js that Vite runs on: the machine's own, or one from npm.
fn node() -> Result<PathBuf> {
    if version_of(Path::new("node")).is_some_and(|version| version >= OLDEST_NODE) {
        return Ok("node".into());
    }
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("npm has no Node.js for {other}: install version {}.{} or later", OLDEST_NODE.0, OLDEST_NODE.1),
    };
    let cache = Cache::locate()?;
    let _lock = cache.lock()?;
    let package = format!("node-linux-{machine}");
    let folder = cache.root().join("node");
    let node = folder.join("node_modules").join(&package).join("bin/node");
    if version_of(&node).is_none_or(|version| version < OLDEST_NODE) {
        let mut install = process::command("npm");
        install.args(["install", "--no-fund", "--no-audit", "--no-save", "--prefix"]).arg(&folder);
        process::run(install.arg(format!("{package}@{NODE_FROM_NPM}")))?;
    }
    ensure!(version_of(&node).is_some(), "{} does not run", node.display());
    Ok(node)
}

/// Major and minor version; `None` if it does not run.
fn version_of(node: &Path) -> Option<(u32, u32)> {
    let answer = process::answer_of(process::command(node).arg("--version"))?;
    let mut numbers = answer.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
