//! Looking at epochs: where each stands, and whether its root is what was published for it.
//!
//! The way goes from the head back along the parents until an epoch that is known to be right and final: before that nothing can
//! change. A way that is broken off (a signal, a node that is away) is remembered and finished by the next round. Epochs seen
//! earlier that the way does not pass left the chain, or are older and were not right: these are looked at, too.

use std::collections::BTreeSet;
use std::path::Path;

use radio_payouts_client::state::{Epoch, EpochStatus};

use super::alert::{Kind, Teller};
use super::equivocation::{self, Twins};
use super::evidence;
use super::memory::{Memory, Seen, Verdict, name};
use super::roots::{Examiner, Finding};
use super::stop::Stop;
use crate::chain::deployment;
use crate::crash;
use crate::outcome::Outcome;

/// One look at all epochs.
pub struct Look<'a> {
    /// Examines roots.
    pub examiner: Examiner<'a>,
    /// Makes alerts.
    pub teller: &'a Teller,
    /// Epochs before this one are not looked at.
    pub since: u64,
    /// The watch's own folder.
    pub folder: &'a Path,
    /// Whether it is time to end.
    pub stop: &'a Stop,
    /// What is known, and what is to be told.
    pub memory: &'a mut Memory,
}

impl Look<'_> {
    /// Looks at every epoch that may have changed.
    ///
    /// # Errors
    /// Exit 75 if the chain is away; what was found until then is remembered.
    pub fn at_all(mut self) -> Outcome {
        let passed = self.back_from_the_head()?;
        self.look_at_held_batches()?;
        let rest: Vec<u64> = self.memory.epochs.keys().filter(|epoch| !passed.contains(*epoch)).copied().collect();
        for epoch in rest {
            if self.stop.is_asked() {
                break;
            }
            self.at_an_earlier_one(epoch)?;
        }
        self.memory.save()?;
        crash::point("watch.roots_saved");
        Ok(())
    }

    /// Returns the epochs that were passed.
    fn back_from_the_head(&mut self) -> Outcome<BTreeSet<u64>> {
        let mut passed = BTreeSet::new();
        // Below this one, an epoch that is done ends the way.
        let open_from = self.memory.open_from;
        let mut next = self.examiner.view.config.chain.head.map(|head| head.epoch);
        while let Some(epoch) = next.filter(|epoch| *epoch >= self.since) {
            if self.stop.is_asked() {
                return Ok(passed);
            }
            let Some(account) = deployment::epoch(self.examiner.chain, epoch)? else { break };
            let known = self.memory.epochs.get(&epoch).cloned();
            let is_done = known.as_ref().is_some_and(|seen| {
                seen.verdict == Verdict::Right && seen.is_of(&account) && account.status.is_final()
            });
            let seen = self.at(&account, known)?;
            self.memory.epochs.insert(epoch, seen);
            passed.insert(epoch);
            if is_done && open_from.is_none_or(|open| epoch < open) {
                break;
            }
            next = account.parent_epoch;
            self.memory.open_from = [next, open_from].into_iter().flatten().min();
            self.memory.save()?;
            crash::point("watch.epoch_saved");
        }
        self.memory.open_from = None;
        Ok(passed)
    }

    /// An epoch that left the chain, or an older one.
    fn at_an_earlier_one(&mut self, epoch: u64) -> Outcome {
        let Some(known) = self.memory.epochs.remove(&epoch) else { return Ok(()) };
        let Some(account) = deployment::epoch(self.examiner.chain, epoch)? else { return Ok(()) };
        if !known.is_of(&account) || !account.status.has_root() {
            self.tell_withdrawn(&account, &known);
            return Ok(());
        }
        let seen = self.at(&account, Some(known))?;
        let is_over =
            account.status == EpochStatus::Closed || (seen.verdict == Verdict::Right && account.status.is_final());
        if !is_over {
            self.memory.epochs.insert(epoch, seen);
        }
        Ok(())
    }

    /// Looks at one epoch.
    fn at(&mut self, account: &Epoch, known: Option<Seen>) -> Outcome<Seen> {
        let (same, other) = match known {
            Some(known) if known.is_of(account) => (Some(known), None),
            other => (None, other),
        };
        if let Some(other) = other {
            self.tell_withdrawn(account, &other);
        }
        let before = same.as_ref().map(|seen| seen.verdict);
        let mut seen = same.unwrap_or_else(|| Seen::first(account));
        self.tell_standing(account, &seen);
        seen.status = name(account.status);
        seen.contested = account.contested;
        if account.status.has_root() && before != Some(Verdict::Right) {
            let found = self.examiner.examine(account, &mut seen)?;
            self.note_equivocations(&found.equivocations)?;
            let evidence = self.note_evidence(account, &mut seen, &found)?;
            self.tell_finding(account, before, &found, &evidence);
            seen.verdict = found.verdict;
        }
        Ok(seen)
    }

    /// Batches held here under whose number another one is held.
    fn look_at_held_batches(&mut self) -> Outcome {
        let sfus = &self.examiner.view.sfus;
        // What the chain knows by now is settled.
        let is_open = |key: &str, seq: u64| sfus.iter().any(|sfu| hex::encode(sfu.key) == key && seq < sfu.stop_seq);
        self.memory.equivocations.retain(|key, seq| is_open(key, *seq));
        match self.examiner.store {
            Some(store) => self.note_equivocations(&equivocation::held(store, sfus)?),
            None => Ok(()),
        }
    }

    /// Writes down and tells of equivocations that are lower than those known of their SFUs.
    fn note_equivocations(&mut self, found: &[Twins]) -> Outcome {
        for found in found {
            let key = hex::encode(found.sfu);
            if self.memory.equivocations.get(&key).is_none_or(|known| found.seq < *known) {
                let text = format!("{found}; both are in {}", found.write(self.folder)?.display());
                self.memory.tell(self.teller.alert(Kind::Equivocation, None, text));
                self.memory.equivocations.insert(key, found.seq);
            }
        }
        Ok(())
    }

    /// Writes evidence against a root that is wrong; a proof takes the place of what is none. Returns what to tell of it.
    fn note_evidence(&mut self, account: &Epoch, seen: &mut Seen, found: &Finding) -> Outcome<String> {
        let is_proof = found.recomputed.is_some();
        if found.verdict != Verdict::Wrong || found.why.is_empty() || (seen.evidence.is_some() && !is_proof) {
            return Ok(String::new());
        }
        let written = evidence::write(self.folder, account, found)?;
        let hash = hex::encode(written.hash);
        let told = format!("; evidence in {} (SHA-256 {hash})", written.path.display());
        seen.evidence = Some(hash);
        seen.proven |= is_proof;
        Ok(told)
    }

    fn tell(&mut self, kind: Kind, account: &Epoch, text: String) {
        self.memory.tell(self.teller.alert(kind, Some(account.epoch), format!("epoch {}: {text}", account.epoch)));
    }

    /// Tells what was found of a root, if it is news. A root that is right is none.
    fn tell_finding(&mut self, account: &Epoch, before: Option<Verdict>, found: &Finding, evidence: &str) {
        let root = hex::encode(account.commitment);
        if before != Some(found.verdict) {
            match found.verdict {
                Verdict::Right if before.is_none() => {}
                Verdict::Right => {
                    self.tell(Kind::Cleared, account, format!("published batches lead to root {root} after all"));
                }
                Verdict::Wrong => {
                    self.tell(Kind::Difference, account, format!("root {root} is wrong: {}{evidence}", found.why));
                }
                Verdict::Unknown => {
                    let text = format!("nothing published leads to root {root}: {}", found.why);
                    self.tell(Kind::UnknownRoot, account, text);
                }
            }
        }
        if let Some(damage) = &found.damage {
            let text = format!("root {root} is right, a file of its published folder is not: {damage}");
            self.tell(Kind::DamagedFiles, account, text);
        }
    }

    /// Tells of disputes and revocations.
    fn tell_standing(&mut self, account: &Epoch, seen: &Seen) {
        let (attempt, was) = (account.attempt, seen.status.as_str());
        if name(account.status) != was {
            match account.status {
                EpochStatus::Disputed => {
                    self.tell(Kind::Dispute, account, format!("its root is disputed (attempt {attempt})"));
                }
                EpochStatus::Revoked => {
                    let text = format!("root {} was withdrawn; everything after it is orphaned", seen.commitment);
                    self.tell(Kind::Revoked, account, text);
                }
                _ if was == name(EpochStatus::Disputed) => {
                    self.tell(Kind::Dispute, account, "the dispute has ended, the root stands".to_owned());
                }
                _ => {}
            }
        }
        if account.contested && !seen.contested {
            self.tell(Kind::Contested, account, "a dispute lapsed unresolved: the root is contested".to_owned());
        }
    }

    /// Tells that a root seen earlier is no longer in force, unless that was told when it was withdrawn.
    fn tell_withdrawn(&mut self, account: &Epoch, known: &Seen) {
        if !known.is_revoked() {
            let (root, attempt) = (&known.commitment, known.attempt);
            let text = format!(
                "root {root} (attempt {attempt}) was withdrawn; the epoch stands as {:?}, attempt {}",
                account.status, account.attempt
            );
            self.tell(Kind::Revoked, account, text);
        }
    }
}
