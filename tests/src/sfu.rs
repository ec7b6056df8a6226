//! An SFU that signs batches, in the manner of the radio's own.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;

/// Most contributors of a receipt.
const CONTRIBUTORS: usize = 64;

/// A key, and where its chain of batches stands.
#[derive(Clone)]
pub struct Sfu {
    key: SigningKey,
    domain: Domain,
    seq: u64,
    prev: Hash,
}

impl Sfu {
    /// An SFU that has signed nothing yet.
    #[must_use]
    pub const fn new(key: SigningKey, domain: Domain) -> Self {
        Self { key, domain, seq: 0, prev: [0; 32] }
    }

    /// Its DID.
    #[must_use]
    pub fn did(&self) -> String {
        did_of_key(&self.key.verifying_key().to_bytes())
    }

    /// Signs the next batch: in the ten seconds before `to` (Unix milliseconds) these DIDs delivered these bytes, to one
    /// recipient, as many to a receipt as it takes, each receipt of a track of its own. Returns the envelope.
    ///
    /// # Panics
    /// If that is beyond the limits of a batch.
    pub fn tick(&mut self, to: u64, shares: &[(String, u64)]) -> Vec<u8> {
        self.seq += 1;
        let receipts: Vec<Receipt> = (0..)
            .zip(shares.chunks(CONTRIBUTORS))
            .map(|(track, shares): (u32, _)| Receipt {
                acks: None,
                contributors: shares
                    .iter()
                    .map(|(did, bytes_out)| Contribution { bytes_out: *bytes_out, did: did.clone(), role: None })
                    .collect(),
                recipients: 1,
                room_id: "room".into(),
                timestamp: to - 5_000,
                track_id: format!("track-{track:04}"),
            })
            .collect();
        let descriptor = |receipt: &Receipt| Descriptor {
            metadata: None,
            rights: Rights::Original,
            track_id: receipt.track_id.clone(),
            uploader: shares[0].0.clone(),
        };
        let tracks = receipts.iter().map(descriptor).collect();
        let (prev, seq, sfu) = (self.prev, self.seq, self.did());
        let batch = Batch { from: to - 10_000, prev, receipts, seq, sfu, to, tracks, v: 1 };
        self.prev = batch.hash();
        batch.sign(&self.key, &self.domain).expect("a batch within the limits").to_bytes()
    }
}
