//! Where the built program is found.

use std::path::PathBuf;

use crate::chain::ChainError;

/// Names the built program's file.
pub const PROGRAM_FILE: &str = "RADIO_PAYOUTS_PROGRAM";

/// Reads the built program: the file named by `RADIO_PAYOUTS_PROGRAM`, or `deploy/radio_payouts.so` in the build folder
/// that this binary is in.
///
/// # Errors
/// If there is none, saying how to build it.
pub fn load() -> Result<Vec<u8>, ChainError> {
    let path = find()?;
    std::fs::read(&path).map_err(|error| ChainError::Other(format!("the program {}: {error}", path.display())))
}

fn find() -> Result<PathBuf, ChainError> {
    if let Some(path) = std::env::var_os(PROGRAM_FILE) {
        return Ok(path.into());
    }
    let binary = std::env::current_exe().map_err(|error| ChainError::Other(error.to_string()))?;
    // target/release/settler, target/debug/deps/test-…
    let candidates = binary.ancestors().skip(1).take(3).map(|folder| folder.join("deploy").join("radio_payouts.so"));
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        ChainError::Other(format!(
            "the built program radio_payouts.so is not beside this binary: run `cargo xtask build-program`, or name the file in {PROGRAM_FILE}"
        ))
    })
}
