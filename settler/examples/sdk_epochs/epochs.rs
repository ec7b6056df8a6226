//! Two hundred and fifty worlds of four epochs each, every fifth with every kind of bad input.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anchor_lang::AccountSerialize as _;
use anchor_lang::prelude::Pubkey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use radio_payouts_client::state::{ConfigTimes, Epoch, EpochStatement, EpochStatus, Mode as ProgramMode, Start};
use radio_payouts_protocol::batch::{BatchHeader, Envelope};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::Sfu;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::statement::Statement;
use radio_payouts_settler::artefact::files::Contents;
use radio_payouts_settler::artefact::manifest::Manifest;
use radio_payouts_settler::artefact::payout::{self, Payout};
use radio_payouts_settler::artefact::source::{self, BatchSource};
use radio_payouts_settler::artefact::terms::{Deployment, ParentTerms, Terms, VersionInForce};
use radio_payouts_settler::artefact::{digest::Digesting, folder_name, proof};
use radio_payouts_settler::receipt::generate::{Plan, generate};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const WORLDS: u64 = 250;
const EPOCHS: u64 = 4;
const FIRST_EPOCH: u64 = 20_000;
const GENESIS_HASH: Hash = [0x11; 32];
const EPOCH_SECONDS: u32 = 86_400;

/// Writes `epochs.jsonl` and `folder/`.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let mut lines = BufWriter::new(File::create(folder.join("epochs.jsonl"))?);
    for seed in 0..WORLDS {
        let world = World::new(seed)?;
        let mut parent: Option<(Manifest, ParentTerms)> = None;
        let mut judged = HashSet::new();
        for epoch in FIRST_EPOCH..FIRST_EPOCH + EPOCHS {
            let terms = world.terms(epoch, parent.as_ref().map(|(_, terms)| terms.clone()));
            let due = world.due(epoch, &judged)?;
            let settlement = source::settle(&terms, &due, &world)?;
            judged.extend(due.iter().map(|header| header.hash));
            let files = files(&world, &terms, &settlement)?;
            if (seed, epoch) == (0, FIRST_EPOCH + 1) {
                publish(&folder.join("folder"), &world, &terms, &settlement)?;
            }
            let record = record(&files, &terms, &settlement, parent.as_ref().map(|(manifest, _)| manifest))?;
            serde_json::to_writer(&mut lines, &record)?;
            lines.write_all(b"\n")?;
            let statement = settlement.statement.clone();
            parent = Some((files.manifest, ParentTerms { statement, state: settlement.to_parent() }));
        }
    }
    Ok(lines.flush()?)
}

/// What a world's SFUs signed, and the terms under which it counts.
struct World {
    deployment: Deployment,
    params: Params,
    /// From which epoch on the deployment is Live.
    live_from: Option<u64>,
    registry: Vec<Sfu>,
    /// Batches with the epoch in which each arrived.
    held: Vec<(u64, BatchHeader)>,
    envelopes: HashMap<Hash, Vec<u8>>,
}

impl BatchSource for World {
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        self.envelopes.get(&header.hash).cloned().ok_or_else(|| anyhow::anyhow!("not held"))
    }
}

impl World {
    fn new(seed: u64) -> anyhow::Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let program_id = radio_payouts_client::PROGRAM_ID.to_bytes();
        let domain = Domain::derive(&GENESIS_HASH, &program_id);
        let deployment = Deployment {
            domain: *domain.as_bytes(),
            genesis_hash: GENESIS_HASH,
            program_id,
            genesis_unix: 0,
            epoch_seconds: EPOCH_SECONDS,
        };
        let plan = Plan {
            seed,
            domain,
            calendar: Calendar::new(0, EPOCH_SECONDS)?,
            first_epoch: FIRST_EPOCH,
            epochs: EPOCHS,
            sfus: random.random_range(1..=3),
            contributors: random.random_range(1..=12),
            tracks: random.random_range(1..=6),
            batches: random.random_range(1..=4),
            receipts: random.random_range(0..=5),
            faults: seed % 5 == 4,
        };
        let mut lines = Vec::new();
        let truth = generate(&plan, |epoch, line| {
            lines.push((epoch, line.to_vec()));
            Ok(())
        })?;
        let mut registry: Vec<Sfu> = truth.sfus.iter().map(|sfu| sfu.terms).collect();
        registry.sort_unstable_by_key(|sfu| sfu.key);
        let (mut held, mut envelopes) = (Vec::new(), HashMap::new());
        for (epoch, line) in lines {
            // What a receiver would not hold is no part of an epoch.
            let Ok(verified) = Envelope::parse(&line).and_then(|received| received.verify(&domain)) else { continue };
            let header = verified.header();
            let is_known = registry.iter().any(|sfu| sfu.key == header.sfu_key);
            if is_known && header.seq < 100_000 && envelopes.insert(header.hash, line).is_none() {
                held.push((epoch, header));
            }
        }
        let live_from = (seed % 7 == 3).then_some(FIRST_EPOCH + 2);
        let params = if seed == 0 { Params::demo() } else { crate::params(&mut random)? };
        Ok(Self { deployment, params, live_from, registry, held, envelopes })
    }

    fn terms(&self, epoch: u64, parent: Option<ParentTerms>) -> Terms {
        let mut versions = vec![VersionInForce { version: 1, effective_epoch: 0, mode: Mode::Demo }];
        let live = self.live_from.filter(|from| *from <= epoch);
        versions.extend(live.map(|effective_epoch| VersionInForce { version: 2, effective_epoch, mode: Mode::Live }));
        Terms {
            deployment: self.deployment,
            epoch,
            params: self.params,
            params_version: if live.is_some() { 2 } else { 1 },
            versions,
            registry_version: 3,
            registry: self.registry.iter().filter(|sfu| sfu.valid_from <= epoch).copied().collect(),
            parent,
        }
    }

    fn due(&self, epoch: u64, judged: &HashSet<Hash>) -> anyhow::Result<Vec<BatchHeader>> {
        let end = self.deployment.calendar()?.end_ms(epoch).unwrap_or_default();
        let registered = |key: &[u8; 32]| self.registry.iter().any(|sfu| sfu.key == *key && sfu.valid_from <= epoch);
        let is_due = |(arrived, header): &&(u64, BatchHeader)| {
            let is_new = *arrived <= epoch && !judged.contains(&header.hash);
            is_new && header.to_ms <= end && registered(&header.sfu_key)
        };
        Ok(self.held.iter().filter(is_due).map(|(_, header)| *header).collect())
    }
}

/// Files of an epoch's folder, by their writer.
struct Files {
    manifest: Manifest,
    contents: BTreeMap<String, Vec<u8>>,
}

fn files(world: &World, terms: &Terms, settlement: &Settlement) -> anyhow::Result<Files> {
    let contents = Contents { terms, settlement, batches: world };
    let (mut written, mut digests) = (BTreeMap::new(), BTreeMap::new());
    for file in contents.files() {
        let name = file.name().to_owned();
        let wanted = ["history.parquet", "payouts.csv"].contains(&name.as_str()) || name.ends_with(".ndjson");
        if !wanted {
            continue;
        }
        let mut bytes = Digesting::new(Vec::new());
        contents.write(&file, &mut bytes)?;
        let (digest, bytes) = bytes.finish();
        digests.insert(name.clone(), digest);
        written.insert(name, bytes);
    }
    Ok(Files { manifest: Manifest::of(terms, &settlement.to_summary(), digests), contents: written })
}

/// A folder as it is published, every file of it.
fn publish(folder: &Path, world: &World, terms: &Terms, settlement: &Settlement) -> anyhow::Result<()> {
    let epoch = folder.join(folder_name(terms.epoch));
    fs::create_dir_all(epoch.join("batches"))?;
    let contents = Contents { terms, settlement, batches: world };
    let mut digests = BTreeMap::new();
    for file in contents.files() {
        let mut bytes = Digesting::new(File::create(epoch.join(file.name()))?);
        contents.write(&file, &mut bytes)?;
        digests.insert(file.name().to_owned(), bytes.finish().0);
    }
    let manifest = Manifest::of(terms, &settlement.to_summary(), digests);
    fs::write(epoch.join("manifest.json"), manifest.to_bytes()?)?;
    fs::write(folder.join("account.base64"), BASE64.encode(account(terms, settlement)?))?;
    let proof = proof_of_first(&manifest, settlement)?.ok_or_else(|| anyhow::anyhow!("nobody has a leaf"))?;
    Ok(fs::write(folder.join("proof.json"), serde_json::to_vec_pretty(&proof)?)?)
}

fn record(files: &Files, terms: &Terms, settlement: &Settlement, parent: Option<&Manifest>) -> anyhow::Result<Value> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes);
    let content = |name: &str| files.contents.get(name).cloned().unwrap_or_default();
    let batches = files.contents.iter().filter(|(name, _)| name.ends_with(".ndjson"));
    let batches: Vec<Value> =
        batches.map(|(name, bytes)| json!({"name": name, "text": String::from_utf8_lossy(bytes)})).collect();
    let payouts: Vec<Value> = payout::all(settlement).map(|payout| payout_json(&payout)).collect();
    Ok(json!({
        "manifest": text(files.manifest.to_bytes()?)?,
        "parentManifest": parent.map(|parent| parent.to_bytes().map(text)).transpose()?.transpose()?,
        "batches": batches,
        "history": BASE64.encode(content("history.parquet")),
        "payoutsCsv": text(content("payouts.csv"))?,
        "commitment": hex::encode(settlement.commitment),
        "payouts": payouts,
        "account": BASE64.encode(account(terms, settlement)?),
        "proof": proof_of_first(&files.manifest, settlement)?,
    }))
}

fn payout_json(payout: &Payout) -> Value {
    json!({
        "index": payout.index,
        "did": payout.did,
        "didHash": hex::encode(payout.did_hash),
        "payee": payout.payee_address(),
        "bytes": payout.bytes.to_string(),
        "effectiveBytes": payout.effective_bytes.to_string(),
        "raw": payout.raw.to_string(),
        "amount": payout.amount.to_string(),
        "reason": payout.reason,
    })
}

/// The proof of the first share that has a leaf.
fn proof_of_first(manifest: &Manifest, settlement: &Settlement) -> anyhow::Result<Option<Value>> {
    let Some(payout) = payout::all(settlement).find(|payout| payout.index.is_some()) else { return Ok(None) };
    let siblings = |index| settlement.forest.proof(index).ok_or_else(|| anyhow::anyhow!("no such leaf"));
    Ok(Some(serde_json::to_value(proof::assemble(manifest, &payout, siblings)?)?))
}

/// The account as the program would hold it after the post.
fn account(terms: &Terms, settlement: &Settlement) -> anyhow::Result<Vec<u8>> {
    let Settlement { statement, commitment, .. } = settlement;
    let rent_payer = Pubkey::new_from_array([9; 32]);
    let mut epoch = Epoch::open(255, statement.epoch, terms.deployment.domain, rent_payer, ConfigTimes::default());
    epoch.status = EpochStatus::Posted;
    epoch.mode = if settlement.mode == Mode::Live { ProgramMode::Live } else { ProgramMode::Demo };
    epoch.commitment = *commitment;
    epoch.parent_epoch = terms.parent.as_ref().map(|parent| parent.state.epoch);
    epoch.statement = EpochStatement::from(statement as &Statement);
    epoch.payouts_sum = statement.payouts_sum()?;
    epoch.posted = Start { at: 1_760_000_000, paused_before: 0 };
    let mut bytes = Vec::new();
    epoch.try_serialize(&mut bytes)?;
    Ok(bytes)
}
