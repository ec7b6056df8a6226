//! `wasm-bindgen`: writes the JavaScript side of a WebAssembly module. Its version must be that of the library.

use std::path::PathBuf;

use anyhow::Result;

use crate::{cache::Cache, process};

/// The tool of this version, built from crates.io if it is not there.
pub fn ensure(cache: &Cache, version: &str) -> Result<PathBuf> {
    let root = cache.tools().join(format!("wasm-bindgen-{version}"));
    let tool = root.join("bin/wasm-bindgen");
    if tool.exists() {
        return Ok(tool);
    }
    eprintln!("xtask: building wasm-bindgen {version} (a few minutes, once)");
    let scratch = tempfile::Builder::new().prefix("wasm-bindgen-build-").tempdir_in(cache.root())?;
    let mut install = process::cargo();
    install.args(["install", "wasm-bindgen-cli", "--version", version, "--locked", "--force", "--bin", "wasm-bindgen"]);
    install.arg("--root").arg(&root).env("CARGO_TARGET_DIR", scratch.path()).env_remove("RUSTFLAGS");
    // Elsewhere than in the clone, whose Cargo configuration is not meant for it.
    process::run(install.current_dir(cache.root()))?;
    Ok(tool)
}
