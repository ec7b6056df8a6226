//! `cargo xtask setup`: installs what the other commands need and this machine lacks.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{build_program::solana_tools::SolanaTools, cache::Cache, process};

use self::{debian::Wanted, debian_rustc::DebianRustc};

pub mod chromium;
mod debian;
pub mod debian_rustc;
mod library;
mod linker;
mod llvm;
pub mod node;

/// The first Java that Spark 4 runs on.
const OLDEST_JAVA: u32 = 17;

/// Install what is missing to build and test the project. Safe to repeat.
///
/// On Debian 12 it installs packages with apt-get (through sudo if need be), unpacks LLVM's libraries into a Python
/// environment, builds `sbpf-linker`, and patches a copy of the compiler's standard library for the Solana VM. All but the
/// packages goes to `~/.cache/radio-payouts` (or below XDG_CACHE_HOME), nothing into the clone.
///
/// Where the Solana tools (`cargo build-sbf`) are installed with their platform tools, they build the program and nothing
/// of this is needed.
#[derive(Debug, Args)]
pub struct Setup {
    /// Also what the real validator in the `tests` package needs (clang, protoc).
    #[arg(long)]
    pub validator: bool,
    /// Also what the SDK and the dashboard are built and tested with (Node.js with npm, Chromium).
    #[arg(long)]
    pub pages: bool,
    /// Set up the project's own toolchain even where the Solana tools are installed.
    #[arg(long)]
    pub own_toolchain: bool,
}

/// The project's own toolchain for the Solana VM, ready for use.
pub struct OwnToolchain {
    /// The compiler.
    pub rustc: PathBuf,
    /// The linker.
    pub linker: PathBuf,
    /// The patched standard library's source.
    pub library: PathBuf,
    /// Says what all of it was made from.
    pub stamp: String,
}

impl Setup {
    /// Runs the command.
    pub fn run(&self) -> Result<()> {
        if self.pages {
            ensure_pages()?;
        }
        let cache = Cache::locate()?;
        let _lock = cache.lock()?;
        match SolanaTools::find().filter(|_| !self.own_toolchain) {
            Some(tools) => {
                eprintln!("xtask: {tools} will build the program");
                if self.validator {
                    eprintln!("xtask: the validator needs clang, libclang, protoc and perl besides");
                }
            }
            None => {
                ensure_own_toolchain(&cache, self.validator)?;
                eprintln!("xtask: all is set up in {}", cache.root().display());
            }
        }
        Ok(())
    }
}

/// Makes sure of the project's own toolchain; quick when it is there. The caller holds the cache's lock.
pub fn ensure_own_toolchain(cache: &Cache, validator: bool) -> Result<OwnToolchain> {
    debian::ensure_packages(Wanted { linker: !linker::is_present(cache), validator })?;
    let rustc = DebianRustc::find()?;
    if !linker::is_present(cache) {
        let scratch = tempfile::Builder::new().prefix("sbpf-linker-build-").tempdir_in(cache.root())?;
        linker::ensure_linker(cache, scratch.path())?;
    }
    library::ensure_patched(cache, &rustc)?;
    let stamp = format!("{}{}", linker::stamp(), library::stamp(cache).unwrap_or_default());
    Ok(OwnToolchain { rustc: rustc.path, linker: linker::path(cache), library: library::source_root(cache), stamp })
}

/// Makes sure of Debian's compiler alone. The caller holds the cache's lock.
pub fn ensure_compiler(cache: &Cache) -> Result<()> {
    debian::ensure_packages(Wanted { linker: !linker::is_present(cache), validator: false })
}

/// Makes sure of what the SDK and the dashboard are built and tested with; where Chromium is.
pub fn ensure_pages() -> Result<PathBuf> {
    node::ensure()?;
    chromium::ensure()
}

/// Makes sure of a Java that Spark runs on, whoever made it.
pub fn ensure_java() -> Result<()> {
    // It says its version to stderr, in words that differ; this way it says it to stdout, in one.
    let settings = process::answer_of(process::command("java").arg("--version"));
    let version =
        settings.as_deref().and_then(|text| text.split_whitespace().nth(1)?.split('.').next()?.parse::<u32>().ok());
    if version.is_some_and(|version| version >= OLDEST_JAVA) { Ok(()) } else { debian::ensure_java() }
}

/// Makes sure of what the real validator in the test process is compiled with, as far as packages can be installed.
pub fn ensure_validator_packages() -> Result<()> {
    if SolanaTools::find().is_some() {
        // This machine is not necessarily a Debian, and its owner knows how to install things.
        return Ok(());
    }
    let cache = Cache::locate()?;
    let _lock = cache.lock()?;
    debian::ensure_packages(Wanted { linker: !linker::is_present(&cache), validator: true })
}
