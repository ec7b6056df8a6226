//! `cargo xtask drift`: generated files that are committed must be what the generators write.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{build_program, process, selection::Selection, vectors, workspace::Workspace};

/// Check that committed generated files are up to date.
///
/// Regenerates the test vectors, the program's IDL and the settler's reference (`settler docs`) in a temporary folder and
/// compares them with those in the clone, byte for byte. The first that differs is named.
#[derive(Debug, Args)]
pub struct Drift {
    /// Write the files instead of complaining.
    #[arg(long)]
    fix: bool,
    /// Compile with every package, as `test --all` does, so that both share what they compile.
    #[arg(long)]
    all: bool,
}

impl Drift {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        check(Selection::all_if(self.all), self.fix)
    }
}

/// Regenerates and compares, or with `fix` writes what differs.
pub fn check(selection: Selection, fix: bool) -> Result<()> {
    let workspace = Workspace::of_this_project()?;
    let fresh = tempfile::tempdir()?;

    vectors::write(selection, &workspace, &fresh.path().join(vectors::FOLDER))?;

    let package = workspace.package(build_program::PROGRAM)?;
    let committed_idl = build_program::idl::committed(package)?;
    let idl = build_program::idl::build(&workspace, build_program::PROGRAM, false)?;
    let fresh_idl = fresh.path().join(committed_idl.strip_prefix(&workspace.root)?);
    fs::create_dir_all(fresh_idl.parent().unwrap_or(fresh.path()))?;
    fs::copy(idl, fresh_idl)?;

    let settler = selection.binary(&workspace, "settler")?;
    process::run(process::command(settler).arg("docs").arg(fresh.path().join("docs")))
        .context("`settler docs FOLDER` writes the settler's reference")?;

    let mut differing = Vec::new();
    for (path, content) in files_below(fresh.path())? {
        let committed = workspace.root.join(&path);
        if fs::read(&committed).ok().as_ref() == Some(&content) {
            continue;
        }
        if fix {
            fs::create_dir_all(committed.parent().unwrap_or(&workspace.root))?;
            fs::write(&committed, content).with_context(|| format!("cannot write {}", committed.display()))?;
            println!("{}", path.display());
        }
        differing.push(path);
    }
    // A vector that nothing generates any more would be tested for ever.
    for (path, _) in files_below(&workspace.root.join(vectors::FOLDER))? {
        let path = Path::new(vectors::FOLDER).join(path);
        if path.extension().is_some_and(|it| it == "json") && !fresh.path().join(&path).exists() {
            bail!("{} is committed, but nothing generates it: remove it", path.display());
        }
    }
    match differing.first() {
        Some(first) if !fix => bail!(
            "{} differs from what is generated ({} file(s) in all): run `cargo xtask drift --fix` and commit the result, if the \
             change is meant",
            first.display(),
            differing.len()
        ),
        _ => {
            eprintln!("xtask: generated files are up to date");
            Ok(())
        }
    }
}

fn files_below(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder)?.to_path_buf(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}
