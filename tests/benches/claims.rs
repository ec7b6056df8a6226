//! Ten thousand claims against one epoch over RPC, on a real validator in this process.
//!
//! `cargo xtask bench --only claims` builds the settler that it runs and puts the table into docs/benchmarks.md. A number
//! after `--` claims so many shares instead.

use std::time::Instant;

use radio_payouts_tests::claims::claim_all;
use radio_payouts_tests::deep_claims::claim_at_depth_twenty;

fn main() {
    // Cargo adds `--bench`.
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let begun = Instant::now();
    let claiming = claim_all(count).as_secs_f64();
    let whole = begun.elapsed().as_secs_f64();
    let largest = claim_at_depth_twenty().into_iter().max().unwrap_or_default();
    println!("| what | figure |");
    println!("| --- | ---: |");
    println!(
        "| `settler claim --all --under-way 1000`: {count} token accounts created (10 a transaction) and {count} shares claimed, all final | {claiming:.0} s, {:.0} claims/s |",
        f64::from(count) / claiming
    );
    println!("| the whole story, from `init` to `close`, every base unit accounted for | {whole:.0} s |");
    println!("| a claim of depth 20 with compute budget and lookup table | {largest} of 1232 bytes |");
}
