//! A Solana chain in a file: LiteSVM runs the program's real bytecode, its state is saved after every transaction.
//!
//! Separate commands see one chain: the file is replaced whole under a lock, and read again when another process has
//! replaced it. It keeps time like a cluster: a slot every 400 ms of its clock, at least one a transaction; a blockhash is
//! good for 150 slots; a signature counts once. Its genesis hash is random, so nothing signed for one embedded chain
//! is worth anything on another, or on a cluster.
//!
//! The program is loaded as an upgradeable one, with the ProgramData account that `initialize` reads.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use solana_account::ReadableAccount as _;
use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::{Blockhash, Chain, ChainAccount, ChainError, Execution, SignatureStatus, Touch};

mod ledger;
pub mod program;
mod runtime;

use ledger::{Ledger, Lock, Record};
use runtime::Runtime;

/// Slots for which a blockhash is accepted, as on a cluster.
const BLOCKHASH_SLOTS: u64 = 150;

/// What an embedded chain begins with.
#[derive(Clone, Debug)]
pub struct Genesis<'a> {
    /// The program's address.
    pub program_id: Pubkey,
    /// The program's bytecode.
    pub program: &'a [u8],
    /// Who may upgrade, and so initialise, it.
    pub upgrade_authority: Pubkey,
    /// Unix seconds at which its clock starts; the real time if `None`.
    pub unix_timestamp: Option<i64>,
}

/// An embedded chain.
pub struct Embedded {
    path: PathBuf,
    state: RefCell<State>,
}

struct State {
    ledger: Ledger,
    runtime: Runtime,
}

impl Embedded {
    /// Makes a new chain in `path`.
    ///
    /// # Errors
    /// If there is one already, or the program is not one.
    pub fn create(path: &Path, genesis: &Genesis<'_>) -> Result<Self, ChainError> {
        let lock = Lock::take(path)?;
        if path.exists() {
            return Err(ChainError::Other(format!("{} exists already", path.display())));
        }
        let mut ledger = Ledger::new(genesis.unix_timestamp);
        let mut runtime = Runtime::new(&ledger)?;
        runtime.deploy(genesis)?;
        ledger.accounts = runtime.changed_accounts();
        ledger.save(path)?;
        drop(lock);
        Ok(Self { path: path.to_owned(), state: RefCell::new(State { ledger, runtime }) })
    }

    /// Opens the chain in `path`.
    ///
    /// # Errors
    /// If there is none, or the file is not one.
    pub fn open(path: &Path) -> Result<Self, ChainError> {
        let ledger = Ledger::load(path)?;
        let runtime = Runtime::new(&ledger)?;
        Ok(Self { path: path.to_owned(), state: RefCell::new(State { ledger, runtime }) })
    }

    /// Sets the chain's clock forward; from there it runs on.
    ///
    /// # Errors
    /// If that is in its past: programs rely on a clock that does not go back.
    pub fn set_time(&mut self, unix_timestamp: i64) -> Result<(), ChainError> {
        self.change(|state| {
            let now = state.ledger.now_ms();
            let asked = unix_timestamp.saturating_mul(1_000);
            if asked < now {
                return Err(ChainError::Other(format!(
                    "the chain's clock is at {} and does not go back to {unix_timestamp}",
                    now.div_euclid(1_000)
                )));
            }
            state.ledger.advance_to(asked);
            Ok(())
        })
    }

    /// Reads the file again if another process has replaced it.
    fn refresh(&self) -> Result<(), ChainError> {
        let mut state = self.state.borrow_mut();
        if Ledger::sequence_of(&self.path)? != state.ledger.sequence {
            state.ledger = Ledger::load(&self.path)?;
            state.runtime = Runtime::new(&state.ledger)?;
        }
        Ok(())
    }

    /// Runs a change under the lock and saves it; nothing is changed if it fails.
    fn change<T>(&mut self, change: impl FnOnce(&mut State) -> Result<T, ChainError>) -> Result<T, ChainError> {
        let lock = Lock::take(&self.path)?;
        self.refresh()?;
        let state = self.state.get_mut();
        let result = change(state)?;
        crate::crash::point("embedded.before_save");
        state.ledger.sequence += 1;
        if let Err(error) = state.ledger.save(&self.path) {
            // What ran was not kept: forget it.
            state.ledger = Ledger::load(&self.path)?;
            state.runtime = Runtime::new(&state.ledger)?;
            return Err(error);
        }
        crate::crash::point("embedded.after_save");
        drop(lock);
        Ok(result)
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, ChainError> {
        self.refresh()?;
        Ok(read(&self.state.borrow()))
    }
}

impl State {
    /// Runs a transaction in a block of its own, as a cluster would: what cannot be in a block is dropped without a word.
    fn process(&mut self, transaction: &VersionedTransaction) {
        let Some(signature) = transaction.signatures.first().copied() else { return };
        let slot = self.ledger.slot_now().max(self.ledger.slot + 1);
        if self.ledger.history.contains_key(signature.as_array()) {
            return;
        }
        if !self.ledger.accepts(transaction.message.recent_blockhash(), slot) {
            tracing::debug!(%signature, "dropped: its blockhash has expired");
            return;
        }
        self.ledger.next_block(slot);
        self.runtime.set_block(&self.ledger);
        if let Some(execution) = self.runtime.execute(transaction) {
            self.ledger.history.insert(*signature.as_array(), Record::new(slot, &execution));
            self.ledger.accounts = self.runtime.changed_accounts();
        }
    }
}

impl Chain for Embedded {
    fn describe(&self) -> String {
        format!("embedded:{}", self.path.display())
    }

    fn genesis_hash(&self) -> Result<[u8; 32], ChainError> {
        self.read(|state| state.ledger.genesis_hash)
    }

    fn accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<ChainAccount>>, ChainError> {
        self.read(|state| {
            let slot = state.ledger.slot_now();
            let found = addresses.iter().map(|address| {
                if *address == solana_sdk_ids::sysvar::clock::ID {
                    return Some(state.ledger.clock_account());
                }
                let account = state.runtime.svm().accounts_db().get_account_ref(address)?;
                Some(ChainAccount {
                    lamports: account.lamports(),
                    owner: *account.owner(),
                    data: account.data().to_vec(),
                    executable: account.executable(),
                    slot,
                })
            });
            found.collect()
        })
    }

    fn program_accounts(
        &self,
        program: &Pubkey,
        discriminator: [u8; 8],
    ) -> Result<Vec<(Pubkey, ChainAccount)>, ChainError> {
        self.read(|state| {
            let slot = state.ledger.slot_now();
            let found = state.runtime.svm().get_program_accounts(program);
            let mut found: Vec<(Pubkey, ChainAccount)> = found
                .into_iter()
                .filter(|(_, account)| account.data.starts_with(&discriminator))
                .map(|(address, account)| {
                    let (lamports, owner, executable) = (account.lamports, account.owner, account.executable);
                    (address, ChainAccount { lamports, owner, data: account.data, executable, slot })
                })
                .collect();
            found.sort_by_key(|(address, _)| *address);
            found
        })
    }

    fn minimum_balance(&self, bytes: usize) -> Result<u64, ChainError> {
        self.read(|state| state.runtime.svm().minimum_balance_for_rent_exemption(bytes))
    }

    fn blockhash(&self) -> Result<Blockhash, ChainError> {
        self.read(|state| {
            let slot = state.ledger.slot_now();
            let hash = Hash::new_from_array(state.ledger.blockhash(slot));
            Blockhash { hash, last_valid_block_height: slot + BLOCKHASH_SLOTS }
        })
    }

    fn block_height(&self) -> Result<u64, ChainError> {
        self.read(|state| state.ledger.slot_now())
    }

    fn priority_fee(&self, _writable: &[Pubkey]) -> Result<u64, ChainError> {
        Ok(0)
    }

    fn simulate(&self, transaction: &VersionedTransaction) -> Result<Execution, ChainError> {
        self.refresh()?;
        let mut state = self.state.borrow_mut();
        let State { ledger, runtime } = &mut *state;
        runtime.set_time(ledger);
        Ok(runtime.simulate(transaction))
    }

    fn submit(&mut self, transaction: &VersionedTransaction) -> Result<(), ChainError> {
        self.change(|state| {
            state.process(transaction);
            Ok(())
        })
    }

    fn status(&self, signature: &Signature) -> Result<SignatureStatus, ChainError> {
        self.read(|state| match state.ledger.history.get(signature.as_array()) {
            None => Ok(SignatureStatus::Unknown),
            Some(record) => Ok(SignatureStatus::Landed { slot: record.slot, error: record.execution()?.error }),
        })?
    }

    fn execution(&self, signature: &Signature) -> Result<Option<Execution>, ChainError> {
        self.read(|state| state.ledger.history.get(signature.as_array()).map(Record::execution).transpose())?
    }

    /// All of its history: it does not note which accounts a transaction touched.
    fn touches(&self, _address: &Pubkey, until: Option<&Signature>, most: usize) -> Result<Vec<Touch>, ChainError> {
        self.read(|state| {
            let since = until.and_then(|until| state.ledger.history.get(until.as_array())).map(|record| record.slot);
            let mut touches: Vec<Touch> = state
                .ledger
                .history
                .iter()
                .filter(|(_, record)| since.is_none_or(|since| record.slot > since))
                .map(|(signature, record)| Touch {
                    signature: Signature::from(*signature),
                    slot: record.slot,
                    unix_timestamp: None,
                    failed: record.has_failed(),
                })
                .collect();
            touches.sort_by_key(|touch| std::cmp::Reverse(touch.slot));
            touches.truncate(most);
            touches
        })
    }

    fn airdrop(&mut self, to: &Pubkey, lamports: u64) -> Result<(), ChainError> {
        self.change(|state| {
            let slot = state.ledger.slot_now().max(state.ledger.slot + 1);
            state.ledger.next_block(slot);
            state.runtime.credit(to, lamports)?;
            state.ledger.accounts = state.runtime.changed_accounts();
            Ok(())
        })
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(20)
    }
}

#[cfg(test)]
pub(crate) mod tests;
