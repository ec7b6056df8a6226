//! Node.js and npm, for the SDK.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::{process, setup::debian};

/// The oldest version that the SDK is for: Debian 12 has 18.20.
const OLDEST: (u32, u32) = (18, 19);

/// Whether Node.js, new enough, and npm are there.
pub fn is_present() -> bool {
    version().is_some_and(|version| version >= OLDEST)
        && process::answer_of(process::command("npm").arg("--version")).is_some()
}

/// Makes sure of both; installs them on Debian.
pub fn ensure() -> Result<()> {
    if is_present() {
        return Ok(());
    }
    debian::ensure_node().context("the SDK needs Node.js 18.19 or later, and npm")?;
    let (major, minor) = OLDEST;
    ensure!(is_present(), "the SDK needs Node.js {major}.{minor} or later, and npm: install them");
    Ok(())
}

/// npm in a folder.
pub fn npm(folder: &Path) -> Result<Command> {
    ensure!(is_present(), "Node.js or npm is missing: run `cargo xtask build-sdk`");
    let mut npm = process::command("npm");
    npm.current_dir(folder).env("npm_config_fund", "false").env("npm_config_audit", "false");
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

fn version() -> Option<(u32, u32)> {
    let answer = process::answer_of(process::command("node").arg("--version"))?;
    let mut numbers = answer.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
