//! Random epochs in which everything goes wrong, made from a seed.
//!
//! SFUs leave gaps and fill them later or too late, sign twice under one number, lose their chain, send windows of wrong length
//! or that overlap, are registered late or for a while only, run out of capacity. Receipts have every fault. Epochs
//! are skipped.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

#[cfg(feature = "datafusion")]
use radio_payouts_engine::DataFusion;
use radio_payouts_engine::rows::Source;
use radio_payouts_engine::{EngineError, Rows, engine::Engine, settle};
use radio_payouts_protocol::batch::{
    Batch, BatchHeader, BatchVerdict, Contribution, Descriptor, Metadata, Receipt, Rights, Role,
};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::{Hash, ZERO_HASH, sha256};
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::{MAX_SFU_BYTES_PER_EPOCH, NEVER, Sfu};
use radio_payouts_protocol::settlement::{self, Parent, Setting, Settlement};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const GENESIS: i64 = 1_760_000_000;
const DAY: u32 = 86_400;

/// One SFU and how far it is.
struct Signing {
    terms: Sfu,
    did: String,
    seq: u64,
    prev: Hash,
    /// Batches that come later: in which epoch.
    kept_back: Vec<(u64, Batch)>,
}

/// A deployment over time.
pub struct World {
    random: ChaCha8Rng,
    pub folder: tempfile::TempDir,
    pub rows: Rows,
    sfus: Vec<Signing>,
    params: Params,
    mode: Mode,
    pub epoch: u64,
    pub parent: Option<Parent>,
    pub held: Vec<BatchHeader>,
    pub batches: HashMap<Hash, Batch>,
    dids: Vec<String>,
}

/// What occurred over all epochs.
#[derive(Default, Debug)]
pub struct Seen {
    pub epochs: u64,
    pub batches: BTreeMap<&'static str, u64>,
    pub receipts: BTreeMap<&'static str, u64>,
    pub carried: u64,
    pub stops: u64,
    pub cells: u64,
}

impl Seen {
    /// Settles generated epochs, ten of a world, until there are so many: each must be the oracle's in every field.
    /// RADIO_PAYOUTS_ENGINE_EPOCHS asks for another number than `epochs`.
    pub fn settled(epochs: u64, settle: impl Fn(&World) -> Result<Settlement, EngineError>) -> Self {
        let wanted = std::env::var("RADIO_PAYOUTS_ENGINE_EPOCHS").map_or(epochs, |count| count.parse().unwrap());
        let (mut seen, begun) = (Self::default(), std::time::Instant::now());
        for seed in 0.. {
            let mut world = World::new(seed);
            for _ in 0..10 {
                let sources = world.receive();
                world.make_rows(&sources);
                let expected = world.pure();
                let found = settle(&world).unwrap();
                let (epoch, cells) = (world.epoch, &expected.cells);
                assert!(found == expected, "seed {seed}, epoch {epoch}: {:?}\n{cells:?}", found.cells);
                seen.add(&expected);
                world.go_on(&expected);
            }
            eprintln!("{} epochs are equal, {:?}", seen.epochs, begun.elapsed());
            if seen.epochs >= wanted {
                break;
            }
        }
        eprintln!("{seen:?}");
        seen
    }

    fn add(&mut self, settlement: &Settlement) {
        self.epochs += 1;
        for seal in &settlement.seals {
            self.carried += seal.carried.as_slice().iter().map(|(first, last)| last - first + 1).sum::<u64>();
            self.stops += u64::from(seal.stop != NEVER);
            for judged in &seal.judged {
                *self.batches.entry(judged.verdict.map_or("accepted", BatchVerdict::as_str)).or_default() += 1;
            }
        }
        for verdict in settlement.batches.iter().flat_map(|batch| &batch.receipts.verdicts) {
            *self.receipts.entry(verdict.map_or("accepted", |verdict| verdict.as_str())).or_default() += 1;
        }
        self.cells += settlement.cells.cells.len() as u64;
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let calendar = Calendar::new(GENESIS, DAY).unwrap();
        let shards = [1, 3, 8][random.random_range(0..3)];
        // A folder with letters that mean something to globs and to partitions.
        let rows = Rows::new(&folder.path().join("rows [1] hour=*"), calendar, shards);
        let sfus = (0..random.random_range(3..7u8)).map(|number| Signing::new(&mut random, number)).collect();
        let params = Params {
            pay_licensed: random.random_bool(0.5),
            min_kbps_per_recipient: random.random_range(1..200),
            max_kbps_per_recipient: random.random_range(200..20_000),
            role_relay_bps: random.random_range(0..=10_000),
            active_min_bytes: random.random_range(1..1 << 24),
            min_payout: random.random_range(1..1 << 30),
            ..Params::demo()
        };
        params.check().unwrap();
        let mode = if random.random_bool(0.5) { Mode::Live } else { Mode::Demo };
        let mut dids: Vec<String> = (0..random.random_range(1..40u64)).map(|number| did(seed, number)).collect();
        dids.push("did:mycelia:somebody".into());
        let epoch = random.random_range(0..3);
        Self {
            random,
            folder,
            rows,
            sfus,
            params,
            mode,
            epoch,
            parent: None,
            held: Vec::new(),
            batches: HashMap::new(),
            dids,
        }
    }

    /// An epoch with one honest SFU and so many contributors, its rows made.
    #[cfg(feature = "datafusion")]
    pub fn crowd(contributors: u64) -> Self {
        let mut world = Self::new(0);
        world.rows = Rows::new(&world.folder.path().join("one shard"), world.rows.calendar(), 1);
        let key = [9; 32];
        let terms = Sfu {
            key,
            demo: false,
            valid_from: 0,
            valid_until: NEVER,
            max_bytes_per_epoch: MAX_SFU_BYTES_PER_EPOCH,
            stop_seq: NEVER,
        };
        let mut sfu = Signing { terms, did: did_of_key(&key), seq: 0, prev: ZERO_HASH, kept_back: Vec::new() };
        world.epoch = 0;
        let mut batches = Vec::new();
        for first in (0..contributors).step_by(50 * 200) {
            let from = u64::try_from(GENESIS).unwrap() * 1_000 + first * 100;
            let receipts = (0..200).map(|room| {
                let one =
                    |number| Contribution { bytes_out: number + 1, did: format!("did:mycelia:{number}"), role: None };
                Receipt {
                    acks: None,
                    contributors: (first + room * 50..first + room * 50 + 50).map(one).collect(),
                    recipients: 1_000_000,
                    room_id: room.to_string(),
                    timestamp: from + 1,
                    track_id: "track".into(),
                }
            });
            let track = descriptor(&mut world.random, &world.dids, "track".into());
            let rights = Rights::Original;
            let batch = sfu.chain(receipts.collect(), vec![Descriptor { rights, ..track }], from, from + 10_000);
            batches.push(sfu.held(batch));
        }
        world.sfus = vec![sfu];
        world.held = batches.iter().map(|(header, _)| *header).collect();
        world.batches = batches.iter().map(|(header, batch)| (header.hash, batch.clone())).collect();
        world.rows.add(&[Source { hash: [1; 32], batches }], &|_| {}).unwrap();
        world
    }

    /// What every SFU sends in the time of this epoch, in packs.
    pub fn receive(&mut self) -> Vec<Source> {
        let mut received: Vec<(BatchHeader, Batch)> = Vec::new();
        let (random, dids, epoch) = (&mut self.random, &self.dids, self.epoch);
        let start_ms = u64::try_from(GENESIS).unwrap() * 1_000 + epoch * u64::from(DAY) * 1_000;
        for sfu in &mut self.sfus {
            let (due, later) = std::mem::take(&mut sfu.kept_back).into_iter().partition(|(when, _)| *when <= epoch);
            sfu.kept_back = later;
            let due: Vec<(u64, Batch)> = due;
            received.extend(due.into_iter().map(|(_, batch)| sfu.held(batch)));
            let mut from = start_ms;
            for _ in 0..random.random_range(0..10) {
                from += random.random_range(0..8_000_000);
                let length = match random.random_range(0..20) {
                    0 => 999,
                    1 => 60_001,
                    _ => random.random_range(1_000..=60_000),
                };
                if from + length > start_ms + u64::from(DAY) * 1_000 {
                    break;
                }
                let batch = sfu.sign(random, dids, from, from + length);
                from = if random.random_bool(0.05) { from + length / 2 } else { from + length };
                match random.random_range(0..30) {
                    0 | 1 => sfu.kept_back.push((epoch + 1, batch)),
                    2 => sfu.kept_back.push((epoch + 6, batch)),
                    3 => {
                        // Fills the gap with another batch than the one that its successor names.
                        let other = Batch { receipts: Vec::new(), tracks: Vec::new(), ..batch };
                        sfu.kept_back.push((epoch + 1, other));
                    }
                    4 if random.random_bool(0.1) => {
                        received.push(sfu.held(Batch { receipts: Vec::new(), tracks: Vec::new(), ..batch.clone() }));
                        received.push(sfu.held(batch));
                    }
                    5 if random.random_bool(0.1) => sfu.prev = [7; 32],
                    _ => received.push(sfu.held(batch)),
                }
            }
        }
        let mut sources = Vec::new();
        let mut rest = received.as_slice();
        while !rest.is_empty() {
            let (pack, others) = rest.split_at(random.random_range(1..=rest.len()));
            rest = others;
            let parts: Vec<&[u8]> = pack.iter().map(|(header, _)| &header.hash[..]).collect();
            sources.push(Source { hash: sha256(&parts), batches: pack.to_vec() });
        }
        for (header, batch) in received {
            self.held.push(header);
            self.batches.insert(header.hash, batch);
        }
        sources
    }

    /// Makes rows of sources, in records of some of them each.
    pub fn make_rows(&mut self, sources: &[Source]) {
        let mut rest = sources;
        while !rest.is_empty() {
            let (some, others) = rest.split_at(self.random.random_range(1..=rest.len()));
            assert!(self.rows.add(some, &|_| {}).unwrap());
            assert!(!self.rows.add(some, &|_| {}).unwrap(), "a second time changes nothing");
            rest = others;
        }
    }

    pub fn with_setting<T>(&self, work: impl FnOnce(&Setting<'_>) -> T) -> T {
        let sfus: Vec<Sfu> = self.sfus.iter().map(|sfu| sfu.terms).collect();
        work(&Setting {
            domain: &Domain::from_bytes([3; 32]),
            cluster_reference: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            calendar: self.rows.calendar(),
            epoch: self.epoch,
            parent: self.parent.as_ref(),
            params: &self.params,
            params_version: 1,
            mode_of: &|_| self.mode,
            registry_version: 4,
            sfus: &sfus,
        })
    }

    /// The oracle.
    pub fn pure(&self) -> Settlement {
        let load = |header: &BatchHeader| self.batches.get(&header.hash).cloned().ok_or("missing");
        self.with_setting(|setting| settlement::settle(setting, &self.held, load)).unwrap()
    }

    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    #[cfg(feature = "datafusion")]
    pub fn data_fusion(&self) -> DataFusion {
        DataFusion { memory_bytes: 256 << 20, threads: 2, spill: self.work().join("spill") }
    }

    pub fn settle_with(&self, engine: &dyn Engine) -> Result<Settlement, EngineError> {
        self.settle_rows(&self.rows, engine)
    }

    pub fn settle_rows(&self, rows: &Rows, engine: &dyn Engine) -> Result<Settlement, EngineError> {
        let load = |header: &BatchHeader| self.batches.get(&header.hash).cloned().ok_or("missing");
        self.with_setting(|setting| settle(setting, &self.held, rows, engine, &self.work(), load))
    }

    /// On to the next epoch, or past it.
    pub fn go_on(&mut self, settlement: &Settlement) {
        let judged: BTreeSet<Hash> =
            settlement.seals.iter().flat_map(|seal| &seal.judged).map(|judged| judged.header.hash).collect();
        self.held.retain(|header| !judged.contains(&header.hash));
        self.parent = Some(settlement.to_parent());
        self.epoch += if self.random.random_bool(0.15) { 2 } else { 1 };
    }

    /// A world in its first epoch with cells, its rows made and settled by the oracle.
    pub fn with_cells(seed: u64) -> (Self, Vec<Source>, Settlement) {
        let mut world = Self::new(seed);
        let mut all = Vec::new();
        loop {
            let sources = world.receive();
            world.make_rows(&sources);
            all.extend(sources);
            let settlement = world.pure();
            if settlement.cells.cells.len() > 20 {
                return (world, all, settlement);
            }
            world.go_on(&settlement);
        }
    }
}

impl Signing {
    fn new(random: &mut ChaCha8Rng, number: u8) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        key[0] = number;
        let terms = Sfu {
            key,
            demo: random.random_bool(0.1),
            valid_from: if random.random_bool(0.2) { random.random_range(0..4) } else { 0 },
            valid_until: if random.random_bool(0.2) { random.random_range(4..9) } else { NEVER },
            max_bytes_per_epoch: if random.random_bool(0.3) {
                random.random_range(0..1 << 22)
            } else {
                MAX_SFU_BYTES_PER_EPOCH
            },
            stop_seq: if random.random_bool(0.1) { random.random_range(20..60) } else { NEVER },
        };
        Self { terms, did: did_of_key(&key), seq: 0, prev: ZERO_HASH, kept_back: Vec::new() }
    }

    fn held(&self, batch: Batch) -> (BatchHeader, Batch) {
        let (hash, sfu_key) = (batch.hash(), self.terms.key);
        (BatchHeader { sfu_key, seq: batch.seq, hash, prev: batch.prev, from_ms: batch.from, to_ms: batch.to }, batch)
    }

    fn sign(&mut self, random: &mut ChaCha8Rng, dids: &[String], from: u64, to: u64) -> Batch {
        let names = ["first", "second", "Größe", "did:with:colons", "x"];
        let receipts: Vec<Receipt> = (0..random.random_range(0..9))
            .map(|_| {
                let track = names[random.random_range(0..names.len())];
                receipt(random, dids, track, from, to)
            })
            .collect();
        let mentioned: BTreeSet<String> = receipts.iter().map(|receipt| receipt.track_id.clone()).collect();
        let tracks = mentioned.into_iter().map(|track_id| descriptor(random, dids, track_id)).collect();
        self.chain(receipts, tracks, from, to)
    }

    fn chain(&mut self, receipts: Vec<Receipt>, tracks: Vec<Descriptor>, from: u64, to: u64) -> Batch {
        self.seq += 1;
        let batch = Batch { from, prev: self.prev, receipts, seq: self.seq, sfu: self.did.clone(), to, tracks, v: 1 };
        self.prev = batch.hash();
        batch
    }
}

fn descriptor(random: &mut ChaCha8Rng, dids: &[String], track_id: String) -> Descriptor {
    let mut text =
        || random.random_bool(0.7).then(|| if random.random_bool(0.9) { "text".to_owned() } else { String::new() });
    let metadata = Metadata {
        album: text(),
        artist: text(),
        artwork: text(),
        genre: text(),
        isrc: text(),
        license: text(),
        title: text(),
        duration_ms: random.random_bool(0.5).then_some(1),
    };
    let rights = if random.random_bool(0.1) { Rights::Licensed } else { Rights::Original };
    Descriptor { metadata: random.random_bool(0.8).then_some(metadata), rights, track_id, uploader: dids[0].clone() }
}

fn receipt(random: &mut ChaCha8Rng, dids: &[String], track: &str, from: u64, to: u64) -> Receipt {
    let recipients = random.random_range(0..5);
    let bound = u64::from(recipients) * (to - from);
    let contributors: Vec<Contribution> = (0..random.random_range(0..5))
        .map(|_| {
            let did = if random.random_bool(0.02) {
                "did:nothing".to_owned()
            } else {
                dids[random.random_range(0..dids.len())].clone()
            };
            let bytes_out = match random.random_range(0..40) {
                0 => (1 << 53) - 1,
                1 => 0,
                _ => random.random_range(0..=bound / 8 * 300 + 1),
            };
            let role = random.random_bool(0.8).then(|| Role::ALL[random.random_range(0..4)]);
            Contribution { bytes_out, did, role }
        })
        .collect();
    let timestamp = match random.random_range(0..30) {
        0 => from,
        1 => to + 1,
        _ => random.random_range(from + 1..=to),
    };
    let room_id = format!("room-{}", random.random_range(0..4));
    Receipt { acks: None, contributors, recipients, room_id, timestamp, track_id: track.to_owned() }
}

fn did(seed: u64, number: u64) -> String {
    did_of_key(&sha256(&[&seed.to_le_bytes(), &number.to_le_bytes()]))
}

/// Every file below a folder with its bytes, but temporary ones.
#[cfg(feature = "datafusion")]
pub fn snapshot(folder: &std::path::Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_temporary = path.file_name().unwrap().to_string_lossy().starts_with(".tmp");
            if path.is_dir() {
                folders.push(path);
            } else if !is_temporary {
                let bytes = std::fs::read(&path).unwrap();
                files.insert(path, bytes);
            }
        }
    }
    files
}
