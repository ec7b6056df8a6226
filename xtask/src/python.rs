//! Python environments in the cache folder, each filled from PyPI once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};

use crate::process;

/// What is to be installed where [`Package::ensure`] finds no Python.
pub const MISSING: &str = "python3 with its module venv is missing (on Debian: apt install python3-venv)";

/// A package in an environment of its own, with whatever it needs.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// The extra that is asked for with it, in brackets, or nothing.
    pub extra: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Modules that must be there, with commas between them.
    pub modules: &'static str,
    /// Whether PyPI has wheels of all of it: then nothing is compiled here.
    pub has_wheels: bool,
}

impl Package {
    /// The Python of the environment `venv`, which has the package; none if there is no `python3 -m venv`.
    pub fn ensure(&self, venv: &Path) -> Result<Option<PathBuf>> {
        let python = venv.join("bin/python");
        if self.is_in(&python) {
            return Ok(Some(python));
        }
        if process::answer_of(process::command("python3").args(["-c", "import venv, ensurepip"])).is_none() {
            return Ok(None);
        }
        let wanted = format!("{}{}=={}", self.name, self.extra, self.version);
        eprintln!("xtask: installing {wanted} into {}", venv.display());
        process::run(process::command("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
        let mut pip = process::command(&python);
        pip.args(["-m", "pip", "install", "--disable-pip-version-check"]);
        if self.has_wheels {
            pip.args(["--only-binary", ":all:"]);
        }
        process::run(pip.arg(&wanted))?;
        ensure!(self.is_in(&python), "{} has no {wanted}", venv.display());
        Ok(Some(python))
    }

    fn is_in(&self, python: &Path) -> bool {
        let question = format!("import {}, importlib.metadata as it; print(it.version('{}'))", self.modules, self.name);
        process::answer_of(process::command(python).args(["-c", &question]))
            .is_some_and(|version| version.trim() == self.version)
    }
}

/// Makes an environment anew and fills it with wheels whose hashes are pinned, with no others.
pub fn install_pinned(venv: &Path, requirements: &str) -> Result<()> {
    process::run(process::command("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    let wanted = venv.join("wanted.txt");
    fs::write(&wanted, requirements)?;
    let mut pip = process::command(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--only-binary", ":all:", "--require-hashes", "--requirement"]).arg(&wanted);
    process::run(&mut pip)?;
    Ok(fs::rename(wanted, installed(venv))?)
}

/// Whether an environment was filled with just these.
pub fn is_pinned(venv: &Path, requirements: &str) -> bool {
    fs::read_to_string(installed(venv)).is_ok_and(|installed| installed == requirements)
}

/// The requirements that an environment was filled with.
fn installed(venv: &Path) -> PathBuf {
    venv.join("requirements.txt")
}
