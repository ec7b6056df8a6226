//! Instructions, one a file. Each has three layers: account constraints say which accounts, `validate` says whether,
//! a method of the state says what changes.

pub mod binding;
pub mod claim;
pub mod config;
pub mod dispute;
pub mod epoch;
pub mod governance;
pub mod registry;

pub use binding::*;
pub use claim::*;
pub use config::*;
pub use dispute::*;
pub use epoch::*;
pub use governance::*;
pub use registry::*;
