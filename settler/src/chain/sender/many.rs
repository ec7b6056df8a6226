//! Many transactions at once, each as [`Sender::send`] would send it: its own entry in the journal, the same bytes again
//! while they can land, a new signature only once the old one never can.
//!
//! Waiting for one to be final before the next is sent would take four to thirteen seconds each; here so many are under
//! way together. They must not depend on one another: each is simulated against finalized state.

use std::time::Instant;

use solana_signature::Signature;
use solana_transaction_error::TransactionError;

use super::{
    ATTEMPTS, EXPIRY_MARGIN, Outgoing, PATIENCE, PREAMBLE, RESEND_EVERY, Sender, compile, compute_unit_limit, writable,
};
use crate::chain::journal::{End, Entry};
use crate::chain::{Blockhash, ChainError, Landed, SignatureStatus};
use crate::crash;

/// One of those under way.
struct Flight<'a> {
    outgoing: Outgoing<'a>,
    entry: Entry,
    /// Signed how often, this run.
    attempts: usize,
    resumed: bool,
    looks: u32,
    begun: Instant,
}

/// What the chain says of an entry, as of a height.
struct Seen {
    height: u64,
    signature: Signature,
    status: SignatureStatus,
}

/// How an entry goes on.
enum Step {
    UnderWay,
    Landed(Signature, u64),
    Failed(TransactionError, Vec<String>),
    Expired,
}

/// What all that are signed together share.
struct Round {
    blockhash: Blockhash,
    price: u64,
}

impl Sender {
    /// Sends each once, at most `under_way` at a time, and returns when all have ended. `report` is told how each ended:
    /// landed (what it did is not asked for), refused, or expired.
    ///
    /// # Errors
    /// As [`Sender::send`], for what concerns all of them; entries stay, and the next call goes on.
    pub fn send_all<'a>(
        &mut self,
        outgoing: impl IntoIterator<Item = Outgoing<'a>>,
        under_way: usize,
        mut report: impl FnMut(&Outgoing<'a>, Result<Landed, ChainError>),
    ) -> Result<(), ChainError> {
        self.guard.check(self.chain.as_ref())?;
        let genesis_hash = self.chain.genesis_hash()?;
        let mut waiting = outgoing.into_iter();
        let mut flights: Vec<Flight<'a>> = Vec::new();
        loop {
            let mut round = None;
            while flights.len() < under_way.max(1) {
                let Some(outgoing) = waiting.next() else { break };
                match self.begin(&outgoing, &genesis_hash, &mut round) {
                    Ok((entry, resumed)) => {
                        let begun = Instant::now();
                        flights.push(Flight { outgoing, entry, attempts: 1, resumed, looks: 0, begun });
                    }
                    Err(refused @ ChainError::Refused(_)) => report(&outgoing, Err(refused)),
                    Err(error) => return Err(error),
                }
            }
            if flights.is_empty() {
                return Ok(());
            }
            std::thread::sleep(self.chain.pause());
            flights = self.look(flights, &genesis_hash, &mut report)?;
        }
    }

    /// Takes up the open entry of a purpose, or signs, writes and hands over a new one.
    fn begin(
        &mut self,
        outgoing: &Outgoing<'_>,
        genesis_hash: &[u8; 32],
        round: &mut Option<Round>,
    ) -> Result<(Entry, bool), ChainError> {
        if let Some(entry) = self.journal.find(&outgoing.purpose)? {
            self.same_cluster(&entry, genesis_hash)?;
            return Ok((entry, true));
        }
        let round = match round {
            Some(round) => &*round,
            None => round.insert(Round {
                price: self.chain.priority_fee(&writable(outgoing))?.min(self.max_priority_fee),
                blockhash: self.chain.blockhash()?,
            }),
        };
        let Blockhash { hash, last_valid_block_height } = round.blockhash;
        let simulated = self.simulate_at(outgoing, hash)?;
        let transaction = compile(outgoing, compute_unit_limit(simulated.compute_units), round.price, hash)?;
        let entry = Entry::new(&outgoing.purpose, genesis_hash, last_valid_block_height, &transaction)?;
        self.journal.open(&entry)?;
        crash::point("sender.before_submit");
        self.chain.submit(&transaction)?;
        crash::point("sender.after_submit");
        Ok((entry, false))
    }

    /// Goes on with everything that earlier runs left open, all together; [`Sender::resume`] does so one by one.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn resume_all(&mut self) -> Result<(), ChainError> {
        let mut entries = self.journal.entries()?;
        if entries.is_empty() {
            return Ok(());
        }
        self.guard.check(self.chain.as_ref())?;
        let genesis_hash = self.chain.genesis_hash()?;
        entries.iter().try_for_each(|entry| self.same_cluster(entry, &genesis_hash))?;
        let begun = Instant::now();
        for looks in 0.. {
            let seen = self.see(entries.iter())?;
            let mut still = Vec::new();
            for (entry, seen) in entries.into_iter().zip(seen) {
                if matches!(self.step(&entry, seen, looks)?, Step::UnderWay) {
                    patience(begun, &entry.purpose)?;
                    still.push(entry);
                }
            }
            entries = still;
            if entries.is_empty() {
                break;
            }
            std::thread::sleep(self.chain.pause());
        }
        Ok(())
    }

    /// Looks once at all that are under way; returns those that still are.
    fn look<'a>(
        &mut self,
        flights: Vec<Flight<'a>>,
        genesis_hash: &[u8; 32],
        report: &mut impl FnMut(&Outgoing<'a>, Result<Landed, ChainError>),
    ) -> Result<Vec<Flight<'a>>, ChainError> {
        let seen = self.see(flights.iter().map(|flight| &flight.entry))?;
        let mut still = Vec::with_capacity(flights.len());
        let mut round = None;
        for (mut flight, seen) in flights.into_iter().zip(seen) {
            let (purpose, resumed) = (&flight.outgoing.purpose, flight.resumed);
            let end = match self.step(&flight.entry, seen, flight.looks)? {
                Step::UnderWay => {
                    patience(flight.begun, purpose)?;
                    flight.looks += 1;
                    still.push(flight);
                    continue;
                }
                Step::Landed(signature, slot) => Ok(Landed { signature, slot, execution: None, resumed }),
                Step::Failed(error, logs) => Err(ChainError::refused(purpose, &error, &logs, PREAMBLE)),
                Step::Expired if flight.attempts == ATTEMPTS => Err(ChainError::Expired(purpose.clone())),
                Step::Expired => match self.begin(&flight.outgoing, genesis_hash, &mut round) {
                    Ok((entry, _)) => {
                        let attempts = flight.attempts + 1;
                        still.push(Flight { entry, resumed: false, attempts, looks: 0, ..flight });
                        continue;
                    }
                    Err(refused @ ChainError::Refused(_)) => Err(refused),
                    Err(error) => return Err(error),
                },
            };
            report(&flight.outgoing, end);
        }
        Ok(still)
    }

    /// What the chain says of entries, in their order.
    fn see<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> Result<Vec<Seen>, ChainError> {
        // The order matters: only a height read before the status proves that the status will not change.
        let height = self.chain.block_height()?;
        let signatures = entries.map(Entry::signature).collect::<Result<Vec<_>, _>>()?;
        let statuses = self.chain.statuses(&signatures)?;
        let seen = signatures.into_iter().zip(statuses);
        Ok(seen.map(|(signature, status)| Seen { height, signature, status }).collect())
    }

    /// Closes an entry that has ended; hands the bytes of one that has not over again, now and then.
    fn step(&mut self, entry: &Entry, seen: Seen, looks: u32) -> Result<Step, ChainError> {
        let (height, last) = (seen.height, entry.last_valid_block_height);
        match seen.status {
            SignatureStatus::Landed { slot, error: None } => {
                crash::point("sender.after_landing");
                self.journal.close(entry, End::Landed { slot })?;
                Ok(Step::Landed(seen.signature, slot))
            }
            SignatureStatus::Landed { slot, error: Some(error) } => {
                let logs = self.chain.execution(&seen.signature)?.map(|execution| execution.logs).unwrap_or_default();
                self.journal.close(entry, End::Failed { slot, error: error.to_string() })?;
                Ok(Step::Failed(error, logs))
            }
            SignatureStatus::Unknown if height > last.saturating_add(EXPIRY_MARGIN) => {
                self.journal.close(entry, End::Expired)?;
                Ok(Step::Expired)
            }
            SignatureStatus::Unknown if looks.is_multiple_of(RESEND_EVERY) && height <= last => {
                self.chain.submit(&entry.transaction()?)?;
                Ok(Step::UnderWay)
            }
            SignatureStatus::Unknown | SignatureStatus::Processing => Ok(Step::UnderWay),
        }
    }
}

fn patience(begun: Instant, purpose: &str) -> Result<(), ChainError> {
    if begun.elapsed() <= PATIENCE {
        return Ok(());
    }
    Err(ChainError::Unavailable(format!(
        "{purpose}: sent, but the cluster makes no progress; run the same command again later"
    )))
}
