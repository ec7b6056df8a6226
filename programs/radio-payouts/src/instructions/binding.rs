//! Payee bindings.

mod accept_binding;
mod cancel_binding;
mod propose_binding;

pub use accept_binding::*;
pub use cancel_binding::*;
pub use propose_binding::*;
