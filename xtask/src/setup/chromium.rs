//! Chromium, in which the dashboard's story is told.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::setup::debian;

/// The environment variable that names a Chromium; the story reads it too.
pub const VARIABLE: &str = "CHROMIUM";

/// Where distributions put it.
const PLACES: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Makes sure of it, and returns where it is; installs Debian's if there is none.
pub fn ensure() -> Result<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    debian::ensure_chromium()
        .context("the dashboard's story needs a Chromium: install one, or name it with CHROMIUM")?;
    find().context("Debian's package chromium has left no /usr/bin/chromium")
}

fn find() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    named.or_else(|| PLACES.iter().map(Path::new).find(|path| path.exists()).map(Path::to_path_buf))
}
