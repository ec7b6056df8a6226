//! Two batches that one SFU signed under one number.

use anyhow::Context as _;
use radio_payouts_client::evidence::SignedMessage;
use radio_payouts_client::instruction;
use radio_payouts_protocol::batch::{Answer, BatchHeader, Envelope};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::message::batch_message;
use solana_instruction::Instruction;

use crate::artefact::sfu_name;
use crate::store::Store;

/// An equivocation with both signatures checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Equivocation {
    /// The two batches.
    pub batches: [BatchHeader; 2],
    signed: [SignedMessage; 2],
}

impl Equivocation {
    /// Of two envelopes as they were received.
    ///
    /// # Errors
    /// Why they prove nothing.
    pub fn of(envelopes: [&[u8]; 2], domain: &Domain) -> anyhow::Result<Self> {
        let [first, second] = envelopes.map(|envelope| signed(envelope, domain));
        let (first, second) = (first.context("the first batch")?, second.context("the second batch")?);
        let (one, other) = (first.0, second.0);
        anyhow::ensure!(
            one.sfu_key == other.sfu_key,
            "two SFUs signed: {} and {}",
            sfu_name(&one.sfu_key),
            sfu_name(&other.sfu_key)
        );
        anyhow::ensure!(one.seq == other.seq, "the batches have two numbers, {} and {}", one.seq, other.seq);
        anyhow::ensure!(
            (one.hash, one.to_ms) != (other.hash, other.to_ms),
            "both are the same batch, seq {} with hash {}: that is no equivocation",
            one.seq,
            hex::encode(one.hash)
        );
        Ok(Self { batches: [one, other], signed: [first.1, second.1] })
    }

    /// The one with the least number that is held of an SFU; `None` if it never signed twice as far as is known.
    ///
    /// # Errors
    /// If the store fails, or what it holds is damaged.
    pub fn held(store: &Store, key: &[u8; 32], domain: &Domain) -> anyhow::Result<Option<Self>> {
        let Some(seq) = store.index().equivocations(key, u64::MAX)?.first().copied() else { return Ok(None) };
        let mut found = store.index().between(key, seq, seq)?;
        found.dedup_by_key(|located| located.header.hash);
        let [first, second] = &found[..] else {
            anyhow::bail!("seq {seq} of SFU {}: {} batches are held, not two", sfu_name(key), found.len());
        };
        let (first, second) = (store.envelope(first)?, store.envelope(second)?);
        Self::of([&first, &second], domain).map(Some)
    }

    /// The SFU's key.
    #[must_use]
    pub const fn sfu_key(&self) -> &[u8; 32] {
        &self.batches[0].sfu_key
    }

    /// The number.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.batches[0].seq
    }

    /// What to send: the precompile's instruction, and just after it the program's.
    #[must_use]
    pub fn instructions(&self) -> Vec<Instruction> {
        let key = self.sfu_key();
        vec![instruction::check_signatures(key, &self.signed), instruction::prove_equivocation(key)]
    }

    /// What it is for, for the journal.
    #[must_use]
    pub fn purpose(&self) -> String {
        format!("prove equivocation of SFU {} at seq {}", sfu_name(self.sfu_key()), self.seq())
    }
}

fn signed(envelope: &[u8], domain: &Domain) -> anyhow::Result<(BatchHeader, SignedMessage)> {
    let refused = |answer: Answer| anyhow::anyhow!("{}: {}", answer.as_str(), answer.explanation());
    let verified = Envelope::parse(envelope).map_err(refused)?.verify(domain).map_err(refused)?;
    let header = verified.header();
    let BatchHeader { sfu_key, seq, hash, to_ms, .. } = header;
    Ok((header, (verified.envelope().sig, batch_message(domain, &sfu_key, seq, to_ms, &hash))))
}
