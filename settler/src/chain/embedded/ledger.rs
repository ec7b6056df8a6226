//! The file of an embedded chain: accounts, clock and history.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use borsh::{BorshDeserialize, BorshSerialize};
use radio_payouts_protocol::hash::sha256;
use rand::RngCore as _;
use solana_hash::Hash;

use super::BLOCKHASH_SLOTS;
use crate::chain::{ChainAccount, ChainError, Execution};
use crate::durable;

/// First bytes of the file; the last one is the layout's version.
const MAGIC: [u8; 16] = *b"radio-payouts/e1";
const MS_PER_SLOT: i64 = 400;
/// A cluster's epoch.
const SLOTS_PER_EPOCH: u64 = 432_000;
/// How long to wait for another process's transaction.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// Everything that an embedded chain remembers.
#[derive(BorshSerialize, BorshDeserialize, Clone, Debug)]
pub struct Ledger {
    /// Grows with every save; the first bytes after the magic.
    pub sequence: u64,
    /// The chain's identity, random.
    pub genesis_hash: [u8; 32],
    /// Slot of the last block.
    pub slot: u64,
    /// Chain time of the last block, Unix milliseconds.
    pub unix_ms: i64,
    /// Chain time minus real time.
    pub ahead_ms: i64,
    /// Accounts that differ from those every chain begins with.
    pub accounts: BTreeMap<[u8; 32], StoredAccount>,
    /// What became of every signature that was in a block.
    pub history: BTreeMap<[u8; 64], Record>,
}

/// An account.
#[derive(BorshSerialize, BorshDeserialize, Clone, PartialEq, Eq, Debug)]
pub struct StoredAccount {
    /// Balance.
    pub lamports: u64,
    /// Owning program.
    pub owner: [u8; 32],
    /// Whether it is a program.
    pub executable: bool,
    /// Content.
    pub data: Vec<u8>,
}

/// A transaction that was in a block.
#[derive(BorshSerialize, BorshDeserialize, Clone, Debug)]
pub struct Record {
    /// Slot of the block.
    pub slot: u64,
    /// The runtime's error, as JSON.
    error: Option<String>,
    compute_units: u64,
    logs: Vec<String>,
    return_data: Option<Vec<u8>>,
    fee: Option<u64>,
}

impl Record {
    /// The record of an execution.
    pub fn new(slot: u64, execution: &Execution) -> Self {
        Self {
            slot,
            error: execution.error.as_ref().map(|error| serde_json::json!(error).to_string()),
            compute_units: execution.compute_units,
            logs: execution.logs.clone(),
            return_data: execution.return_data.clone(),
            fee: execution.fee,
        }
    }

    /// Whether it had no effect.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// The execution that was recorded.
    pub fn execution(&self) -> Result<Execution, ChainError> {
        let error = self.error.as_deref().map(serde_json::from_str).transpose();
        Ok(Execution {
            error: error.map_err(|error| ChainError::Other(format!("the embedded chain's history: {error}")))?,
            compute_units: self.compute_units,
            logs: self.logs.clone(),
            return_data: self.return_data.clone(),
            fee: self.fee,
        })
    }
}

fn real_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Ledger {
    /// A chain without accounts of its own, whose clock stands at `unix_timestamp` or real time.
    pub fn new(unix_timestamp: Option<i64>) -> Self {
        let mut genesis_hash = [0; 32];
        rand::rng().fill_bytes(&mut genesis_hash);
        let real = real_ms();
        let unix_ms = unix_timestamp.map_or(real, |seconds| seconds.saturating_mul(1_000));
        Self {
            sequence: 0,
            genesis_hash,
            slot: litesvm::MAINNET_DEFAULT_SLOT + 1,
            unix_ms,
            ahead_ms: unix_ms.saturating_sub(real),
            accounts: BTreeMap::new(),
            history: BTreeMap::new(),
        }
    }

    /// Chain time; never before the last block, whatever the machine's clock does.
    pub fn now_ms(&self) -> i64 {
        real_ms().saturating_add(self.ahead_ms).max(self.unix_ms)
    }

    /// The slot that runs now.
    pub fn slot_now(&self) -> u64 {
        let slots = self.now_ms().saturating_sub(self.unix_ms).div_euclid(MS_PER_SLOT);
        self.slot.saturating_add(u64::try_from(slots).unwrap_or_default())
    }

    /// Begins a block.
    pub fn next_block(&mut self, slot: u64) {
        self.unix_ms = self.now_ms();
        self.slot = slot;
    }

    /// Moves the clock forward; the slots in between have no blocks.
    pub fn advance_to(&mut self, unix_ms: i64) {
        self.ahead_ms = unix_ms.saturating_sub(real_ms());
        self.slot = self.slot_now();
        self.unix_ms = unix_ms;
    }

    /// The blockhash of a slot.
    pub fn blockhash(&self, slot: u64) -> [u8; 32] {
        sha256(&[b"radio-payouts/embedded", &self.genesis_hash, &slot.to_le_bytes()])
    }

    /// Whether a transaction with this blockhash can be in the block of `slot`.
    pub fn accepts(&self, blockhash: &Hash, slot: u64) -> bool {
        (slot.saturating_sub(BLOCKHASH_SLOTS)..=slot).rev().any(|recent| self.blockhash(recent) == blockhash.to_bytes())
    }

    /// Slot and Unix seconds of the clock, now.
    pub fn clock(&self) -> solana_clock::Clock {
        let slot = self.slot_now();
        let epoch = slot / SLOTS_PER_EPOCH;
        solana_clock::Clock {
            slot,
            epoch_start_timestamp: 0,
            epoch,
            leader_schedule_epoch: epoch + 1,
            unix_timestamp: self.now_ms().div_euclid(1_000),
        }
    }

    /// The clock's account, now.
    pub fn clock_account(&self) -> ChainAccount {
        let clock = self.clock();
        let words = [
            clock.slot.to_le_bytes(),
            clock.epoch_start_timestamp.to_le_bytes(),
            clock.epoch.to_le_bytes(),
            clock.leader_schedule_epoch.to_le_bytes(),
            clock.unix_timestamp.to_le_bytes(),
        ];
        let owner = solana_sdk_ids::sysvar::ID;
        ChainAccount { lamports: 1, owner, data: words.concat(), executable: false, slot: clock.slot }
    }

    /// Replaces the file.
    pub fn save(&self, path: &Path) -> Result<(), ChainError> {
        let mut bytes = MAGIC.to_vec();
        self.serialize(&mut bytes).map_err(|error| failed(path, &error))?;
        durable::write(path, &bytes).map_err(|error| failed(path, &error))
    }

    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self, ChainError> {
        let bytes = std::fs::read(path).map_err(|error| failed(path, &error))?;
        let content = bytes.strip_prefix(&MAGIC).ok_or_else(|| no_chain(path))?;
        Self::try_from_slice(content).map_err(|_| no_chain(path))
    }

    /// The sequence number of the file.
    pub fn sequence_of(path: &Path) -> Result<u64, ChainError> {
        let mut head = [0; MAGIC.len() + 8];
        let mut file = File::open(path).map_err(|error| failed(path, &error))?;
        file.read_exact(&mut head).map_err(|_| no_chain(path))?;
        let (magic, sequence) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(no_chain(path));
        }
        Ok(u64::from_le_bytes(sequence.try_into().map_err(|_| no_chain(path))?))
    }
}

fn no_chain(path: &Path) -> ChainError {
    ChainError::Other(format!(
        "{} is not an embedded chain of this version; remove it and run `settler init` to begin a new one",
        path.display()
    ))
}

fn failed(path: &Path, error: &std::io::Error) -> ChainError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return ChainError::Other(format!(
            "there is no embedded chain at {}; `settler init --url embedded:{}` makes one",
            path.display(),
            path.display()
        ));
    }
    ChainError::Other(format!("{}: {error}", path.display()))
}

/// The right to replace the file, across processes; given back when dropped or when the process dies.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for it.
    pub fn take(path: &Path) -> Result<Self, ChainError> {
        let name = path.with_added_extension("lock");
        durable::create_folder(durable::folder_of(path)).map_err(|error| failed(path, &error))?;
        let file = File::options().create(true).truncate(false).write(true).open(&name);
        let file = file.map_err(|error| failed(&name, &error))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(ChainError::Unavailable(format!(
                        "another process holds the embedded chain {}",
                        path.display()
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(failed(&name, &error)),
            }
        }
    }
}
