//! What all routes share: the accept loop, guards before every route, the form of answers and of problems.

pub mod answer;
pub mod files;
pub mod guard;
pub mod problem;
pub mod query;
pub mod rate;
pub mod refusals;
pub mod server;
pub mod stall;
