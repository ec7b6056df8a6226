//! Stories of the settler's binary on an embedded chain with the program's real bytecode.
//!
//! Each command is a process of its own, as cron would start it; what they share is on disk.

mod attest;
mod bad_input;
mod bucket;
#[cfg(feature = "cloud")]
mod bucket_s3;
mod claims;
#[cfg(unix)]
#[path = "../../../engine/tests/engine/cluster.rs"]
mod cluster;
#[cfg(feature = "cloud")]
mod cold_s3;
mod crashes;
mod cron;
mod dishonest;
#[path = "../../../engine/tests/engine/disk.rs"]
#[expect(dead_code, reason = "the engine's tests ask for more of it")]
mod disk;
mod disputes;
mod export;
mod forgery;
mod generated;
mod governance;
mod http;
mod ingest;
mod instruction_only;
mod live;
mod report;
#[cfg(feature = "datafusion")]
mod resume;
mod retention;
mod revocation;
mod saved;
mod serve;
mod settlers;
mod simulate;
#[cfg(unix)]
mod spark_kills;
mod vectors;
mod verification;
mod verification_fast;
mod watch;
mod watch_acts;
mod watch_loop;
mod world;
