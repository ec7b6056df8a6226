//! Epochs and provisional calculations as the settler computes them, for the SDK's tests to compare with.
//!
//! `sdk_epochs FOLDER` writes `epochs.jsonl` (a thousand epochs: the files of each folder, the account that the chain would
//! hold, a proof), `calculations.jsonl` (a thousand lists of bare receipts with their shares) and `folder/`, one epoch as the
//! settler publishes it, which the examples of the SDK's README work on. The same bytes every time.

mod calculations;
mod epochs;

use std::fs;
use std::path::PathBuf;

use radio_payouts_protocol::params::{Params, ParamsDelta};
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| anyhow::anyhow!("usage: sdk_epochs FOLDER"))?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    epochs::write(&folder)?;
    calculations::write(&folder)
}

/// Parameters within all bounds, most of them other than the demo's.
fn params(random: &mut ChaCha8Rng) -> anyhow::Result<Params> {
    let mut delta = ParamsDelta::default();
    let mut set = |name: &str, value: u64| delta.set(name, value).map_err(anyhow::Error::from);
    set("rate", 10u64.pow(random.random_range(3..=12)))?;
    // Mostly no limit at all, sometimes too little for anybody.
    let caps = [1_000_000_000_000_000, 1_000_000_000_000, 1_000, 0];
    set("epoch_cap", caps[[0, 0, 0, 0, 1, 1, 2, 3][random.random_range(0..8usize)]])?;
    set("max_share_bps", [10_000, 3_000, 500][random.random_range(0..3usize)])?;
    set("min_payout", [1, 1_000, 10_000_000][random.random_range(0..3usize)])?;
    let factors = ["consistency", "peak", "long_term", "high_quality", "metadata_rich", "popular"];
    for name in factors.map(|factor| format!("{factor}_bps")) {
        set(&name, random.random_range(10_000..=20_000))?;
    }
    for name in ["role_uploader_bps", "role_seeder_bps", "role_relay_bps", "role_storage_bps"] {
        set(name, random.random_range(0..=10_000))?;
    }
    set("consistency_min_epochs", random.random_range(1..=3))?;
    set("long_term_epochs", random.random_range(1..=3))?;
    set("active_min_bytes", random.random_range(1..=20_000_000))?;
    set("peak_hours_utc", random.random_range(0..1 << 24))?;
    set("high_quality_min_kbps", random.random_range(1..=400))?;
    set("metadata_min_fields", random.random_range(1..=8))?;
    set("popular_min_listener_ms", random.random_range(1..=2_000_000))?;
    set("pay_licensed", random.random_range(0..=1))?;
    Ok(Params::demo().apply(&delta)?)
}
