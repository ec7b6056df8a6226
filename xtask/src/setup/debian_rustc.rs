//! Debian's `rustc-web`: a current compiler together with the source of exactly its standard library.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::process;

/// The release that the library's edits and the linker's LLVM were chosen for.
pub const EXPECTED: &str = "1.96";

/// Say `1.97.0` here to try a compiler that the project has not been tried with.
const ACCEPT: &str = "RADIO_PAYOUTS_ACCEPT_RUSTC";

/// The compiler found on this machine.
pub struct DebianRustc {
    /// The compiler's path.
    pub path: PathBuf,
    /// What `rustc -vV` says.
    pub version: String,
    /// The source of its standard library.
    pub library: PathBuf,
}

impl DebianRustc {
    /// Finds `/usr/bin/rustc` and its library; rustup's compilers stand before it on PATH and are not meant.
    pub fn find() -> Result<Self> {
        let path = PathBuf::from("/usr/bin/rustc");
        let ask = |arguments: &[&str]| process::answer_of(process::command(&path).args(arguments));
        let version = ask(&["-vV"]).context("no /usr/bin/rustc: run `cargo xtask setup`")?;
        let release = version.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or("unknown");
        let accepted = env::var(ACCEPT).is_ok_and(|accepted| accepted == release);
        if !release.starts_with(&format!("{EXPECTED}.")) && !accepted {
            bail!(
                "/usr/bin/rustc is {release}; this toolchain was made for {EXPECTED} (Debian packages rustc-web and \
                 rust-web-src). To try {release} nevertheless, set {ACCEPT}={release} and run all tests; or install the \
                 Solana tools, whose `cargo build-sbf` is used when present"
            );
        }
        let sysroot = ask(&["--print", "sysroot"]).context("/usr/bin/rustc does not name its sysroot")?;
        let library = PathBuf::from(sysroot.trim()).join("lib/rustlib/src/rust/library");
        ensure!(
            library.join("std/Cargo.toml").exists(),
            "{} is missing: install the Debian package rust-web-src",
            library.display()
        );
        Ok(Self { path, version, library })
    }
}
