//! `settler completions SHELL`.

use clap::CommandFactory as _;

use super::{Cli, Context};
use crate::outcome::Outcome;

/// Arguments of `completions`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Shell to write the script for, e.g. `settler completions bash > /etc/bash_completion.d/settler`.
    pub shell: clap_complete::Shell,
}

/// Writes the script to stdout.
///
/// # Errors
/// If stdout is closed.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "settler", &mut script);
    context.output.raw(&script)
}
