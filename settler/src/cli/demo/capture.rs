//! The demo's first epoch: a capture of a real Janus SFU, as its events came.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::bare::{BareReceipt, Closed, Position, Wrapper};
use radio_payouts_protocol::batch::Receipt;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;

use super::MAX_KBPS;
use crate::outcome::{Failure, Outcome};
use crate::receipt::janus::{Janus, Report};

const EVENTS: &str = include_str!("../../../../tests/data/janus/events.jsonl");

/// What the capture comes to.
pub struct Capture {
    /// Its receipts, in order.
    pub receipts: Vec<Receipt>,
    /// What the reader says of it.
    pub report: Report,
}

impl Capture {
    /// Reads the events.
    ///
    /// # Errors
    /// Never for the capture that is built in.
    pub fn read() -> Outcome<Self> {
        let mut janus = Janus::default();
        let mut receipts = Vec::new();
        for event in EVENTS.lines() {
            receipts.extend(janus.push(event.as_bytes()).map_err(Failure::usage)?);
        }
        let (rest, report) = janus.finish();
        receipts.extend(rest);
        receipts.sort_by_key(|receipt| receipt.timestamp);
        Ok(Self { receipts, report })
    }

    /// Unix seconds at which an epoch can begin so that the whole capture is in it.
    #[must_use]
    pub fn genesis_unix(&self) -> i64 {
        let first = self.receipts.first().map_or(0, |receipt| receipt.timestamp);
        // Windows end on tens of seconds, and the one of the first receipt must end after the epoch's start.
        i64::try_from(first.saturating_sub(1) / 10_000 * 10).unwrap_or_default()
    }

    /// The batches that the SFU would have sent, one per ten seconds.
    ///
    /// # Errors
    /// If a receipt breaks a limit; those of the capture do not.
    pub fn sign(self, key: &SigningKey, domain: &Domain) -> Outcome<Vec<Vec<u8>>> {
        let sfu = did_of_key(&key.verifying_key().to_bytes());
        let start = Position { next_seq: 1, prev: [0; 32], closed_to_ms: 0 };
        let mut wrapper = Wrapper::new(sfu, start, MAX_KBPS);
        let mut envelopes = Vec::new();
        let mut take = |closed: Option<Closed>| -> Outcome {
            if let Some(batch) = closed.and_then(|closed| closed.batch) {
                envelopes.push(batch.sign(key, domain).map_err(Failure::usage)?.to_bytes());
            }
            Ok(())
        };
        for receipt in self.receipts {
            let Receipt { acks, contributors, recipients, room_id, timestamp, track_id } = receipt;
            let recipients = Some(recipients);
            take(wrapper.push(BareReceipt { room_id, track_id, timestamp, contributors, recipients, acks })?)?;
        }
        take(wrapper.finish())?;
        Ok(envelopes)
    }
}
