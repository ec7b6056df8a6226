//! LiteSVM with an embedded chain's accounts in it.

use std::collections::{BTreeMap, HashMap};

use litesvm::LiteSVM;
use litesvm::types::TransactionMetadata;
use radio_payouts_protocol::hash::ZERO_HASH;
use solana_account::{Account, AccountSharedData, ReadableAccount as _};
use solana_pubkey::Pubkey;
use solana_transaction::versioned::VersionedTransaction;

use super::ledger::{Ledger, StoredAccount};
use super::{BLOCKHASH_SLOTS, Genesis};
use crate::chain::{ChainError, Execution};

/// Bytes of the slot-hashes sysvar.
const SLOT_HASHES_SIZE: usize = 20_488;
/// In ProgramData: kind u32, slot u64, then an optional upgrade authority (1 + 32), then the bytecode.
const PROGRAM_DATA_AUTHORITY: std::ops::Range<usize> = 12..45;

/// The virtual machine and what it began with.
pub struct Runtime {
    svm: LiteSVM,
    base: HashMap<Pubkey, AccountSharedData>,
}

impl Runtime {
    /// A machine with the ledger's accounts.
    pub fn new(ledger: &Ledger) -> Result<Self, ChainError> {
        // Blockhashes and repeated signatures are the ledger's affair: it remembers them across processes.
        let svm = LiteSVM::new().with_blockhash_check(false);
        let base = svm.accounts_db().inner.iter().map(|(address, account)| (*address, account.clone())).collect();
        let mut runtime = Self { svm, base };
        runtime.set_block(ledger);
        // A program is loaded from its ProgramData, which must be there first.
        let (programs, others): (Vec<_>, Vec<_>) = ledger.accounts.iter().partition(|(_, account)| account.executable);
        for (address, account) in others.into_iter().chain(programs) {
            runtime.set(Pubkey::new_from_array(*address), account.clone().into())?;
        }
        Ok(runtime)
    }

    /// The machine, for reading.
    pub const fn svm(&self) -> &LiteSVM {
        &self.svm
    }

    fn set(&mut self, address: Pubkey, account: Account) -> Result<(), ChainError> {
        self.svm
            .set_account(address, account)
            .map_err(|error| ChainError::Other(format!("the embedded chain's account {address}: {error}")))
    }

    /// Loads the program as an upgradeable one with an upgrade authority.
    pub fn deploy(&mut self, genesis: &Genesis<'_>) -> Result<(), ChainError> {
        self.svm
            .add_program(genesis.program_id, genesis.program)
            .map_err(|error| ChainError::Other(format!("the program does not load: {error}")))?;
        let loader = solana_sdk_ids::bpf_loader_upgradeable::ID;
        let (address, _) = Pubkey::find_program_address(&[genesis.program_id.as_ref()], &loader);
        let mut account = self
            .svm
            .get_account(&address)
            .ok_or_else(|| ChainError::Other("the loaded program has no ProgramData".into()))?;
        let authority = account
            .data
            .get_mut(PROGRAM_DATA_AUTHORITY)
            .and_then(<[u8]>::split_first_mut)
            .ok_or_else(|| ChainError::Other("the loaded program's ProgramData is too short".into()))?;
        *authority.0 = 1;
        authority.1.copy_from_slice(genesis.upgrade_authority.as_ref());
        self.set(address, account)
    }

    /// Clock as of now.
    pub fn set_time(&mut self, ledger: &Ledger) {
        self.svm.set_sysvar(&ledger.clock());
    }

    /// Clock and recent slots as of now.
    pub fn set_block(&mut self, ledger: &Ledger) {
        self.set_time(ledger);
        let slots = (ledger.slot.saturating_sub(BLOCKHASH_SLOTS)..ledger.slot).rev();
        let mut data = BLOCKHASH_SLOTS.min(ledger.slot).to_le_bytes().to_vec();
        for slot in slots {
            data.extend_from_slice(&slot.to_le_bytes());
            data.extend_from_slice(&ledger.blockhash(slot));
        }
        data.resize(SLOT_HASHES_SIZE, 0);
        let account = Account { lamports: 1, data, owner: solana_sdk_ids::sysvar::ID, ..Account::default() };
        // The bytes are a list of the right layout: LiteSVM refuses nothing else.
        if let Err(error) = self.svm.set_account(solana_sdk_ids::sysvar::slot_hashes::ID, account) {
            tracing::error!(%error, "slot hashes");
        }
    }

    /// Runs a transaction; `None` if it cannot be in a block.
    pub fn execute(&mut self, transaction: &VersionedTransaction) -> Option<Execution> {
        let signature = *transaction.signatures.first()?;
        match self.svm.send_transaction(transaction.clone()) {
            Ok(done) => Some(execution(None, done)),
            Err(failed) if self.svm.get_transaction(&signature).is_some() => {
                Some(execution(Some(failed.err), failed.meta))
            }
            Err(failed) => {
                tracing::debug!(%signature, error = %failed.err, "dropped");
                None
            }
        }
    }

    /// Runs a transaction without effect.
    pub fn simulate(&self, transaction: &VersionedTransaction) -> Execution {
        match self.svm.simulate_transaction(transaction.clone()) {
            Ok(done) => execution(None, done.meta),
            Err(failed) => execution(Some(failed.err), failed.meta),
        }
    }

    /// Adds lamports out of nothing.
    pub fn credit(&mut self, to: &Pubkey, lamports: u64) -> Result<(), ChainError> {
        let mut account = self.svm.get_account(to).unwrap_or_default();
        account.lamports = account
            .lamports
            .checked_add(lamports)
            .ok_or_else(|| ChainError::Other(format!("{to} cannot hold so many lamports")))?;
        self.set(*to, account)
    }

    /// The accounts that differ from those that every machine begins with; sysvars are made anew for every block.
    pub fn changed_accounts(&self) -> BTreeMap<[u8; 32], StoredAccount> {
        let faucet = self.svm.airdrop_pubkey();
        let changed = self.svm.accounts_db().inner.iter().filter(|(address, account)| {
            **address != faucet
                && *account.owner() != solana_sdk_ids::sysvar::ID
                && self.base.get(*address) != Some(*account)
        });
        changed
            .map(|(address, account)| {
                let stored = StoredAccount {
                    lamports: account.lamports(),
                    owner: account.owner().to_bytes(),
                    executable: account.executable(),
                    data: account.data().to_vec(),
                };
                (address.to_bytes(), stored)
            })
            .collect()
    }
}

impl From<StoredAccount> for Account {
    fn from(stored: StoredAccount) -> Self {
        Self {
            lamports: stored.lamports,
            data: stored.data,
            owner: Pubkey::new_from_array(stored.owner),
            executable: stored.executable,
            rent_epoch: u64::MAX,
        }
    }
}

fn execution(error: Option<solana_transaction_error::TransactionError>, meta: TransactionMetadata) -> Execution {
    let returned = meta.return_data.program_id.to_bytes() != ZERO_HASH;
    Execution {
        error,
        compute_units: meta.compute_units_consumed,
        logs: meta.logs,
        return_data: returned.then_some(meta.return_data.data),
        fee: Some(meta.fee),
    }
}
