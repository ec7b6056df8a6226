//! Accounts and what may happen to them.
//!
//! Methods here are plain Rust without accounts or clocks: each takes the values that it needs, refuses with its own
//! error and changes one account. Handlers call them; host tests beside them try every edge.
//!
//! Every account begins with `version` (1) and `bump` and ends with reserved zero bytes, so that disputes, mandates,
//! claims and votes need no change of layout.

pub mod action;
pub mod authority;
pub mod candidate;
pub mod chain;
pub mod claims;
pub mod config;
pub mod deadline;
pub mod dispute;
pub mod epoch;
pub mod funds;
pub mod mandate;
pub mod params;
pub mod pause;
pub mod payee;
pub mod proposal;
pub mod settler;
pub mod sfu;
pub mod statement;
pub mod times;
pub mod voter;

pub use action::*;
pub use authority::*;
pub use candidate::*;
pub use chain::*;
pub use claims::*;
pub use config::*;
pub use deadline::*;
pub use dispute::*;
pub use epoch::*;
pub use funds::*;
pub use mandate::*;
pub use params::*;
pub use pause::*;
pub use payee::*;
pub use proposal::*;
pub use settler::*;
pub use sfu::*;
pub use statement::*;
pub use times::*;
pub use voter::*;

/// `version` of every account written by this program.
pub const ACCOUNT_VERSION: u8 = 1;
