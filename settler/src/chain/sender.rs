//! From instructions to a final transaction, once.
//!
//! Every send, on every chain: check the cluster ([`Guard`]), find out what became of an earlier one for the same purpose,
//! simulate, set limit and price, sign, write the journal, hand over, wait until final, close the entry. A process that
//! dies anywhere in between leaves an entry from which [`Sender::send`] or [`Sender::resume`] goes on.

use std::time::{Duration, Instant};

use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use super::journal::{End, Entry};
use super::{Chain, ChainError, Execution, Journal, Landed, SignatureStatus};
use crate::crash;

mod guard;
mod many;

pub use guard::Guard;

/// Most that a transaction may ask for.
const MAX_COMPUTE_UNITS: u32 = 1_400_000;
/// Blocks past its last valid height after which an unknown transaction is given up: nodes behind one address differ.
const EXPIRY_MARGIN: u64 = 32;
/// Transactions signed for one send before it is given up as expired.
const ATTEMPTS: usize = 4;
/// How long to wait for an end. A cluster that makes blocks brings one within two minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// Looks at a transaction under way between two hand-overs of its bytes.
const RESEND_EVERY: u32 = 4;
/// Compute-budget instructions before the caller's.
const PREAMBLE: usize = 2;

/// What to send.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// What it is for, in words that name everything that makes it different from others: the journal's key.
    pub purpose: String,
    /// The instructions; compute budget is added.
    pub instructions: Vec<Instruction>,
    /// Pays and signs.
    pub payer: &'a Keypair,
    /// Who else signs.
    pub signers: Vec<&'a Keypair>,
    /// Tables from which accounts are taken where they have them; without any the transaction is a legacy one.
    pub lookup_tables: Vec<AddressLookupTableAccount>,
}

/// Sends over a chain, with a journal.
pub struct Sender {
    chain: Box<dyn Chain>,
    journal: Journal,
    guard: Guard,
    max_priority_fee: u64,
}

impl Sender {
    /// Puts them together. `max_priority_fee` is the most to offer, in micro-lamports per compute unit.
    #[must_use]
    pub fn new(chain: Box<dyn Chain>, journal: Journal, guard: Guard, max_priority_fee: u64) -> Self {
        Self { chain, journal, guard, max_priority_fee }
    }

    /// The chain, for reading.
    #[must_use]
    pub fn chain(&self) -> &dyn Chain {
        self.chain.as_ref()
    }

    /// The chain, for what only some chains can do (airdrops).
    pub fn chain_mut(&mut self) -> &mut dyn Chain {
        self.chain.as_mut()
    }

    /// The journal, for reading.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Runs it without effect; the refusal it would meet is an error.
    ///
    /// # Errors
    /// [`ChainError::Refused`], or what keeps it from being asked.
    pub fn simulate(&self, outgoing: &Outgoing<'_>) -> Result<Execution, ChainError> {
        let blockhash = self.chain.blockhash()?;
        self.simulate_at(outgoing, blockhash.hash)
    }

    fn simulate_at(&self, outgoing: &Outgoing<'_>, blockhash: solana_hash::Hash) -> Result<Execution, ChainError> {
        let transaction = compile(outgoing, MAX_COMPUTE_UNITS, 0, blockhash)?;
        let execution = self.chain.simulate(&transaction)?;
        match &execution.error {
            None => Ok(execution),
            // The node does not know the blockhash that it just gave out: another one behind the same address answered.
            Some(TransactionError::BlockhashNotFound) => {
                Err(ChainError::Unavailable(format!("{}: the node is behind; try again", outgoing.purpose)))
            }
            Some(error) => Err(ChainError::refused(&outgoing.purpose, error, &execution.logs, PREAMBLE)),
        }
    }

    /// Sends it once and waits until it is final. If an earlier run sent it, that one is waited for instead.
    ///
    /// # Errors
    /// [`ChainError::NotPermitted`] before anything is sent; [`ChainError::Refused`] with the program's error;
    /// [`ChainError::Unavailable`] if its fate is open (the entry stays; the next call goes on); [`ChainError::Expired`].
    pub fn send(&mut self, outgoing: &Outgoing<'_>) -> Result<Landed, ChainError> {
        self.guard.check(self.chain.as_ref())?;
        let genesis_hash = self.chain.genesis_hash()?;
        if let Some(entry) = self.journal.find(&outgoing.purpose)? {
            self.same_cluster(&entry, &genesis_hash)?;
            // One that failed or expired had no effect: the purpose is still to be served.
            if let Settled::Landed(landed) = self.settle(&entry, true)? {
                return Ok(landed);
            }
        }
        for _ in 0..ATTEMPTS {
            let entry = self.sign(outgoing, &genesis_hash)?;
            self.journal.open(&entry)?;
            crash::point("sender.before_submit");
            match self.settle(&entry, false)? {
                Settled::Landed(landed) => return Ok(landed),
                Settled::Failed { error, logs } => {
                    return Err(ChainError::refused(&outgoing.purpose, &error, &logs, PREAMBLE));
                }
                Settled::Expired => tracing::debug!(purpose = outgoing.purpose, "expired, signing anew"),
            }
        }
        Err(ChainError::Expired(outgoing.purpose.clone()))
    }

    /// Goes on with everything that earlier runs left open; returns what became of each.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn resume(&mut self) -> Result<Vec<(Entry, End)>, ChainError> {
        let mut ends = Vec::new();
        let entries = self.journal.entries()?;
        if entries.is_empty() {
            return Ok(ends);
        }
        self.guard.check(self.chain.as_ref())?;
        let genesis_hash = self.chain.genesis_hash()?;
        for entry in entries {
            self.same_cluster(&entry, &genesis_hash)?;
            self.settle(&entry, true)?;
            if let Some(end) = self.journal.end(&entry.signature()?)? {
                ends.push((entry, end));
            }
        }
        Ok(ends)
    }

    fn same_cluster(&self, entry: &Entry, genesis_hash: &[u8; 32]) -> Result<(), ChainError> {
        if entry.genesis_hash == hex::encode(genesis_hash) {
            return Ok(());
        }
        Err(ChainError::NotPermitted(format!(
            "the journal holds an unfinished transaction for \"{}\" on another cluster (genesis hash {}); finish it there first, or use another data folder",
            entry.purpose, entry.genesis_hash
        )))
    }

    fn sign(&self, outgoing: &Outgoing<'_>, genesis_hash: &[u8; 32]) -> Result<Entry, ChainError> {
        let simulated = self.simulate(outgoing)?;
        let units = compute_unit_limit(simulated.compute_units);
        let price = self.chain.priority_fee(&writable(outgoing))?.min(self.max_priority_fee);
        let blockhash = self.chain.blockhash()?;
        let transaction = compile(outgoing, units, price, blockhash.hash)?;
        Entry::new(&outgoing.purpose, genesis_hash, blockhash.last_valid_block_height, &transaction)
    }

    /// Brings an open entry to its end: hands its bytes over while they can land, and closes it.
    fn settle(&mut self, entry: &Entry, resumed: bool) -> Result<Settled, ChainError> {
        let signature = entry.signature()?;
        let transaction = entry.transaction()?;
        let begun = Instant::now();
        for look in 0_u32.. {
            if begun.elapsed() > PATIENCE {
                break;
            }
            // The order matters: only a height read before the status proves that the status will not change.
            let height = self.chain.block_height()?;
            match self.chain.status(&signature)? {
                SignatureStatus::Landed { slot, error: None } => {
                    crash::point("sender.after_landing");
                    let execution = self.chain.execution(&signature)?;
                    self.journal.close(entry, End::Landed { slot })?;
                    return Ok(Settled::Landed(Landed { signature, slot, execution, resumed }));
                }
                SignatureStatus::Landed { slot, error: Some(error) } => {
                    let logs = self.chain.execution(&signature)?.map(|execution| execution.logs).unwrap_or_default();
                    self.journal.close(entry, End::Failed { slot, error: error.to_string() })?;
                    return Ok(Settled::Failed { error, logs });
                }
                SignatureStatus::Unknown if height > entry.last_valid_block_height.saturating_add(EXPIRY_MARGIN) => {
                    self.journal.close(entry, End::Expired)?;
                    return Ok(Settled::Expired);
                }
                SignatureStatus::Unknown
                    if look.is_multiple_of(RESEND_EVERY) && height <= entry.last_valid_block_height =>
                {
                    self.chain.submit(&transaction)?;
                    crash::point("sender.after_submit");
                }
                SignatureStatus::Unknown | SignatureStatus::Processing => {}
            }
            if look > 0 {
                std::thread::sleep(self.chain.pause());
            }
        }
        Err(ChainError::Unavailable(format!(
            "{}: sent, but the cluster makes no progress; run the same command again later",
            entry.purpose
        )))
    }
}

enum Settled {
    Landed(Landed),
    Failed { error: TransactionError, logs: Vec<String> },
    Expired,
}

/// A tenth more than simulated, and room for what state may have changed since.
fn compute_unit_limit(simulated: u64) -> u32 {
    let limit = simulated.saturating_add(simulated / 10).saturating_add(5_000);
    u32::try_from(limit).map_or(MAX_COMPUTE_UNITS, |limit| limit.min(MAX_COMPUTE_UNITS))
}

fn writable(outgoing: &Outgoing<'_>) -> Vec<Pubkey> {
    let mut addresses: Vec<Pubkey> = outgoing
        .instructions
        .iter()
        .flat_map(|instruction| &instruction.accounts)
        .filter(|account| account.is_writable)
        .map(|account| account.pubkey)
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn compile(
    outgoing: &Outgoing<'_>,
    units: u32,
    price: u64,
    blockhash: solana_hash::Hash,
) -> Result<VersionedTransaction, ChainError> {
    let mut instructions = vec![
        ComputeBudgetInstruction::set_compute_unit_limit(units),
        ComputeBudgetInstruction::set_compute_unit_price(price),
    ];
    instructions.extend(outgoing.instructions.iter().cloned());
    let payer = outgoing.payer.pubkey();
    let message = if outgoing.lookup_tables.is_empty() {
        let message = solana_message::Message::new_with_blockhash(&instructions, Some(&payer), &blockhash);
        VersionedMessage::Legacy(message)
    } else {
        let message = v0::Message::try_compile(&payer, &instructions, &outgoing.lookup_tables, blockhash);
        VersionedMessage::V0(message.map_err(|error| ChainError::Other(format!("{}: {error}", outgoing.purpose)))?)
    };
    let mut signers: Vec<&Keypair> = vec![outgoing.payer];
    for signer in &outgoing.signers {
        if signers.iter().all(|known| known.pubkey() != signer.pubkey()) {
            signers.push(signer);
        }
    }
    VersionedTransaction::try_new(message, &signers)
        .map_err(|error| ChainError::Other(format!("{}: cannot be signed: {error}", outgoing.purpose)))
}

#[cfg(test)]
mod tests;
