//! The program's IDL.

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace::{Package, Workspace};

/// The IDL that is committed beside a program's source.
pub fn committed(package: &Package) -> Result<PathBuf> {
    Ok(package.folder().join("idl").join(package.program_name()?).with_extension("json"))
}

/// Builds the IDL.
pub fn build(_workspace: &Workspace, _package: &str, _force: bool) -> Result<PathBuf> {
    anyhow::bail!("not yet")
}
