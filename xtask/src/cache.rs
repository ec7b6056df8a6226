//! Where everything lives that is neither source nor build output: outside the clone, so that a fresh clone finds it.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The project's folder under the user's cache folder.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$XDG_CACHE_HOME/radio-payouts`, or `~/.cache/radio-payouts`.
    pub fn locate() -> Result<Self> {
        let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set: set one")?)
                .join(".cache"),
        };
        let root = base.join("radio-payouts");
        fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
        Ok(Self { root })
    }

    /// The cache folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Programs that `setup` builds (`cargo install --root`).
    pub fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    /// The Python environment that carries LLVM's static libraries.
    pub fn venv(&self) -> PathBuf {
        self.root.join("venv")
    }

    /// The Python environment that carries Node.js and npm, where the machine has none that is new enough.
    pub fn node(&self) -> PathBuf {
        self.root.join("node")
    }

    /// The Python environment that carries DuckDB.
    pub fn duckdb_venv(&self) -> PathBuf {
        self.root.join("duckdb-venv")
    }

    /// The Python environment that carries moto, a server that speaks S3.
    pub fn moto_venv(&self) -> PathBuf {
        self.root.join("moto-venv")
    }

    /// The Python environment that carries Spark.
    pub fn spark_venv(&self) -> PathBuf {
        self.root.join("spark-venv")
    }

    /// The patched copy of the standard library's source.
    pub fn sbf_library(&self) -> PathBuf {
        self.root.join("sbf-library")
    }

    /// Cargo's target folder for the Solana VM. The patched library is compiled into it.
    pub fn sbf_target(&self) -> PathBuf {
        self.root.join("sbf-target")
    }

    /// Programs of others, built for the tests.
    pub fn programs(&self) -> PathBuf {
        self.root.join("programs")
    }

    /// Waits until no other xtask sets up or builds a program; the lock ends when the file is dropped.
    pub fn lock(&self) -> Result<File> {
        let path = self.root.join("xtask.lock");
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        if file.try_lock().is_err() {
            eprintln!("xtask: waiting for another xtask to finish ({})", path.display());
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }
}
