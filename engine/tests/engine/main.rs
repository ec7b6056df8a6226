//! Rows, plan and engine against the protocol crate's own settlement.

mod agree;
mod crashes;
mod damage;
mod disk;
mod duckdb;
mod liar;
mod shape;
mod world;
