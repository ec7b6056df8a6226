//! `settler serve` over real sockets: what it takes in, what it tells, and how it ends.

mod api;
mod chain;
mod dashboard;
mod flood;
mod hostile;
mod ingest;
mod life;
mod metrics;
mod trends;
