//! What stories over RPC need: a real validator, and the settler's binary beside the tests.

pub mod claims;
pub mod deep_claims;
pub mod ground;
pub mod rewind;

use std::path::{Path, PathBuf};

mod localnet;
mod service;
mod settler;
mod sfu;

pub use localnet::Localnet;
pub use service::Service;
pub use settler::Settler;
pub use sfu::Sfu;

/// The folder in which Cargo puts binaries of this profile: `target/debug`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.ancestors().nth(2).map(Path::to_path_buf).expect("target/<profile>/deps/<test>")
}

/// The program's bytecode, as `cargo xtask build-program` leaves it.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn program_path() -> PathBuf {
    let path = std::env::var_os("RADIO_PAYOUTS_PROGRAM")
        .map_or_else(|| profile_folder().join("../deploy/radio_payouts.so"), PathBuf::from);
    assert!(path.exists(), "{} is missing: run `cargo xtask build-program`", path.display());
    path
}

/// The binary `settler`, built beside the tests.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn settler_path() -> PathBuf {
    let path = profile_folder().join("settler");
    assert!(path.exists(), "{} is missing: run `cargo build -p radio-payouts-settler`", path.display());
    path
}
