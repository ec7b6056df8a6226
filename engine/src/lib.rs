//! Cells and tracks of epochs that do not fit in memory: rows in Parquet, one SQL plan, an engine that runs it.
//!
//! The protocol crate's [`settle`](radio_payouts_protocol::settlement::settle) holds every batch in memory, one after the
//! other, and every cell. Here held batches become rows of integers once ([`rows`]), and an epoch is one plan of standard SQL
//! over exactly the files that committed records name ([`plan`], [`sql`]). What comes out are the protocol crate's own
//! [`Cells`](radio_payouts_protocol::cells::Cells), so that history, weights, allocation, trees and statement stay its own
//! ([`settle`](crate::settle::settle)).
//!
//! No result is taken on trust. Whatever the engine, it is accepted only if the counts and sums of everything that was read equal the
//! control totals written with the rows, by hour and shard and by batch, if no key occurs twice, and if three independent
//! queries agree on the bytes of every track ([`check`]). A refused result is an error, never a commitment.
//!
//! ```text
//! ROWS/records/<id>.json                                            create-once; what no record names does not exist
//! ROWS/rows/epoch=E/hour=H/shard=S/<sha256>.parquet                 one row a contribution
//! ROWS/receipts/epoch=E/hour=H/<sha256>.parquet                     one row a receipt
//! ROWS/batches/<sha256>.parquet  dids/<sha256>.parquet  tracks/<sha256>.parquet
//! ```

pub mod check;
pub mod column;
#[cfg(feature = "datafusion")]
pub mod datafusion;
pub mod durable;
pub mod engine;
pub mod error;
pub mod merge;
pub mod plan;
pub mod record;
pub mod rows;
pub mod settle;
#[cfg(unix)]
pub mod spark;
pub mod sql;
pub mod table;

#[cfg(feature = "datafusion")]
pub use datafusion::DataFusion;
pub use error::EngineError;
pub use rows::{Rows, Source};
pub use settle::settle;
#[cfg(unix)]
pub use spark::Spark;
