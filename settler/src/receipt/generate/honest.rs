//! Batches with nothing wrong in them: all roles, hours, kinds of DID and descriptors.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Metadata, Receipt, Rights, Role};
use radio_payouts_protocol::did::did_of_key;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Plan, derive};

/// Length of every honest window in milliseconds.
pub(super) const WINDOW_MS: u64 = 10_000;

/// What all SFUs share.
pub(super) struct World {
    seed: u64,
    tracks: u32,
    receipts: u32,
    contributors: Vec<String>,
}

impl World {
    pub(super) fn new(plan: &Plan) -> Self {
        let contributors = (0..plan.contributors).into_par_iter().map(|number| did(plan.seed, number)).collect();
        Self { seed: plan.seed, tracks: plan.tracks, receipts: plan.receipts, contributors }
    }

    /// Somebody.
    pub(super) fn contributor(&self, number: u64) -> &str {
        let place = usize::try_from(number % self.contributors.len() as u64).unwrap_or_default();
        self.contributors.get(place).map_or("did:web:nobody.example", String::as_str)
    }

    /// The batch that an SFU signs under a number; its link is put on later.
    pub(super) fn batch(&self, sfu: u64, seq: u64, to_ms: u64) -> Batch {
        let mut random = ChaCha8Rng::from_seed(derive(self.seed, &format!("batch {sfu}"), seq));
        let from = to_ms - WINDOW_MS;
        let first = random.random_range(0..self.tracks);
        let mentioned = self.receipts.min(self.tracks);
        let tracks = (0..mentioned).map(|step| self.descriptor(sfu, (first + step) % self.tracks)).collect();
        let receipts = (0..self.receipts)
            .map(|place| {
                let track = (first + place % mentioned.max(1)) % self.tracks;
                self.receipt(&mut random, sfu, track, place / mentioned.max(1), from)
            })
            .collect();
        Batch { from, prev: [0; 32], receipts, seq, sfu: String::new(), to: to_ms, tracks, v: 1 }
    }

    fn receipt(&self, random: &mut ChaCha8Rng, sfu: u64, track: u32, room: u32, from: u64) -> Receipt {
        let recipients = random.random_range(1..=200u32);
        // 24 to 512 kbit/s for each recipient over ten seconds, whole; shared by one to three contributors.
        let bytes = u64::from(recipients) * random.random_range(24..=512u64) * (WINDOW_MS / 8);
        let others = random.random_range(0..3u64);
        let part = bytes / (others + 1);
        let mut contributors = vec![Contribution {
            bytes_out: bytes - part * others,
            did: self.uploader(sfu, track).to_owned(),
            role: random.random_bool(0.5).then_some(Role::Uploader),
        }];
        for _ in 0..others {
            let did = self.contributor(random.random()).to_owned();
            contributors.push(Contribution { bytes_out: part, did, role: Role::ALL.choose(random).copied() });
        }
        Receipt {
            acks: None,
            contributors,
            recipients,
            room_id: format!("room_{}_{room}", track / 8),
            timestamp: from + random.random_range(1..=WINDOW_MS),
            track_id: track_id(track),
        }
    }

    fn uploader(&self, sfu: u64, track: u32) -> &str {
        self.contributor(sfu * u64::from(self.tracks) + u64::from(track))
    }

    fn descriptor(&self, sfu: u64, track: u32) -> Descriptor {
        let present = |field: u32| (track + field).is_multiple_of(3) || track.is_multiple_of(2);
        let text = |field: u32, name: &str| present(field).then(|| format!("{name} {track} “é”"));
        let metadata = Metadata {
            album: text(0, "Album"),
            artist: text(1, "Artist"),
            artwork: text(2, "https://radio.example/cover"),
            duration_ms: present(3).then(|| 120_000 + u64::from(track)),
            genre: text(4, "Genre"),
            isrc: text(5, "ISRC"),
            license: text(6, "CC-BY-4.0"),
            title: text(7, "Title"),
        };
        Descriptor {
            metadata: (!track.is_multiple_of(5)).then_some(metadata),
            rights: if track.is_multiple_of(4) { Rights::Cc } else { Rights::Original },
            track_id: track_id(track),
            uploader: self.uploader(sfu, track).to_owned(),
        }
    }
}

fn track_id(track: u32) -> String {
    format!("track_{track}")
}

/// Five in eight are did:key, the rest DIDs that are paid through an address or a binding.
fn did(seed: u64, number: u32) -> String {
    let secret = derive(seed, "contributor", u64::from(number));
    match number % 8 {
        5 => format!("did:mycelia:listener-{number}"),
        6 => format!("did:web:artist{number}.example"),
        7 => format!(
            "did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:{}",
            bs58::encode(SigningKey::from_bytes(&secret).verifying_key().as_bytes()).into_string()
        ),
        _ => did_of_key(SigningKey::from_bytes(&secret).verifying_key().as_bytes()),
    }
}
