//! SPL Governance, the program behind Realms: its release on crates.io, unchanged.
//!
//! Cargo makes a `.so` of a package of one's own only. All that is in this one is the release, entry point included.

pub use spl_governance::*;
