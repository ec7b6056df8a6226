//! What happened to each epoch on chain, and by which transactions: read once for each change of its account, where the
//! node keeps history.
//!
//! Final transactions never change, so what was read stays. The newest epochs come first, a few at each look at the chain.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use radio_payouts_client::address;
use radio_payouts_client::event::{self, Event};
use radio_payouts_client::state::{Epoch, EpochStatus};
use radio_payouts_protocol::hash::Hash;
use solana_signature::Signature;

use super::chain::Snapshot;
use crate::chain::{Chain, ChainError};

/// Epochs that one look at the chain goes into.
const EPOCHS_PER_LOOK: usize = 4;
/// Most transactions of an epoch that one look reads from a node; claims touch its account by the thousand.
const TRANSACTIONS_PER_LOOK: usize = 64;
/// The same of an embedded chain, which names all that it has, and reads them from memory.
const TRANSACTIONS_AT_HAND: usize = 2_048;

/// A transaction that changed an epoch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// What it did: `post`, `attest`, `dispute`, `resolve_dispute`, `finalize`, `ratify`, `close`, `revoke`, `reopen`.
    pub what: &'static str,
    /// Its signature.
    pub signature: Signature,
    /// Slot of its block.
    pub slot: u64,
    /// Time of its block in Unix seconds, where the node knows it.
    pub unix_timestamp: Option<i64>,
    /// The settler, disputer or judge, where the events name one.
    pub by: Option<String>,
    /// The epoch's attempt, where the events name it.
    pub attempt: Option<u32>,
}

/// State of an account that was looked into.
type Seen = (EpochStatus, u32, Hash, bool);

#[derive(Default)]
struct Story {
    seen: Option<Seen>,
    newest: Option<Signature>,
    transactions: Vec<Transaction>,
}

/// The histories of all epochs.
#[derive(Default)]
pub struct Histories(Mutex<BTreeMap<u64, Story>>);

impl Histories {
    /// Transactions of an epoch in the order of their slots; `None` if its present state was not looked into yet.
    #[must_use]
    pub fn of(&self, account: &Epoch) -> Option<Vec<Transaction>> {
        let stories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let story = stories.get(&account.epoch)?;
        (story.seen == Some(seen(account))).then(|| story.transactions.clone())
    }

    /// Looks into a few epochs that have changed since.
    ///
    /// # Errors
    /// If the chain is away: what is missing is read at the next look.
    pub fn look(&self, chain: &dyn Chain, snapshot: &Snapshot) -> Result<(), ChainError> {
        let changed: Vec<&Epoch> = {
            let stories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let has_changed =
                |account: &&Epoch| stories.get(&account.epoch).and_then(|story| story.seen) != Some(seen(account));
            snapshot.epochs.values().rev().filter(has_changed).take(EPOCHS_PER_LOOK).collect()
        };
        for account in changed {
            let newest = {
                let stories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                stories.get(&account.epoch).and_then(|story| story.newest)
            };
            let most = if snapshot.has_own_clock { TRANSACTIONS_AT_HAND } else { TRANSACTIONS_PER_LOOK };
            let touches = chain.touches(&address::epoch_address(account.epoch), newest.as_ref(), most)?;
            let mut found = Vec::new();
            for touch in touches.iter().rev().filter(|touch| !touch.failed) {
                let Some(execution) = chain.execution(&touch.signature)? else { continue };
                let Some((what, by, attempt)) = told(&event::events(&execution.logs), account.epoch) else { continue };
                found.push(Transaction {
                    what,
                    signature: touch.signature,
                    slot: touch.slot,
                    unix_timestamp: touch.unix_timestamp,
                    by,
                    attempt,
                });
            }
            let mut stories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let story = stories.entry(account.epoch).or_default();
            story.seen = Some(seen(account));
            story.newest = touches.first().map(|touch| touch.signature).or(newest);
            story.transactions.extend(found);
        }
        Ok(())
    }
}

fn seen(account: &Epoch) -> Seen {
    (account.status, account.attempt, account.commitment, account.contested)
}

/// The most telling event about an epoch: what was done, by whom, in which attempt.
fn told(events: &[Event], epoch: u64) -> Option<(&'static str, Option<String>, Option<u32>)> {
    let settler = events.iter().find_map(|event| match event {
        Event::CandidateSupported(event) if event.epoch == epoch => Some(event.settler.to_string()),
        _ => None,
    });
    let told = events.iter().filter_map(|event| match event {
        Event::RootPosted(event) if event.epoch == epoch => Some((0, "post", settler.clone(), Some(event.attempt))),
        Event::DisputeOpened(event) if event.epoch == epoch => {
            Some((1, "dispute", Some(event.disputer.to_string()), Some(event.attempt)))
        }
        Event::DisputeClosed(event) if event.epoch == epoch => {
            Some((2, "resolve_dispute", event.by.map(|by| by.to_string()), Some(event.attempt)))
        }
        Event::EpochRatified(event) if event.epoch == epoch => Some((3, "ratify", None, None)),
        Event::EpochClosed(event) if event.epoch == epoch => Some((4, "close", None, None)),
        Event::EpochStatusChanged(event) if event.epoch == epoch => match event.new {
            EpochStatus::Final => Some((5, "finalize", None, Some(event.attempt))),
            EpochStatus::Revoked => Some((5, "revoke", None, Some(event.attempt))),
            EpochStatus::Open => Some((5, "reopen", None, Some(event.attempt))),
            _ => None,
        },
        Event::CandidateSupported(event) if event.epoch == epoch => {
            Some((6, "attest", settler.clone(), Some(event.attempt)))
        }
        _ => None,
    });
    told.min_by_key(|(order, ..)| *order).map(|(_, what, by, attempt)| (what, by, attempt))
}

#[cfg(test)]
mod tests {
    use radio_payouts_client::event::{CandidateSupported, EpochStatusChanged};

    use super::*;

    #[test]
    fn the_most_telling_event_about_the_epoch_names_the_transaction() {
        let settler = solana_pubkey::Pubkey::new_unique();
        let support = [Event::CandidateSupported(CandidateSupported {
            epoch: 4,
            attempt: 1,
            commitment: [0; 32],
            settler,
            moved_from: None,
            support: 1,
            threshold: 2,
        })];
        let change = |epoch, new| {
            let old = EpochStatus::Posted;
            Event::EpochStatusChanged(EpochStatusChanged { epoch, attempt: 1, commitment: [0; 32], old, new })
        };
        assert_eq!(told(&[], 4), None);
        assert_eq!(told(&support, 5), None, "another epoch's");
        assert_eq!(told(&support, 4), Some(("attest", Some(settler.to_string()), Some(1))));
        assert_eq!(told(&[change(4, EpochStatus::Posted)], 4), None, "a post says so itself");
        assert_eq!(
            told(&[change(5, EpochStatus::Open), change(4, EpochStatus::Final)], 4),
            Some(("finalize", None, Some(1)))
        );
    }
}
