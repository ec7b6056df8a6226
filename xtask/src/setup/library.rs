//! A copy of the compiler's own standard library, changed so that it fits the Solana VM.
//!
//! The changes are few and listed in [`edits`]. Each must be found exactly as often as written there: another version of
//! the library stops the set-up instead of building a program that goes wrong on chain.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{cache::Cache, setup::debian_rustc::DebianRustc};

mod edits;

/// Where the pieces of the compiled-in library lie.
pub fn source_root(cache: &Cache) -> PathBuf {
    cache.sbf_library().join("library")
}

/// What the copy was made from, if there is one.
pub fn stamp(cache: &Cache) -> Option<String> {
    fs::read_to_string(cache.sbf_library().join("stamp")).ok()
}

/// Makes the copy, unless there is one of this compiler with these edits.
pub fn ensure_patched(cache: &Cache, rustc: &DebianRustc) -> Result<()> {
    let wanted = format!("{}edits {}\n", rustc.version, edits::digest());
    if stamp(cache).as_deref() == Some(&wanted) {
        return Ok(());
    }
    eprintln!("xtask: patching a copy of {}", rustc.library.display());
    let copy = cache.sbf_library();
    remove(&copy)?;
    copy_tree(&rustc.library, &source_root(cache))?;
    for name in ["Cargo.toml", "Cargo.lock"] {
        let Some(beside) = rustc.library.parent().map(|parent| parent.join(name)) else { continue };
        if beside.exists() {
            fs::copy(&beside, copy.join(name)).with_context(|| format!("cannot copy {}", beside.display()))?;
        }
    }
    apply(&source_root(cache))?;
    // Cargo does not notice that a library's source has changed.
    remove(&cache.sbf_target())?;
    fs::write(copy.join("stamp"), wanted)?;
    Ok(())
}

fn apply(library: &Path) -> Result<()> {
    for edit in edits::EDITS {
        let path = library.join(edit.file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let found = text.matches(edit.find).count();
        ensure!(
            found == edit.times,
            "{}: expected {} time(s), found {found} time(s):\n{}\nThis standard library differs from the one that the edits \
             were written for. Install rustc-web and rust-web-src {}, or revise xtask/src/setup/library/edits.rs.",
            edit.file,
            edit.times,
            edit.find,
            super::debian_rustc::EXPECTED,
        );
        fs::write(&path, text.replace(edit.find, edit.replace))?;
    }
    for (file, content) in edits::NEW_FILES {
        let path = library.join(file);
        if path.exists() {
            bail!("{file} exists already: this standard library differs from the one that the edits were written for");
        }
        fs::write(path, content)?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
        }
    }
    Ok(())
}
