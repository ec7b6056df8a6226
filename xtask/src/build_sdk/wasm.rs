//! From the crate to a WebAssembly module: with the toolchain's own library for the target, or with Debian's compiler and
//! the source of its library.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    cache::Cache,
    process,
    setup::{self, debian_rustc::DebianRustc},
    workspace::Package,
};

const TARGET: &str = "wasm32-unknown-unknown";

/// The release profile of the module, whatever the workspace's own says.
const PROFILE: &[&str] = &[
    // Small, but for what a reader waits for: signatures and hashes.
    "profile.release.opt-level=\"s\"",
    "profile.release.package.curve25519-dalek.opt-level=3",
    "profile.release.package.ed25519-dalek.opt-level=3",
    "profile.release.package.sha2.opt-level=3",
    "profile.release.lto=\"fat\"",
    "profile.release.codegen-units=1",
    "profile.release.overflow-checks=true",
    "profile.release.panic=\"abort\"",
    "profile.release.debug=false",
];

/// A compiler for the target.
pub enum Toolchain {
    /// The toolchain that runs this program has the target's library.
    OfRustup,
    /// Debian's compiler compiles its own library.
    OfDebian {
        /// The compiler.
        rustc: Box<DebianRustc>,
        /// A linker that writes WebAssembly.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds one; installs Debian's packages if neither is there.
    pub fn find(cache: &Cache) -> Result<Self> {
        if library_of_rustup().is_some_and(|folder| folder.exists()) {
            return Ok(Self::OfRustup);
        }
        setup::ensure_compiler(cache).context(
            "the Rust toolchain has no library for WebAssembly: run `rustup target add wasm32-unknown-unknown`, or use Debian",
        )?;
        Ok(Self::OfDebian { rustc: Box::new(DebianRustc::find()?), linker: linker()? })
    }

    /// Changes whenever another compiler or profile would be used.
    pub fn stamp(&self) -> String {
        let version = match self {
            Self::OfRustup => process::answer_of(process::command("rustc").arg("-vV")).unwrap_or_default(),
            Self::OfDebian { rustc, .. } => rustc.version.clone(),
        };
        format!("{version}{}\n", PROFILE.join(" "))
    }

    /// Compiles the package and returns where its module is.
    pub fn build(&self, cache: &Cache, package: &Package) -> Result<PathBuf> {
        let target = cache.root().join("wasm-target");
        let mut cargo = process::cargo();
        cargo.args(["build", "--release", "--lib", "--target", TARGET, "--package", &package.name, "--manifest-path"]);
        cargo.arg(package.manifest());
        for setting in PROFILE {
            cargo.args(["--config", setting]);
        }
        let mut flags = remapped(package)?;
        if let Self::OfDebian { rustc, linker } = self {
            cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
            cargo.env("RUSTC", &rustc.path).env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTC_WRAPPER");
            flags.push(format!("-Clinker={}", linker.display()));
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")).env_remove("RUSTFLAGS");
        process::run(cargo.env("CARGO_TARGET_DIR", &target))?;
        Ok(target.join(TARGET).join("release").join(format!("{}.wasm", package.program_name()?)))
    }
}

/// Panics name source files: the same on every machine.
fn remapped(package: &Package) -> Result<Vec<String>> {
    let workspace = package.folder().parent().map(Path::to_path_buf).context("the package lies in no workspace")?;
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=", workspace.display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=cargo", home.display())));
    Ok(flags)
}

/// Where the running toolchain would have the target's library.
fn library_of_rustup() -> Option<PathBuf> {
    let answer = process::answer_of(process::command("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    Some(PathBuf::from(answer.trim()))
}

/// LLVM's linker: the one that comes with a Rust toolchain, or Debian's.
fn linker() -> Result<PathBuf> {
    let host = format!("lib/rustlib/{}-unknown-linux-gnu/bin/rust-lld", env::consts::ARCH);
    let sysroots = ["rustc", "/usr/bin/rustc"].into_iter().filter_map(|rustc| {
        let sysroot = process::answer_of(process::command(rustc).args(["--print", "sysroot"]))?;
        Some(PathBuf::from(sysroot.trim()).join(&host))
    });
    let debian = ["/usr/bin/wasm-ld", "/usr/bin/wasm-ld-19", "/usr/bin/wasm-ld-14"].map(PathBuf::from);
    let Some(found) = sysroots.chain(debian).find(|path| path.exists()) else {
        bail!("no linker for WebAssembly: install Debian's package lld, or a Rust toolchain by rustup");
    };
    Ok(found)
}
