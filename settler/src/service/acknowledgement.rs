//! Signed acknowledgements: with one, an SFU can prove to anybody that a batch was received, and when.
//!
//! The message ([`acknowledgement_message`]) names the deployment's domain, the SFU, the batch's number and hash, and the time;
//! its prefix keeps it apart from everything else that is signed. A receiver signs only for what is on its disk. The same batch
//! sent again gets the same acknowledgement, byte for byte: the time is that of the first reception.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::did::{Did, did_of_key};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::message::acknowledgement_message;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a receiver says and signs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// The deployment's domain.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub domain: Hash,
    /// The SFU's DID.
    pub sfu: String,
    /// Number of the batch.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub seq: u64,
    /// SHA-256 of the canonical bytes of the batch.
    #[serde(with = "radio_payouts_protocol::json::hex32")]
    #[schemars(with = "String")]
    pub batch_hash: Hash,
    /// When it was received first, in Unix milliseconds of the receiver's clock.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub received_at_ms: u64,
    /// The receiver's did:key.
    pub receiver: String,
    /// Ed25519 over `"radio/ack/v1" || domain || sfu_key || seq || batch_hash || received_at_ms`, as hex.
    pub signature: String,
}

/// Signs for one deployment.
pub struct Acknowledger {
    key: SigningKey,
    receiver: String,
}

impl Acknowledger {
    /// A receiver with this key.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        let receiver = did_of_key(&key.verifying_key().to_bytes());
        Self { key, receiver }
    }

    /// The receiver's did:key.
    #[must_use]
    pub fn receiver(&self) -> &str {
        &self.receiver
    }

    /// Signs for a batch that is held.
    #[must_use]
    pub fn acknowledge(&self, domain: &Domain, batch: &BatchHeader, received_at_ms: u64) -> Acknowledgement {
        let message = acknowledgement_message(domain, &batch.sfu_key, batch.seq, &batch.hash, received_at_ms);
        Acknowledgement {
            domain: *domain.as_bytes(),
            sfu: did_of_key(&batch.sfu_key),
            seq: batch.seq,
            batch_hash: batch.hash,
            received_at_ms,
            receiver: self.receiver.clone(),
            signature: hex::encode(self.key.sign(&message).to_bytes()),
        }
    }
}

impl Acknowledgement {
    /// Checks that the receiver it names signed it. That the receiver is the expected one is for the caller to compare.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self) -> anyhow::Result<()> {
        let key_of = |did: &str| {
            let key = Did::parse(did).ok().and_then(|did| did.ed25519_key());
            key.ok_or_else(|| anyhow::anyhow!("{did} is no did:key with an Ed25519 key"))
        };
        let (sfu, receiver) = (key_of(&self.sfu)?, key_of(&self.receiver)?);
        let mut signature = [0; 64];
        hex::decode_to_slice(&self.signature, &mut signature)?;
        let domain = Domain::from_bytes(self.domain);
        let message = acknowledgement_message(&domain, &sfu, self.seq, &self.batch_hash, self.received_at_ms);
        VerifyingKey::from_bytes(&receiver)?
            .verify_strict(&message, &Signature::from_bytes(&signature))
            .map_err(|_| anyhow::anyhow!("the signature is not that of {}", self.receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_holds_and_every_change_breaks_it() {
        let acknowledger = Acknowledger::new(SigningKey::from_bytes(&[3; 32]));
        let sfu_key = SigningKey::from_bytes(&[4; 32]).verifying_key().to_bytes();
        let batch = BatchHeader { sfu_key, seq: 7, hash: [5; 32], prev: [6; 32], from_ms: 1, to_ms: 2 };
        let good = acknowledger.acknowledge(&Domain::from_bytes([1; 32]), &batch, 1_000);
        good.verify().unwrap();
        assert_eq!(good, acknowledger.acknowledge(&Domain::from_bytes([1; 32]), &batch, 1_000), "deterministic");
        let other = Acknowledger::new(SigningKey::from_bytes(&[9; 32]));
        let changes: [fn(&mut Acknowledgement, &str); 6] = [
            |it, _| it.domain = [2; 32],
            |it, other| it.sfu = other.to_owned(),
            |it, _| it.seq = 8,
            |it, _| it.batch_hash = [6; 32],
            |it, _| it.received_at_ms = 999,
            |it, other| it.receiver = other.to_owned(),
        ];
        for change in changes {
            let mut changed = good.clone();
            change(&mut changed, other.receiver());
            assert!(changed.verify().is_err(), "{changed:?}");
        }
    }
}
