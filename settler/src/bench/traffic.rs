//! Signed batches of an epoch of a given size, made quickly and reproducibly.
//!
//! Every SFU relays the same number of rooms, and sends one batch a tick of ten seconds with one receipt a room. In a room somebody
//! uploads, in every fourth a second one helps; each stays for a while and is followed by somebody who was not there before. One receipt of
//! a thousand claims more bytes than its recipients can have received.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Metadata, Receipt, Rights, Role};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::{Hash, ZERO_HASH, sha256};
use radio_payouts_protocol::registry::{MAX_SFU_BYTES_PER_EPOCH, NEVER, Sfu};
use rayon::prelude::*;

use crate::artefact::terms::Deployment;

/// Start of epoch 0, in Unix seconds: a midnight.
const GENESIS: i64 = 1_760_054_400;
const DAY: u32 = 86_400;
const TICK_MS: u64 = 10_000;
/// Receipts of a batch, about.
const RECEIPTS_A_BATCH: u64 = 720;
/// Rooms that hear the same track.
const ROOMS_A_TRACK: u64 = 8;

/// How large an epoch is.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// SFUs.
    pub sfus: u32,
    /// Rooms of an SFU: receipts of a batch.
    pub rooms: u64,
    /// Ticks.
    ticks: u64,
    /// Ticks that a contributor stays.
    stay: u64,
}

impl Traffic {
    /// An epoch of about so many receipts and contributors, rather more than fewer, from so many SFUs.
    #[must_use]
    pub fn new(receipts: u64, contributors: u64, sfus: u32) -> Self {
        let sfus = sfus.max(1);
        let of_sfu = receipts.div_ceil(u64::from(sfus)).max(1);
        let ticks = (of_sfu / RECEIPTS_A_BATCH).clamp(1, u64::from(DAY) * 1_000 / TICK_MS);
        let rooms = of_sfu.div_ceil(ticks);
        let places = u64::from(sfus) * (rooms + rooms / 4);
        let follow = (contributors / places.max(1)).clamp(1, ticks);
        Self { sfus, rooms, ticks, stay: (ticks / follow).max(1) }
    }

    /// The deployment that the batches are signed for.
    #[must_use]
    pub fn deployment(&self) -> Deployment {
        let (genesis_hash, program_id) = ([7; 32], radio_payouts_client::PROGRAM_ID.to_bytes());
        let domain = Domain::derive(&genesis_hash, &program_id);
        Deployment { domain: *domain.as_bytes(), genesis_hash, program_id, genesis_unix: GENESIS, epoch_seconds: DAY }
    }

    /// The domain that the batches are signed for.
    #[must_use]
    pub fn domain(&self) -> Domain {
        Domain::from_bytes(self.deployment().domain)
    }

    /// The SFUs, by key.
    #[must_use]
    pub fn registry(&self) -> Vec<Sfu> {
        let sfu = |number| Sfu {
            key: signing_key(number).verifying_key().to_bytes(),
            demo: false,
            valid_from: 0,
            valid_until: NEVER,
            max_bytes_per_epoch: MAX_SFU_BYTES_PER_EPOCH,
            stop_seq: NEVER,
        };
        let mut sfus: Vec<Sfu> = (0..self.sfus).map(sfu).collect();
        sfus.sort_unstable_by_key(|sfu| sfu.key);
        sfus
    }

    /// Begins with the first tick.
    #[must_use]
    pub fn start(&self) -> Maker {
        let reference = radio_payouts_protocol::did::cluster_reference(&self.deployment().genesis_hash);
        let sfus = (0..self.sfus).map(|number| Signing::new(number, self)).collect();
        Maker { traffic: *self, domain: self.domain(), reference, sfus, tick: 0 }
    }
}

fn signing_key(number: u32) -> SigningKey {
    SigningKey::from_bytes(&sha256(&[b"bench/sfu", &number.to_le_bytes()]))
}

/// Makes batches, tick after tick.
pub struct Maker {
    traffic: Traffic,
    domain: Domain,
    reference: String,
    sfus: Vec<Signing>,
    tick: u64,
}

impl Maker {
    /// Envelopes of about so many receipts; none when the epoch is over.
    ///
    /// # Errors
    /// Never for traffic of ours.
    pub fn some(&mut self, receipts: u64) -> anyhow::Result<Vec<Vec<u8>>> {
        let Traffic { rooms, ticks, sfus, .. } = self.traffic;
        let count = (receipts / (rooms * u64::from(sfus))).max(1).min(ticks - self.tick);
        let (first, domain, reference) = (self.tick, &self.domain, &self.reference);
        let by_sfu: Vec<Vec<Vec<u8>>> = self
            .sfus
            .par_iter_mut()
            .map(|sfu| (first..first + count).map(|tick| sfu.tick(tick, domain, reference)).collect())
            .collect::<anyhow::Result<_>>()?;
        self.tick += count;
        // As they arrive: tick after tick.
        let mut by_sfu: Vec<_> = by_sfu.into_iter().map(Vec::into_iter).collect();
        Ok((0..count).flat_map(|_| by_sfu.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>()).collect())
    }
}

/// An SFU and how far it is.
struct Signing {
    number: u32,
    key: SigningKey,
    did: String,
    traffic: Traffic,
    seq: u64,
    prev: Hash,
    /// Who is in which place: rooms, then every fourth room's second.
    present: Vec<(u64, String)>,
}

impl Signing {
    fn new(number: u32, traffic: &Traffic) -> Self {
        let key = signing_key(number);
        let did = did_of_key(&key.verifying_key().to_bytes());
        let places = usize::try_from(traffic.rooms + traffic.rooms / 4).unwrap_or_default();
        let present = vec![(u64::MAX, String::new()); places];
        Self { number, key, did, traffic: *traffic, seq: 0, prev: ZERO_HASH, present }
    }

    fn tick(&mut self, tick: u64, domain: &Domain, reference: &str) -> anyhow::Result<Vec<u8>> {
        let from = GENESIS.unsigned_abs() * 1_000 + tick * TICK_MS;
        let (rooms, places) = (self.traffic.rooms, self.present.len() as u64);
        for place in 0..places {
            // Not all change at once.
            let turn = (tick + place % self.traffic.stay) / self.traffic.stay;
            if let Some(present) = self.present.get_mut(usize::try_from(place)?).filter(|(since, _)| *since != turn) {
                *present = (turn, did(self.number, place, turn, reference));
            }
        }
        let somebody = |place: u64| self.present.get(place as usize).map(|(_, did)| did.clone()).unwrap_or_default();
        let track = |room: u64| format!("track-{:05}-{}", room / ROOMS_A_TRACK, tick / 24);
        let receipts = (0..rooms)
            .map(|room| {
                let mix = (room * 31 + tick * 17 + u64::from(self.number)) % 1_000;
                let recipients = 1 + u32::try_from(mix % 7).unwrap_or_default();
                let bytes = u64::from(recipients) * (160_000 + mix * 240);
                let bytes = if mix == 999 { bytes * 1_000 } else { bytes };
                let mut contributors = vec![Contribution { bytes_out: bytes, did: somebody(room), role: None }];
                if room % 4 == 3 && room / 4 < places - rooms {
                    let did = somebody(rooms + room / 4);
                    contributors.push(Contribution { bytes_out: bytes / 3, did, role: Some(Role::Seeder) });
                }
                Receipt {
                    acks: None,
                    contributors,
                    recipients,
                    room_id: format!("room-{}-{room:05}", self.number),
                    timestamp: from + 1 + mix * 9,
                    track_id: track(room),
                }
            })
            .collect();
        let text = |what: &str, number: u64| Some(format!("{what} {number}"));
        let tracks = (0..rooms.div_ceil(ROOMS_A_TRACK))
            .map(|number| Descriptor {
                metadata: Some(Metadata {
                    album: text("Album", number),
                    artist: text("Artist", number % 97),
                    artwork: None,
                    genre: text("Genre", number % 13),
                    isrc: None,
                    license: (number % 3 == 0).then(|| "CC-BY-4.0".to_owned()),
                    title: text("Title", number),
                    duration_ms: Some(180_000 + number),
                }),
                rights: Rights::Original,
                track_id: track(number * ROOMS_A_TRACK),
                uploader: self.did.clone(),
            })
            .collect();
        self.seq += 1;
        let batch = Batch {
            from,
            prev: self.prev,
            receipts,
            seq: self.seq,
            sfu: self.did.clone(),
            to: from + TICK_MS,
            tracks,
            v: 1,
        };
        self.prev = batch.hash();
        Ok(batch.sign(&self.key, domain).map_err(anyhow::Error::msg)?.to_bytes())
    }
}

/// Three of four have a did:key, of which half are points of the curve; the others an address of the cluster.
fn did(sfu: u32, place: u64, turn: u64, reference: &str) -> String {
    let key = sha256(&[&sfu.to_le_bytes(), &place.to_le_bytes(), &turn.to_le_bytes()]);
    if place.is_multiple_of(4) {
        format!("did:pkh:solana:{reference}:{}", bs58::encode(key).into_string())
    } else {
        did_of_key(&key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use radio_payouts_protocol::batch::Envelope;

    use super::*;

    #[test]
    fn the_epoch_has_about_the_size_that_was_asked_for_and_every_batch_is_good() {
        let traffic = Traffic::new(40_000, 4_000, 1);
        let registry = traffic.registry();
        let (mut receipts, mut dids) = (0, HashSet::new());
        let mut maker = traffic.start();
        loop {
            let some = maker.some(5_000).unwrap();
            if some.is_empty() {
                break;
            }
            for envelope in some {
                let verified = Envelope::parse(&envelope).and_then(|it| it.verify(&traffic.domain())).unwrap();
                assert!(registry.iter().any(|sfu| sfu.key == verified.header().sfu_key));
                let batch = verified.into_batch();
                receipts += batch.receipts.len();
                dids.extend(batch.receipts.into_iter().flat_map(|it| it.contributors).map(|it| it.did));
            }
        }
        assert!((40_000..42_000).contains(&receipts), "{receipts}");
        assert!((3_500..5_500).contains(&dids.len()), "{}", dids.len());
    }
}
