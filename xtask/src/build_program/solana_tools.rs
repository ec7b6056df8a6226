//! The Solana tools: `cargo build-sbf` and its platform tools, where a developer has them.

use std::{
    env, fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{cache::Cache, process, workspace::Package};

/// The first compiler of the platform tools that knows the 2024 edition.
const FIRST_RUSTC: (u32, u32) = (1, 85);

/// A usable installation.
pub struct SolanaTools {
    program: PathBuf,
    version: String,
}

impl SolanaTools {
    /// The tools, if they are installed, have fetched their platform tools, and know the edition that the project uses.
    pub fn find() -> Option<Self> {
        let home = PathBuf::from(env::var_os("HOME")?);
        let installed = home.join(".local/share/solana/install/active_release/bin/cargo-build-sbf");
        [PathBuf::from("cargo-build-sbf"), installed].into_iter().find_map(|program| {
            let version = process::answer_of(process::command(&program).arg("--version"))?;
            let tools = Self { program, version };
            let platform_tools = tools.line_of("platform-tools ")?;
            let fetched = home.join(".cache/solana").join(platform_tools).join("platform-tools").is_dir();
            let recent = tools.line_of("rustc ").is_some_and(is_recent);
            (fetched && recent).then_some(tools)
        })
    }

    /// What the tools say of themselves.
    pub fn stamp(&self) -> &str {
        &self.version
    }

    /// Compiles the package and returns where its `.so` is.
    pub fn build(&self, cache: &Cache, package: &Package) -> Result<PathBuf> {
        let out = cache.sbf_target().join("solana-tools-out");
        let mut command = process::command(&self.program);
        command.arg("--manifest-path").arg(package.manifest()).arg("--sbf-out-dir").arg(&out);
        // Their compiler is older than the one of the host; what it compiles is tried with it.
        command.args(["--", "--ignore-rust-version"]);
        // They bring their own compiler; a toolchain chosen by the outer Cargo would be in their way.
        for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "CARGO", "RUSTFLAGS"] {
            command.env_remove(name);
        }
        command.env("CARGO_TARGET_DIR", cache.sbf_target().join("solana-tools"));
        process::run(&mut command).context(
            "`cargo build-sbf` could not build the program; with `--toolchain own` the project's own toolchain does",
        )?;
        Ok(out.join(Path::new(package.program_name()?)).with_extension("so"))
    }

    fn line_of(&self, prefix: &str) -> Option<&str> {
        self.version.lines().find_map(|line| line.strip_prefix(prefix)).map(str::trim)
    }
}

impl fmt::Display for SolanaTools {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.program.display(), self.version.lines().collect::<Vec<_>>().join(", "))
    }
}

fn is_recent(rustc: &str) -> bool {
    let mut parts = rustc.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= FIRST_RUSTC
}
