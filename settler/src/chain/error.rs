//! What can go wrong with a chain, told apart by what a caller should do.

use radio_payouts_client::PROGRAM_ID;
use solana_instruction::error::InstructionError;
use solana_transaction_error::TransactionError;

use crate::outcome::Exit;

/// A failed read or send.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The node (or the embedded chain's lock) is away for now; what was under way is in the journal.
    #[error("{0}")]
    Unavailable(String),
    /// The program or the runtime said no; nothing changed.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The transaction did not land while its blockhash lasted, several times.
    #[error("{0}: not accepted by the cluster in time; nothing was changed")]
    Expired(String),
    /// This cluster, or this state of it, is not one that the settler sends to; nothing was sent.
    #[error("{0}")]
    NotPermitted(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A transaction that was refused, at simulation or on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it was for.
    pub purpose: String,
    /// Position of the instruction that failed, in the caller's list.
    pub instruction: Option<usize>,
    /// The program's error code.
    pub code: Option<u32>,
    /// The error's name, as the program logs it.
    pub name: Option<String>,
    /// Why, in words.
    pub message: String,
    /// The transaction's log.
    pub logs: Vec<String>,
}

impl Refusal {
    /// Takes apart what the runtime and the program's log say. `preamble` instructions (compute budget) stand before the
    /// caller's.
    #[must_use]
    pub fn new(purpose: &str, error: &TransactionError, logs: &[String], preamble: usize) -> Self {
        let (instruction, code) = match error {
            TransactionError::InstructionError(index, InstructionError::Custom(code)) => (Some(*index), Some(*code)),
            TransactionError::InstructionError(index, _) => (Some(*index), None),
            _ => (None, None),
        };
        let logged = code.and_then(|code| logs.iter().rev().find_map(|line| anchor_error(line, code)));
        // Logs may be cut off, or not kept by the node.
        let ours = format!("Program {PROGRAM_ID} failed");
        let is_ours = logs.is_empty() || logs.iter().any(|line| line.starts_with(&ours));
        let known = || code.filter(|_| is_ours).and_then(radio_payouts_client::error::describe);
        let (name, message) = match logged.or_else(known) {
            Some((name, message)) => (Some(name), message),
            None => (None, error.to_string()),
        };
        let instruction = instruction.and_then(|index| usize::from(index).checked_sub(preamble));
        Self { purpose: purpose.to_owned(), instruction, code, name, message, logs: logs.to_vec() }
    }
}

/// Name and message of `… Error Code: Name. Error Number: 6001. Error Message: Text.` if the number is `code`.
fn anchor_error(line: &str, code: u32) -> Option<(String, String)> {
    let (_, rest) = line.split_once("Error Code: ")?;
    let (name, rest) = rest.split_once(". Error Number: ")?;
    let (number, message) = rest.split_once(". Error Message: ")?;
    (number.parse() == Ok(code)).then(|| (name.to_owned(), message.trim_end_matches('.').to_owned()))
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: refused: {}", self.purpose, self.message)?;
        match (&self.name, self.code) {
            (Some(name), Some(code)) => write!(formatter, " ({name}, error {code})"),
            (None, Some(code)) => write!(formatter, " (error {code})"),
            _ => Ok(()),
        }
    }
}

impl ChainError {
    /// Refused, as told by the runtime and the log.
    #[must_use]
    pub fn refused(purpose: &str, error: &TransactionError, logs: &[String], preamble: usize) -> Self {
        Self::Refused(Box::new(Refusal::new(purpose, error, logs, preamble)))
    }

    /// The program's error code, if the program refused.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => refusal.code,
            _ => None,
        }
    }

    /// How a command that fails with this ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unavailable(_) | Self::Expired(_) => Exit::Temporary,
            Self::NotPermitted(_) => Exit::NotPermitted,
            Self::Refused(_) | Self::Other(_) => Exit::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_programs_error() {
        let logs = ["Program log: AnchorError occurred. Error Code: PoolOverRate. Error Number: 6017. Error Message: The pool exceeds the rate.".to_owned()];
        let error = TransactionError::InstructionError(2, InstructionError::Custom(6017));
        let refusal = Refusal::new("post epoch 4", &error, &logs, 2);
        assert_eq!(refusal.to_string(), "post epoch 4: refused: The pool exceeds the rate (PoolOverRate, error 6017)");
        assert_eq!(refusal.instruction, Some(0));
    }

    #[test]
    fn without_a_log_the_client_names_it() {
        let error = TransactionError::InstructionError(0, InstructionError::Custom(6003));
        assert_eq!(Refusal::new("post", &error, &[], 0).name.as_deref(), Some("Paused"));
        let other = ["Program 11111111111111111111111111111111 failed: custom program error: 0x1773".to_owned()];
        assert_eq!(Refusal::new("post", &error, &other, 0).name, None);
    }

    #[test]
    fn a_name_logged_for_another_error_is_not_used() {
        let logs = ["Error Code: Other. Error Number: 6001. Error Message: Text.".to_owned()];
        let error = TransactionError::InstructionError(0, InstructionError::Custom(1));
        let refusal = Refusal::new("airdrop", &error, &logs, 0);
        assert_eq!((refusal.name.as_deref(), refusal.code), (None, Some(1)));
    }
}
