//! The only writers to stdout (data) and stderr (talk).

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::outcome::{Failure, Outcome};

pub mod destination;
pub mod progress;
pub mod table;

pub use destination::Destination;
pub use progress::Progress;
pub use table::Table;

/// How results are printed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people.
    Table,
    /// One JSON document; `u64` amounts are decimal strings.
    Json,
    /// Comma-separated, for spreadsheets; only `simulate` prints it.
    Csv,
}

/// Prints results in the chosen format.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    format: Format,
}

impl Output {
    /// An output in `format`.
    #[must_use]
    pub const fn new(format: Format) -> Self {
        Self { format }
    }

    /// The chosen format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Prints `document` as JSON, or what `human` makes of it.
    ///
    /// # Errors
    /// If stdout is closed or the document cannot be serialised.
    pub fn emit<T: Serialize>(&self, document: &T, human: impl FnOnce(&T) -> String) -> Outcome {
        let text = match self.format {
            Format::Json => serde_json::to_string_pretty(document)?,
            // A command that has no CSV is not run with it.
            Format::Table | Format::Csv => human(document),
        };
        self.raw(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
    }

    /// Writes bytes to stdout as they are.
    ///
    /// # Errors
    /// If stdout is closed.
    pub fn raw(&self, bytes: &[u8]) -> Outcome {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }
}

/// A line of talk on stderr.
pub fn note(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The last words of a command that failed: the error, its causes, one a line.
pub fn report_failure(failure: &Failure) {
    note(format_args!("error: {}", failure.error));
    for cause in failure.error.chain().skip(1) {
        note(format_args!("  because: {cause}"));
    }
}

/// Logs to stderr: `--verbose`, `RUST_LOG`, or `DEBUG=radio-payouts:*` switch on debug lines.
pub fn start_logging(verbose: bool) {
    use tracing_subscriber::EnvFilter;
    let asked = std::env::var("DEBUG").is_ok_and(|value| {
        value.split(',').any(|part| part == "*" || part.starts_with("radio-payouts:") || part == "radio-payouts*")
    });
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) => EnvFilter::new(filter),
        Err(_) if verbose || asked => EnvFilter::new("warn,radio_payouts=debug,radio_payouts_settler=debug"),
        Err(_) => EnvFilter::new("warn"),
    };
    // Colours are for people at a terminal, not for a file or a journal.
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let _ = log.try_init();
}
