//! What commands share: global options and the output. Configuration, store and chain are opened when asked for.

use super::Global;
use crate::output::Output;

/// Handed to every command.
pub struct Context {
    /// The global options as given.
    pub global: Global,
    /// The only writer to stdout.
    pub output: Output,
}

impl Context {
    /// Puts options and output together; touches nothing.
    #[must_use]
    pub fn new(global: Global, output: Output) -> Self {
        Self { global, output }
    }
}
