//! What people read and type, the same on the command line, in reports, alerts and the API: amounts, parameters, times, actions of proposals.

pub mod action;
pub mod amount;
pub mod parameter;
pub mod times;
