//! What Cargo knows about the workspace: folders, packages, and what a package is made of.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::process;

/// The workspace that holds a manifest.
#[derive(Debug)]
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml` and `Cargo.lock`.
    pub root: PathBuf,
    /// Cargo's target folder (`CARGO_TARGET_DIR` is respected).
    pub target: PathBuf,
    packages: Vec<Package>,
}

/// One package of the workspace.
#[derive(Debug, Clone, Deserialize)]
pub struct Package {
    /// The package's name.
    pub name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Clone, Deserialize)]
struct Dependency {
    kind: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// This project's workspace.
    pub fn of_this_project() -> Result<Self> {
        // At run time, not at compile time: several clones may share a target folder, and hence this binary.
        let manifest = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder).join("Cargo.toml"),
            None => env::current_dir()?.join("Cargo.toml"),
        };
        Self::of(&manifest)
    }

    /// The workspace that `manifest` belongs to.
    pub fn of(manifest: &Path) -> Result<Self> {
        let mut metadata = process::cargo();
        metadata.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
        let metadata: Metadata =
            serde_json::from_str(&process::stdout_of(&mut metadata)?).context("cannot read `cargo metadata`")?;
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory, packages: metadata.packages })
    }

    /// The same workspace, building into another target folder.
    pub fn into_target(self, target: PathBuf) -> Self {
        Self { target, ..self }
    }

    /// The package of that name.
    pub fn package(&self, name: &str) -> Result<&Package> {
        self.packages.iter().find(|package| package.name == name).with_context(|| {
            let names: Vec<_> = self.packages.iter().map(|package| package.name.as_str()).collect();
            format!("no package `{name}` in {}; there are: {}", self.root.display(), names.join(", "))
        })
    }

    /// The version of a package of the registry that the lockfile names.
    pub fn locked_version(&self, name: &str) -> Result<String> {
        Self::locked_version_in(&self.root, name)
    }

    /// The version of a package of the registry that a folder's lockfile names.
    pub fn locked_version_in(folder: &Path, name: &str) -> Result<String> {
        let path = folder.join("Cargo.lock");
        let lock = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lock: Lock = toml::from_str(&lock).with_context(|| format!("{} is no lockfile", path.display()))?;
        let mut found = lock.package.into_iter().filter(|package| package.name == name);
        match (found.next(), found.next()) {
            (Some(package), None) => Ok(package.version),
            _ => bail!("{} does not name one version of {name}", path.display()),
        }
    }

    /// The folders of `package` and of every package it is built from that lies in the file tree, its own first.
    pub fn source_folders(&self, package: &Package) -> Vec<PathBuf> {
        let mut found = vec![package.folder()];
        let mut seen: BTreeSet<PathBuf> = found.iter().cloned().collect();
        let mut next = 0;
        while let Some(folder) = found.get(next).cloned() {
            next += 1;
            let Some(package) = self.packages.iter().find(|package| package.folder() == folder) else { continue };
            let built_from = package.dependencies.iter().filter(|it| it.kind.as_deref() != Some("dev"));
            found.extend(built_from.filter_map(|it| it.path.clone()).filter(|path| seen.insert(path.clone())));
        }
        found
    }
}

impl Package {
    /// The folder of the package's `Cargo.toml`.
    pub fn folder(&self) -> PathBuf {
        self.manifest_path.parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// The package's `Cargo.toml`.
    pub fn manifest(&self) -> &Path {
        &self.manifest_path
    }

    /// The name of the package's `cdylib`: what its `.so` is called.
    pub fn program_name(&self) -> Result<&str> {
        match self.targets.iter().find(|target| target.kind.iter().any(|kind| kind == "cdylib")) {
            Some(target) => Ok(&target.name),
            None => bail!(
                "`{}` is no on-chain program: {} needs `[lib] crate-type = [\"cdylib\", \"lib\"]`",
                self.name,
                self.manifest_path.display()
            ),
        }
    }
}
