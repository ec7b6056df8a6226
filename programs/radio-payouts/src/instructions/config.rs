//! Roles, parameters, times, flags, pauses.

mod accept_authority;
mod appoint_arbiter;
mod initialize;
mod offer_authority;
mod pause;
mod resume;
mod set_config_times;
mod set_demo_flag;
mod set_params;
mod set_pause_key;
mod set_registrars;

pub use accept_authority::*;
pub use appoint_arbiter::*;
pub use initialize::*;
pub use offer_authority::*;
pub use pause::*;
pub use resume::*;
pub use set_config_times::*;
pub use set_demo_flag::*;
pub use set_params::*;
pub use set_pause_key::*;
pub use set_registrars::*;
