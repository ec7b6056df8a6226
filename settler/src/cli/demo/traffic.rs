//! The demo's generated epochs: an SFU's batches, always the same ones, with faults of every kind mixed in.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Metadata, Receipt, Rights, Role};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::{Hash, sha256};

use crate::outcome::{Failure, Outcome};

/// Contributors of the generated epochs.
const PEOPLE: u8 = 9;

/// An SFU that signs.
pub struct Traffic {
    key: SigningKey,
    domain: Domain,
    seq: u64,
    prev: Hash,
}

/// The batches of an epoch.
pub struct Generated {
    /// Envelopes in the order in which they are sent.
    pub envelopes: Vec<Vec<u8>>,
    /// A good batch that comes only after its epoch was sealed.
    pub late: Option<Vec<u8>>,
}

impl Traffic {
    /// An SFU that has signed nothing yet.
    #[must_use]
    pub fn new(key: SigningKey, domain: Domain) -> Self {
        Self { key, domain, seq: 0, prev: [0; 32] }
    }

    /// Twelve batches from `start_ms` on. With `hold_back` the fifth is late; with `faults` some receipts are wrong, and
    /// after the batches come inputs that no receiver may take.
    ///
    /// # Errors
    /// Never for the data that is built in.
    pub fn epoch(&mut self, start_ms: u64, hold_back: bool, faults: bool) -> Outcome<Generated> {
        let (mut envelopes, mut late) = (Vec::new(), None);
        for tick in 1..=12u64 {
            let to = start_ms + tick * 20_000;
            let receipts = receipts(self.seq + 1, to, faults && tick == 3);
            let envelope = self.sign(to, receipts)?;
            if hold_back && tick == 5 { late = Some(envelope) } else { envelopes.push(envelope) }
        }
        if faults {
            envelopes.extend(self.unacceptable(&envelopes)?);
        }
        Ok(Generated { envelopes, late })
    }

    /// A second batch under the number of the last one: equivocation, which stops the SFU there.
    ///
    /// # Errors
    /// Never for the data that is built in.
    pub fn equivocate(&mut self, to: u64) -> Outcome<Vec<u8>> {
        self.seq -= 1;
        self.sign(to, receipts(99, to, false))
    }

    fn sign(&mut self, to: u64, receipts: Vec<Receipt>) -> Outcome<Vec<u8>> {
        self.seq += 1;
        let mut tracks: Vec<Descriptor> = Vec::new();
        for receipt in &receipts {
            if tracks.iter().all(|known| known.track_id != receipt.track_id) {
                tracks.push(descriptor(&receipt.track_id));
            }
        }
        let sfu = did_of_key(&self.key.verifying_key().to_bytes());
        let batch = Batch { from: to - 10_000, prev: self.prev, receipts, seq: self.seq, sfu, to, tracks, v: 1 };
        self.prev = batch.hash();
        Ok(batch.sign(&self.key, &self.domain).map_err(Failure::usage)?.to_bytes())
    }

    /// What the wire, a bug or a forger makes of good batches, and a good one from nobody.
    fn unacceptable(&self, good: &[Vec<u8>]) -> Outcome<Vec<Vec<u8>>> {
        let text =
            |at: usize| good.get(at).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        let mut stranger = Self::new(SigningKey::from_bytes(&sha256(&[b"a stranger"])), self.domain);
        let to = good.len() as u64 * 20_000 + 1_760_000_000_000;
        let half = text(0).len() / 2;
        Ok(vec![
            good.first().cloned().unwrap_or_default(),
            text(0).into_bytes().into_iter().take(half).collect(),
            text(1).replacen("\"recipients\":", "\"recipients\": ", 1).into_bytes(),
            text(1).replacen("\"bytesOut\":", "\"bytesOut\":9", 1).into_bytes(),
            text(2).replacen("\"v\":1", "\"v\":2", 1).into_bytes(),
            text(2).replacen("\"v\":1", "\"v\":1,\"bonus\":1", 1).into_bytes(),
            text(3).replacen("\"from\":", "\"from\":1e", 1).into_bytes(),
            "[".repeat(10_000).into_bytes(),
            b"\xff\xfe\xfd".to_vec(),
            stranger.sign(to, receipts(1, to, false))?,
        ])
    }
}

/// A contributor's DID; one of them has no payee of its own.
fn person(number: u8) -> String {
    if number == 4 {
        return "did:mycelia:zora".to_owned();
    }
    did_of_key(&SigningKey::from_bytes(&sha256(&[b"radio-payouts/demo", &[number]])).verifying_key().to_bytes())
}

fn receipts(turn: u64, to: u64, faults: bool) -> Vec<Receipt> {
    let mut receipts: Vec<Receipt> = ["nocturne", "tide"]
        .iter()
        .zip(0u64..)
        .map(|(track, lane)| {
            let contributors = (0..4u8)
                .map(|place| {
                    let turn_and_place = turn.wrapping_mul(5) + lane * 3 + u64::from(place);
                    let who = u8::try_from(turn_and_place % u64::from(PEOPLE)).unwrap_or_default();
                    let role = Role::ALL.get(usize::from(place)).copied();
                    Contribution { bytes_out: 700_000 + turn_and_place * 1_013, did: person(who), role }
                })
                .collect();
            receipt(track, to - 3_000, contributors)
        })
        .collect();
    if faults {
        let one = |did: &str, bytes_out| vec![Contribution { bytes_out, did: did.to_owned(), role: None }];
        receipts.extend([
            receipt("nocturne", to - 2_000, one(&person(1), 1_000)),
            receipt("ghost", to - 2_000, one("did:nobody", 1_000)),
            receipt("echo", to - 60_000, one(&person(1), 1_000)),
            receipt("silence", to - 2_000, Vec::new()),
            receipt("flood", to - 2_000, one(&person(2), 1 << 40)),
            receipt("covers", to - 2_000, one(&person(3), 1_000)),
        ]);
    }
    receipts
}

fn receipt(track: &str, timestamp: u64, contributors: Vec<Contribution>) -> Receipt {
    let (room_id, track_id) = ("club".to_owned(), track.to_owned());
    Receipt { acks: None, contributors, recipients: 12, room_id, timestamp, track_id }
}

fn descriptor(track: &str) -> Descriptor {
    let rights = if track == "covers" { Rights::Licensed } else { Rights::Original };
    let some = |text: &str| Some(text.to_owned());
    // `tide` is rich in metadata, the others are not.
    let metadata = (track == "tide").then(|| Metadata {
        title: some("Tide"),
        artist: some("Zora"),
        album: some("Littoral"),
        genre: some("ambient"),
        license: some("CC-BY-4.0"),
        duration_ms: Some(312_000),
        ..Metadata::default()
    });
    Descriptor { metadata, rights, track_id: track.to_owned(), uploader: person(0) }
}
