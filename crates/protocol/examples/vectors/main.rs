//! Writes the test vectors of section 13: `cargo run -p radio-payouts-protocol --example vectors -- tests/vectors`.
//!
//! Inputs are fixed, so a second run writes the same bytes; `cargo xtask drift` compares them with those committed. What
//! cannot be computed ends the generator: a vector is never left out or empty.

use std::path::PathBuf;

use radio_payouts_protocol::domain::Domain;
use serde_json::Value;

mod batches;
mod chain;
mod dids;
mod money;
mod settlements;
mod trees;

/// Genesis hash of the vectors' cluster.
const GENESIS_HASH: [u8; 32] = [0x11; 32];
/// Program address of the vectors' deployment.
const PROGRAM_ID: [u8; 32] = [0x22; 32];

fn domain() -> Domain {
    Domain::derive(&GENESIS_HASH, &PROGRAM_ID)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: vectors FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let files: [(&str, Value); 7] = [
        ("dids.json", dids::vectors()),
        ("batches.json", batches::vectors()),
        ("trees.json", trees::trees()),
        ("forest.json", trees::forest()),
        ("weights.json", money::weights()),
        ("allocations.json", money::allocations()),
        ("settlements.json", settlements::vectors()),
    ];
    for (name, value) in files {
        std::fs::write(folder.join(name), format!("{}\n", serde_json::to_string_pretty(&value)?))?;
    }
    Ok(())
}
