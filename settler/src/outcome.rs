//! How a command ends: exit codes are an interface (0 done, 1 failed, 2 usage, 3 difference, 4 not permitted, 75 try again).

use std::process::ExitCode;

use crate::store::place::{self, PlaceError};

/// The kinds of ending that callers of the binary can tell apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Something failed; the message says what and what to do.
    Failed = 1,
    /// The arguments make no sense together.
    Usage = 2,
    /// A verification found a difference.
    Difference = 3,
    /// Not allowed: the demo flag is off, the key is no settler, or the cluster is mainnet in Demo mode.
    NotPermitted = 4,
    /// Something is away for now (a node, a lock): the same command may succeed later.
    Temporary = 75,
}

/// An error with the exit code it leads to.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, with its causes.
    pub error: anyhow::Error,
}

/// Result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure of the given kind.
    pub fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{message}") }
    }

    /// The arguments make no sense together.
    pub fn usage(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A verification found a difference.
    pub fn difference(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Difference, message)
    }

    /// The flag, the key or the cluster forbids it.
    pub fn not_permitted(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::NotPermitted, message)
    }

    /// Try the same again later.
    pub fn temporary(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Temporary, message)
    }

    /// Adds what was being done.
    #[must_use]
    pub fn context(self, doing: impl std::fmt::Display + Send + Sync + 'static) -> Self {
        Self { exit: self.exit, error: self.error.context(doing) }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: anyhow::Error = error.into();
        let of_chain = error.downcast_ref::<crate::chain::ChainError>().map(crate::chain::ChainError::exit);
        let exit = of_chain.or_else(|| place::cause(&error).map(of_place)).unwrap_or(Exit::Failed);
        Self { exit, error }
    }
}

/// How a command ends with what cold storage or the store of a URL said.
const fn of_place(error: &PlaceError) -> Exit {
    match error {
        PlaceError::Away { .. } | PlaceError::Missing { .. } => Exit::Temporary,
        PlaceError::Changed { .. } => Exit::Difference,
        PlaceError::Url { .. } | PlaceError::NeedsCloud { .. } => Exit::Usage,
        PlaceError::File(_) => Exit::Failed,
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
