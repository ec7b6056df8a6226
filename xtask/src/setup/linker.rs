//! `sbpf-linker`: links LLVM bitcode and writes an sBPF executable.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{cache::Cache, process, setup::llvm};

const VERSION: &str = "0.2.6";

/// The linker's path, whether it is there or not.
pub fn path(cache: &Cache) -> PathBuf {
    cache.tools().join("bin/sbpf-linker")
}

/// What the linker was built from: part of what a program's digest covers.
pub fn stamp() -> String {
    format!("sbpf-linker {VERSION}\n{}", llvm::REQUIREMENTS)
}

/// Whether the linker is there and of this version.
pub fn is_present(cache: &Cache) -> bool {
    let built_from = fs::read_to_string(stamp_path(cache));
    path(cache).exists() && built_from.is_ok_and(|built_from| built_from == stamp())
}

/// Builds the linker from crates.io: about two minutes, once.
pub fn ensure_linker(cache: &Cache, scratch: &Path) -> Result<()> {
    if is_present(cache) {
        return Ok(());
    }
    let prefix = llvm::ensure_llvm(cache)?;
    eprintln!("xtask: building sbpf-linker {VERSION} (about two minutes, once)");
    let mut install = process::cargo();
    install.args(["install", "sbpf-linker", "--version", VERSION, "--locked", "--force", "--no-default-features"]);
    install.args(["--features", "bpf-linker/llvm-23,bpf-linker/llvm-link-static"]).arg("--root").arg(cache.tools());
    install.env("LLVM_PREFIX", &prefix).env("LLVM_SYS_231_PREFIX", &prefix);
    install.env("CARGO_TARGET_DIR", scratch).env_remove("RUSTFLAGS");
    // Elsewhere than in the clone, whose Cargo configuration is not meant for it.
    process::run(install.current_dir(cache.root()))?;
    fs::write(stamp_path(cache), stamp()).context("cannot write the linker's stamp")
}

fn stamp_path(cache: &Cache) -> PathBuf {
    cache.tools().join("sbpf-linker.stamp")
}
