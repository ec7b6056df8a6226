//! What follows from what was found: fraud proofs first, which need no vote, then disputes.
//!
//! A step that cannot be done (no bond, a node away, a refusal) is taken down and tried again by the next round; it never keeps
//! the others from being done.

use std::path::Path;

use radio_payouts_client::state::{Epoch, EpochStatus};
use radio_payouts_protocol::domain::Domain;

use super::act::Disputes;
use super::alert::{Alert, Kind, Teller};
use super::copies::Places;
use super::memory::{Memory, Seen, Verdict, name};
use super::{Actor, Round, equivocation, evidence};
use crate::artefact::sfu_name;
use crate::chain::{Landed, deployment};
use crate::epoch::view::View;
use crate::fraud::Duplicate;
use crate::outcome::Outcome;

/// One round's response.
pub struct Response<'a> {
    /// Who sends.
    pub actor: &'a mut Actor,
    /// The chain as it was looked at.
    pub view: &'a View,
    /// Makes alerts.
    pub teller: &'a Teller,
    /// Where published folders are.
    pub places: &'a Places,
    /// The watch's own folder.
    pub folder: &'a Path,
    /// What was found, and what is to be told.
    pub memory: &'a mut Memory,
    /// What could not be done.
    pub round: &'a mut Round,
}

impl Response<'_> {
    /// Proves every known equivocation.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub fn prove_equivocations(&mut self) -> Outcome {
        let domain = Domain::from_bytes(self.view.config.domain);
        for sfu in &self.view.sfus {
            let Some(seq) = self.memory.equivocations.get(&hex::encode(sfu.key)).copied() else { continue };
            let found = equivocation::read(self.folder, &sfu.key, seq, &domain);
            let landed = found.and_then(|found| self.actor.prove_equivocation(self.view, &found));
            self.take_down(landed, |teller, landed| {
                let name = sfu_name(&sfu.key);
                let text = format!(
                    "SFU {name} signed two batches under number {seq}: proven on chain, none counts from there on ({})",
                    landed.signature
                );
                teller.alert(Kind::FraudProof, None, text)
            });
        }
        self.memory.save()
    }

    /// Proves every root that has two leaves for one DID.
    ///
    /// # Errors
    /// Exit 75 if the chain is away.
    pub fn prove_duplicates(&mut self) -> Outcome {
        for (account, seen) in self.in_force(Verdict::Wrong)? {
            let epoch = account.epoch;
            let copies = self.places.of_epoch(epoch, &account.commitment);
            let same = copies.iter().filter(|copy| copy.manifest.commitment == account.commitment);
            // A copy whose payouts do not lead to the trees proves nothing.
            let found = same.filter_map(|copy| Duplicate::find(&copy.folder).ok().flatten()).next();
            let Some(found) = found else { continue };
            let landed = self.actor.prove_duplicate(&found).map(Some);
            self.take_down(landed, |teller, landed| {
                let [first, second] = found.indices();
                let text = format!(
                    "epoch {epoch}: leaves {first} and {second} both pay {}: proven on chain, root {} is refused for ever ({})",
                    found.did(),
                    seen.commitment,
                    landed.signature
                );
                teller.alert(Kind::FraudProof, Some(epoch), text)
            });
            self.memory.save()?;
        }
        Ok(())
    }

    /// Disputes the roots whose time it is.
    ///
    /// # Errors
    /// Exit 75 if the chain is away; if evidence cannot be written.
    pub fn dispute(&mut self, disputes: Disputes) -> Outcome {
        for verdict in [Verdict::Wrong, Verdict::Unknown] {
            for (account, seen) in self.in_force(verdict)? {
                if disputes.is_time(&seen, &account, self.view) {
                    self.dispute_one(&account, seen)?;
                }
            }
        }
        Ok(())
    }

    fn dispute_one(&mut self, account: &Epoch, mut seen: Seen) -> Outcome {
        let epoch = account.epoch;
        let evidence = evidence::against(self.folder, account, &seen)?;
        let landed = self.actor.dispute(self.view, account, &evidence);
        let is_done = self.take_down(landed, |teller, landed| {
            let (file, hash) = (evidence.path.display(), hex::encode(evidence.hash));
            let text = format!(
                "epoch {epoch}: disputed root {} on the evidence in {file} (SHA-256 {hash}; {})",
                seen.commitment, landed.signature
            );
            teller.alert(Kind::Dispute, Some(epoch), text)
        });
        if is_done {
            // Its own dispute is no news to it.
            seen.status = name(EpochStatus::Disputed);
            self.memory.epochs.insert(epoch, seen);
        }
        self.memory.save()
    }

    /// Epochs of this verdict whose roots are still in force: the chain may have moved since it was looked at.
    fn in_force(&self, verdict: Verdict) -> Outcome<Vec<(Epoch, Seen)>> {
        let mut found = Vec::new();
        for (epoch, seen) in self.memory.epochs.iter().filter(|(_, seen)| seen.verdict == verdict) {
            let account = deployment::epoch(self.actor.sender.chain(), *epoch)?;
            if let Some(account) = account.filter(|account| seen.is_of(account) && account.status.has_root()) {
                found.push((account, seen.clone()));
            }
        }
        Ok(found)
    }

    /// Takes down what became of a step. Returns whether it was done now.
    fn take_down(&mut self, landed: Outcome<Option<Landed>>, told: impl FnOnce(&Teller, &Landed) -> Alert) -> bool {
        match landed {
            Ok(Some(landed)) => {
                self.memory.tell(told(self.teller, &landed));
                true
            }
            Ok(None) => false,
            Err(failure) => {
                self.round.undone.push(failure);
                false
            }
        }
    }
}
