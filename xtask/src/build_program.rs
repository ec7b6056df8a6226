//! `cargo xtask build-program`: from the program's source to its `.so` and its IDL.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::{
    cache::Cache,
    digest::Digest,
    setup,
    workspace::{Package, Workspace},
};

use self::solana_tools::SolanaTools;

mod elf;
pub mod idl;
mod of_others;
mod own_toolchain;
pub mod solana_tools;

/// The package of the project's own program.
pub const PROGRAM: &str = "radio_payouts";

/// The environment variable that tells tests and settler where the built program is.
pub const PROGRAM_FILE: &str = "RADIO_PAYOUTS_PROGRAM";

/// Build the on-chain program and its IDL.
///
/// Writes `deploy/radio_payouts.so` and `idl/radio_payouts.json` into Cargo's target folder and prints the paths, one a line,
/// to stdout. Does nothing when neither sources nor toolchain changed since.
///
/// With `--all` also the programs of others that the tests run (`tests/programs`): SPL Governance, the program behind Realms.
/// They are built once, below `~/.cache/radio-payouts`.
///
/// `cargo build-sbf` is used where the Solana tools are installed with their platform tools; elsewhere the project's own
/// toolchain, which is set up first if need be (see `cargo xtask setup --help`).
#[derive(Debug, Args)]
pub struct BuildProgram {
    /// The package to build; any package with a `cdylib` will do.
    #[arg(long, default_value = PROGRAM)]
    package: String,
    /// A Cargo.toml of another workspace to look for the package in; its program goes to this project's target folder.
    #[arg(long, value_name = "FILE")]
    manifest_path: Option<PathBuf>,
    /// Also the programs of others that the tests run.
    #[arg(long, conflicts_with_all = ["package", "manifest_path"])]
    all: bool,
    /// Which toolchain to use.
    #[arg(long, value_enum, default_value_t)]
    toolchain: Toolchain,
    /// Leave the IDL out: it takes a second compilation, for the host.
    #[arg(long, conflicts_with = "write_idl")]
    no_idl: bool,
    /// Also refresh the IDL that is committed in the program's folder.
    #[arg(long)]
    write_idl: bool,
    /// Build even if nothing changed.
    #[arg(long)]
    force: bool,
}

/// The ways to compile for the Solana VM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Toolchain {
    /// `cargo build-sbf` if present, else the project's own.
    #[default]
    Auto,
    /// `cargo build-sbf`.
    Solana,
    /// The project's own.
    Own,
}

impl BuildProgram {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        let mut workspace = Workspace::of_this_project()?;
        if let Some(manifest) = &self.manifest_path {
            workspace = Workspace::of(manifest)?.into_target(workspace.target);
        }
        let program = build(&workspace, &self.package, self.toolchain, self.force)?;
        println!("{}", program.display());
        if self.all {
            for (_, program) in of_others::ensure(&workspace, self.toolchain, self.force)? {
                println!("{}", program.display());
            }
        }
        if !self.no_idl {
            let idl = idl::build(&workspace, &self.package, self.force)?;
            println!("{}", idl.display());
            if self.write_idl {
                let committed = idl::committed(workspace.package(&self.package)?)?;
                fs::create_dir_all(committed.parent().unwrap_or(Path::new(".")))?;
                fs::copy(&idl, &committed).with_context(|| format!("cannot write {}", committed.display()))?;
                eprintln!("xtask: wrote {}", committed.display());
            }
        }
        Ok(())
    }
}

/// The project's own program, built if it has to be: the path of its `.so`.
pub fn ensure_program(workspace: &Workspace) -> Result<PathBuf> {
    build(workspace, PROGRAM, Toolchain::Auto, false)
}

/// Every program that the tests run, built if it has to be: environment variables that name the files.
pub fn ensure_programs(workspace: &Workspace) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut programs = vec![(PROGRAM_FILE, ensure_program(workspace)?)];
    programs.extend(of_others::ensure(workspace, Toolchain::Auto, false)?);
    Ok(programs)
}

/// A compiler that is ready for use.
enum Ready {
    Own(Box<setup::OwnToolchain>),
    Solana(SolanaTools),
}

fn build(workspace: &Workspace, package: &str, toolchain: Toolchain, force: bool) -> Result<PathBuf> {
    let package = workspace.package(package)?;
    let cache = Cache::locate()?;
    let _lock = cache.lock()?;
    let found = if toolchain == Toolchain::Own { None } else { SolanaTools::find() };
    let ready = match found {
        Some(tools) => Ready::Solana(tools),
        None if toolchain == Toolchain::Solana => anyhow::bail!(
            "no usable Solana tools: install them and let `cargo build-sbf` fetch its platform tools once (rustc 1.85 or later)"
        ),
        None => Ready::Own(Box::new(setup::ensure_own_toolchain(&cache, false)?)),
    };
    let compiled_by = match &ready {
        Ready::Own(own) => own_toolchain::digest(own),
        Ready::Solana(tools) => tools.stamp().to_owned(),
    };

    let program = package.program_name()?;
    let output = workspace.target.join("deploy").join(program).with_extension("so");
    let stamp = output.with_extension("so.made-from");
    let inputs = inputs(workspace, package, &compiled_by)?;
    if !force && is_made_from(&output, &stamp, &inputs) {
        eprintln!("xtask: {} is up to date", output.display());
        return Ok(output);
    }
    let built = match &ready {
        Ready::Own(own) => own_toolchain::build(own, &cache, package)?,
        Ready::Solana(tools) => tools.build(&cache, package)?,
    };
    let content = fs::read(&built).with_context(|| format!("the build left no {}", built.display()))?;
    let version = elf::sbpf_version(&content).with_context(|| format!("{} is no program", built.display()))?;
    replace(&output, &content, &stamp, &inputs)?;
    eprintln!("xtask: {} ({} bytes, sBPF {version})", output.display(), content.len());
    Ok(output)
}

/// The digest of everything a program is made from.
fn inputs(workspace: &Workspace, package: &Package, compiled_by: &str) -> Result<String> {
    let mut digest = sources(workspace, package)?;
    digest.add_file("Cargo.lock", &workspace.root.join("Cargo.lock")).context("run `cargo generate-lockfile` there")?;
    digest.add("compiled by", compiled_by.as_bytes());
    Ok(digest.finish())
}

/// The sources of a package and of those it is built from, manifests included.
fn sources(workspace: &Workspace, package: &Package) -> Result<Digest> {
    let mut digest = Digest::default();
    digest.add("package", package.name.as_bytes());
    digest.add_file("workspace", &workspace.root.join("Cargo.toml"))?;
    for folder in workspace.source_folders(package) {
        digest.add_file("manifest", &folder.join("Cargo.toml"))?.add_tree(&folder.join("src"))?;
    }
    Ok(digest)
}

/// Whether `output` is what `stamp` says, made from `inputs`. Another file at its place is not taken for it.
fn is_made_from(output: &Path, stamp: &Path, inputs: &str) -> bool {
    let (Ok(output), Ok(stamp)) = (fs::read(output), fs::read_to_string(stamp)) else { return false };
    stamp == stamp_of(inputs, &output)
}

fn stamp_of(inputs: &str, output: &[u8]) -> String {
    let mut digest = Digest::default();
    digest.add("output", output);
    format!("{inputs}\n{}\n", digest.finish())
}

/// Writes an output with its stamp, so that a reader sees the old or the new one, never half of it.
fn replace(output: &Path, content: &[u8], stamp: &Path, inputs: &str) -> Result<()> {
    let written = || -> std::io::Result<()> {
        if let Some(folder) = output.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = output.with_extension("fresh");
        fs::write(&fresh, content)?;
        fs::rename(&fresh, output)?;
        fs::write(stamp, stamp_of(inputs, content))
    };
    written().with_context(|| format!("cannot write {}", output.display()))
}
