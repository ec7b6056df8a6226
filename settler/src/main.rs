//! The binary `settler`: parse, log to stderr, run, map to an exit code.

use std::process::ExitCode;

use radio_payouts_settler::cli;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            radio_payouts_settler::output::report_failure(&failure);
            failure.exit.into()
        }
    }
}
