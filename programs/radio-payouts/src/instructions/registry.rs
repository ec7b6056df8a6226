//! SFUs and settlers.

mod register_settler;
mod register_sfu;
mod replace_settler_key;
mod replace_sfu_key;
mod stop_settler;
mod stop_sfu;

pub use register_settler::*;
pub use register_sfu::*;
pub use replace_settler_key::*;
pub use replace_sfu_key::*;
pub use stop_settler::*;
pub use stop_sfu::*;
