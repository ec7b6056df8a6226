//! Chains: an RPC node ([`rpc`]) and an embedded one ([`embedded`]), behind one trait.
//!
//! [`Chain`] reads, and carries finished transactions; it decides nothing. [`Sender`] makes transactions from
//! instructions, checks that they go to the right cluster, keeps the [`journal`] and waits until they are final; it is
//! the only way to send, on every chain.

use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

pub mod deployment;
pub mod embedded;
pub mod error;
pub mod journal;
pub mod rpc;
pub mod sender;

pub use error::{ChainError, Refusal};
pub use journal::Journal;
pub use sender::{Outgoing, Sender};

/// A Solana chain, as far as the settler needs one. All reads are of finalized state.
pub trait Chain: Send {
    /// What this is, for people: an address or a file. Carries no secret.
    fn describe(&self) -> String;

    /// The cluster's identity.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn genesis_hash(&self) -> Result<[u8; 32], ChainError>;

    /// Several accounts as of one slot, in the order asked for; at most 100.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<ChainAccount>>, ChainError>;

    /// All accounts of a program that begin with this discriminator, sorted by address.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn program_accounts(
        &self,
        program: &Pubkey,
        discriminator: [u8; 8],
    ) -> Result<Vec<(Pubkey, ChainAccount)>, ChainError>;

    /// The balance that keeps an account of `bytes` of data alive.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn minimum_balance(&self, bytes: usize) -> Result<u64, ChainError>;

    /// A blockhash to sign with now, and the last block height at which it is accepted.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn blockhash(&self) -> Result<Blockhash, ChainError>;

    /// Height of the last finalized block.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn block_height(&self) -> Result<u64, ChainError>;

    /// What others lately paid to write to these accounts, in micro-lamports per compute unit; 0 where nobody competes.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn priority_fee(&self, writable: &[Pubkey]) -> Result<u64, ChainError>;

    /// Runs a transaction without effect. A refusal by the program is `Ok` with [`Execution::error`].
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn simulate(&self, transaction: &VersionedTransaction) -> Result<Execution, ChainError>;

    /// Hands over a signed transaction. Success says nothing about its fate; handing it over again is harmless.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away (the transaction may have been handed over all the same).
    fn submit(&mut self, transaction: &VersionedTransaction) -> Result<(), ChainError>;

    /// What became of a signature, searching all of the history that the chain keeps.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn status(&self, signature: &Signature) -> Result<SignatureStatus, ChainError>;

    /// What became of several signatures, in the order asked for.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn statuses(&self, signatures: &[Signature]) -> Result<Vec<SignatureStatus>, ChainError> {
        signatures.iter().map(|signature| self.status(signature)).collect()
    }

    /// What a final transaction did; `None` where the node keeps no history.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn execution(&self, signature: &Signature) -> Result<Option<Execution>, ChainError>;

    /// Final transactions that may have touched an account since `until`, newest first, at most `most`; none where the chain
    /// keeps no history. Others may be among them: what a transaction did is in its [`Chain::execution`].
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn touches(&self, address: &Pubkey, until: Option<&Signature>, most: usize) -> Result<Vec<Touch>, ChainError> {
        let _ = (address, until, most);
        Ok(Vec::new())
    }

    /// Free lamports, where there are any (embedded, a local validator, devnet).
    ///
    /// # Errors
    /// [`ChainError::Other`] where there are none.
    fn airdrop(&mut self, to: &Pubkey, lamports: u64) -> Result<(), ChainError>;

    /// Time to wait between two looks at a transaction under way.
    fn pause(&self) -> std::time::Duration;

    /// One account.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn account(&self, address: &Pubkey) -> Result<Option<ChainAccount>, ChainError> {
        Ok(self.accounts(std::slice::from_ref(address))?.into_iter().next().flatten())
    }

    /// The time that programs see.
    ///
    /// # Errors
    /// [`ChainError::Unavailable`] if the node is away.
    fn clock(&self) -> Result<ChainClock, ChainError> {
        let account = self
            .account(&solana_sdk_ids::sysvar::clock::ID)?
            .ok_or_else(|| ChainError::Other("the cluster has no clock account".into()))?;
        ChainClock::from_account_data(&account.data)
    }
}

/// The cluster's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainClock {
    /// Current slot.
    pub slot: u64,
    /// Unix seconds, as programs see them.
    pub unix_timestamp: i64,
}

impl ChainClock {
    /// Reads the clock sysvar: slot, epoch start, epoch, leader-schedule epoch, time; eight bytes each.
    fn from_account_data(data: &[u8]) -> Result<Self, ChainError> {
        let word = |index: usize| {
            data.get(index * 8..index * 8 + 8)
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| ChainError::Other("the clock account is too short".into()))
        };
        Ok(Self { slot: u64::from_le_bytes(word(0)?), unix_timestamp: i64::from_le_bytes(word(4)?) })
    }
}

/// An account and the slot it was read at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainAccount {
    /// Balance in lamports.
    pub lamports: u64,
    /// Owning program.
    pub owner: Pubkey,
    /// Content.
    pub data: Vec<u8>,
    /// Whether it is a program.
    pub executable: bool,
    /// Slot of the state it was read from.
    pub slot: u64,
}

/// A recent blockhash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Blockhash {
    /// The hash.
    pub hash: Hash,
    /// The last block height at which a transaction with it can land.
    pub last_valid_block_height: u64,
}

/// What became of a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignatureStatus {
    /// The chain knows nothing of it.
    Unknown,
    /// In a block that is not yet final.
    Processing,
    /// Final. `error` if it landed and failed.
    Landed {
        /// Slot of its block.
        slot: u64,
        /// Why it had no effect.
        error: Option<TransactionError>,
    },
}

/// What running a transaction did, or would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Execution {
    /// Why it had no effect.
    pub error: Option<TransactionError>,
    /// Compute units used.
    pub compute_units: u64,
    /// Log lines.
    pub logs: Vec<String>,
    /// Return data of the last instruction that set any.
    pub return_data: Option<Vec<u8>>,
    /// Lamports paid for it, if known.
    pub fee: Option<u64>,
}

/// A final transaction that may have touched an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touch {
    /// Its signature.
    pub signature: Signature,
    /// Slot of its block.
    pub slot: u64,
    /// Time of its block in Unix seconds, where the chain knows it.
    pub unix_timestamp: Option<i64>,
    /// Whether it had no effect.
    pub failed: bool,
}

/// A transaction that is final and succeeded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Landed {
    /// Its signature.
    pub signature: Signature,
    /// Slot of its block.
    pub slot: u64,
    /// What it did; `None` where the node keeps no history.
    pub execution: Option<Execution>,
    /// Whether it was sent by an earlier run, which did not live to see it land.
    pub resumed: bool,
}
