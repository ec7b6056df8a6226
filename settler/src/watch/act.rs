//! What a watch does about what it has found, if told to: disputes and fraud proofs.
//!
//! Everything goes through the [`Sender`](crate::chain::Sender). Each step is named by all that makes it different, so that a watch that dies goes on from the
//! journal and none is sent twice. The chain is asked first: what others did already is not done again.
//!
//! A root that its own inputs contradict is disputed at once. Where only a published folder speaks against it, or nothing was published, folders
//! may still be under way: then the dispute waits until half of the challenge window is over.

use radio_payouts_client::OpenDisputeArgs;
use radio_payouts_client::address::{associated_token_address, dispute_address, share_record_address};
use radio_payouts_client::instruction::open_dispute;
use radio_payouts_client::state::{Dispute, Epoch, EpochStatus, ShareRecord};
use solana_instruction::Instruction;
use solana_signer::Signer as _;

use super::Actor;
use super::evidence::Evidence;
use super::memory::{Seen, Verdict};
use crate::chain::{Landed, Outgoing, deployment};
use crate::crash;
use crate::epoch::view::View;
use crate::fraud::{Duplicate, Equivocation};
use crate::outcome::Outcome;

/// Which roots are disputed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Disputes {
    /// Those that are wrong.
    pub wrong: bool,
    /// Those for which nothing was published.
    pub unknown: bool,
}

impl Disputes {
    /// Whether it is time to dispute a root.
    #[must_use]
    pub fn is_time(self, seen: &Seen, account: &Epoch, view: &View) -> bool {
        let half = account.times.challenge_seconds / 2;
        let is_late = account.posted.has_passed(half, &view.config.pause, view.now);
        let is_over = account.posted.has_passed(account.times.challenge_seconds, &view.config.pause, view.now);
        let is_asked = match seen.verdict {
            Verdict::Right => false,
            Verdict::Wrong => self.wrong && (seen.proven || is_late),
            Verdict::Unknown => self.unknown && is_late,
        };
        is_asked && account.status == EpochStatus::Posted && !is_over
    }
}

impl Actor {
    fn send(&mut self, purpose: String, instructions: Vec<Instruction>) -> Outcome<Landed> {
        crash::point("watch.before_send");
        let chain = self.sender.chain();
        let table = self.lookup_table.map(|address| deployment::lookup_table(chain, &address)).transpose()?;
        let lookup_tables = table.flatten().into_iter().collect();
        let outgoing = Outgoing { purpose, instructions, payer: &self.key, signers: Vec::new(), lookup_tables };
        let landed = self.sender.send(&outgoing)?;
        crash::point("watch.after_send");
        Ok(landed)
    }

    /// Opens the dispute of an epoch's attempt, unless there is one.
    ///
    /// # Errors
    /// If the bond is not covered; what keeps it from being sent.
    pub fn dispute(&mut self, view: &View, account: &Epoch, evidence: &Evidence) -> Outcome<Option<Landed>> {
        let (epoch, attempt) = (account.epoch, account.attempt);
        let known: Option<Dispute> = deployment::read(self.sender.chain(), &dispute_address(epoch, attempt))?;
        if known.is_some() {
            return Ok(None);
        }
        let (key, config) = (self.key.pubkey(), &view.config);
        let source = associated_token_address(&key, &config.mint, &config.token_program);
        let args = OpenDisputeArgs { epoch, attempt, evidence_hash: evidence.hash };
        let purpose = format!("dispute epoch {epoch} attempt {attempt} root {}", hex::encode(account.commitment));
        self.send(purpose, vec![open_dispute(key, key, config, source, args)]).map(Some)
    }

    /// Proves that an SFU signed two batches under one number, unless its account says so.
    ///
    /// # Errors
    /// What keeps it from being sent.
    pub fn prove_equivocation(&mut self, view: &View, found: &Equivocation) -> Outcome<Option<Landed>> {
        let account = view.sfus.iter().find(|sfu| sfu.key == *found.sfu_key());
        if account.is_none_or(|sfu| sfu.stop_seq <= found.seq()) {
            return Ok(None);
        }
        self.send(found.purpose(), found.instructions()).map(Some)
    }

    /// Proves that a root has two leaves for one DID; the rent of the records comes back.
    ///
    /// # Errors
    /// What keeps it from being sent.
    pub fn prove_duplicate(&mut self, found: &Duplicate) -> Outcome<Landed> {
        let (recorder, epoch, commitment) = (self.key.pubkey(), found.epoch(), hex::encode(found.commitment()));
        for (index, record) in found.indices().into_iter().zip(found.records(recorder)) {
            // An earlier round may have come so far.
            let address = share_record_address(epoch, found.commitment(), index, &recorder);
            if deployment::read::<ShareRecord>(self.sender.chain(), &address)?.is_none() {
                self.send(format!("prove leaf {index} of epoch {epoch} commitment {commitment}"), vec![record])?;
            }
        }
        let mut instructions = vec![found.accusation(&recorder)];
        instructions.extend(found.closing(recorder));
        self.send(format!("prove two leaves of {} in epoch {epoch} commitment {commitment}", found.did()), instructions)
    }
}
