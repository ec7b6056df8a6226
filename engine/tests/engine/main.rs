//! Rows, plan and engine against the protocol crate's own settlement.

#[cfg(feature = "datafusion")]
mod agree;
#[cfg(unix)]
mod cluster;
#[cfg(feature = "datafusion")]
mod crashes;
#[cfg(feature = "datafusion")]
mod damage;
#[cfg(feature = "datafusion")]
mod disk;
mod duckdb;
#[cfg(feature = "datafusion")]
mod liar;
#[cfg(feature = "datafusion")]
mod shape;
#[cfg(unix)]
mod spark;
#[cfg(unix)]
mod spark_driver;
mod world;
