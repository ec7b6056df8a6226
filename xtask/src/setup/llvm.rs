//! LLVM's static libraries, from two Python wheels whose hashes are pinned.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{cache::Cache, python};

/// What is installed, with hashes.
pub const REQUIREMENTS: &str = include_str!("llvm-requirements.txt");

/// Unpacks the wheels into the Python environment and returns LLVM's prefix.
pub fn ensure_llvm(cache: &Cache) -> Result<PathBuf> {
    let venv = cache.venv();
    if let Some(prefix) = prefix(&venv) {
        return Ok(prefix);
    }
    eprintln!("xtask: fetching LLVM's static libraries (90 MB) into {}", venv.display());
    python::install_pinned(&venv, REQUIREMENTS)?;
    let prefix = prefix(&venv).with_context(|| {
        format!(
            "the wheels hold no mlc_llvm_static/static folder below {}: remove that folder and try again",
            venv.display()
        )
    })?;
    ensure!(prefix.join("lib").is_dir(), "{} has no lib folder", prefix.display());
    Ok(prefix)
}

fn prefix(venv: &std::path::Path) -> Option<PathBuf> {
    let pythons = fs::read_dir(venv.join("lib")).ok()?;
    let prefixes = pythons.flatten().map(|python| python.path().join("site-packages/mlc_llvm_static/static"));
    prefixes.into_iter().find(|prefix| prefix.join("lib/libLLVMBPFCodeGen.a").exists())
}
