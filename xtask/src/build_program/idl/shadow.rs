//! A stand-in for the program's manifest, in the cache folder: the same library, compiled for its IDL.
//!
//! The program's own manifest would do, but its tests need a whole Solana VM and the workspace's other packages decide on
//! features; a stand-in compiles in a fraction of that, and next to a build that goes on in the clone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::workspace::{Package, Workspace};

/// Writes the stand-in into `folder` and returns its `Cargo.toml`.
pub fn write(workspace: &Workspace, package: &Package, folder: &Path) -> Result<PathBuf> {
    let root = parse(&workspace.root.join("Cargo.toml"))?;
    let mut manifest = parse(package.manifest())?;
    make_absolute(&mut manifest, &package.folder());

    let mut library = Table::new();
    library.insert("name".into(), package.program_name()?.into());
    library.insert("path".into(), text(&package.folder().join("src/lib.rs")));
    manifest.insert("lib".into(), library.into());
    manifest.remove("lints");
    drop_unused_dev_dependencies(&mut manifest, &package.folder().join("src"))?;

    let mut around = root.get("workspace").and_then(Value::as_table).cloned().unwrap_or_default();
    for key in ["members", "default-members", "exclude", "lints"] {
        around.remove(key);
    }
    make_absolute(&mut around, &workspace.root);
    manifest.insert("workspace".into(), around.into());
    let mut quick = Table::new();
    quick.insert("debug".into(), false.into());
    manifest.insert("profile".into(), Table::from_iter([("dev".to_owned(), quick.into())]).into());

    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("Cargo.toml");
    fs::write(&path, toml::to_string(&manifest)?)?;
    fs::copy(workspace.root.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    Ok(path)
}

fn parse(path: &Path) -> Result<Table> {
    super::read(path)?.parse().with_context(|| format!("cannot parse {}", path.display()))
}

/// Paths of dependencies hold wherever the manifest lies.
fn make_absolute(manifest: &mut Table, base: &Path) {
    for (key, table) in manifest.iter_mut() {
        if !key.ends_with("dependencies") {
            if key == "target"
                && let Some(targets) = table.as_table_mut()
            {
                targets.iter_mut().filter_map(|(_, it)| it.as_table_mut()).for_each(|it| make_absolute(it, base));
            }
            continue;
        }
        for (_, dependency) in table.as_table_mut().into_iter().flatten() {
            if let Some(path) = dependency.get_mut("path")
                && let Some(relative) = path.as_str()
            {
                *path = text(&base.join(relative));
            }
        }
    }
}

/// Keeps of the dev-dependencies those that the library's own unit tests mention.
fn drop_unused_dev_dependencies(manifest: &mut Table, sources: &Path) -> Result<()> {
    let mut source = String::new();
    concatenate(sources, &mut source)?;
    if let Some(dependencies) = manifest.get_mut("dev-dependencies").and_then(Value::as_table_mut) {
        dependencies.retain(|name, _| source.contains(&format!("{}::", name.replace('-', "_"))));
    }
    Ok(())
}

fn concatenate(folder: &Path, into: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            concatenate(&path, into)?;
        } else {
            into.push_str(&super::read(&path)?);
        }
    }
    Ok(())
}

fn text(path: &Path) -> Value {
    Value::String(path.to_string_lossy().into_owned())
}
