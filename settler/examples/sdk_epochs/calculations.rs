//! A thousand lists of bare receipts, signed and settled as `settler sign` and `settler settle` do it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::num::NonZeroU32;
use std::path::Path;

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::bare::BareReceipt;
use radio_payouts_protocol::batch::{BatchHeader, Contribution, Envelope, Role};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::{MAX_SFU_BYTES_PER_EPOCH, NEVER, Sfu};
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_settler::artefact::payout::{self, Payout};
use radio_payouts_settler::artefact::source::{self, BatchSource};
use radio_payouts_settler::artefact::terms::{Deployment, Terms, VersionInForce};
use radio_payouts_settler::receipt::sign::Signer;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

const CASES: u64 = 1_000;
/// Every hour of the day occurs, and the end of one.
const FIRST_MS: u64 = 1_760_000_000_000;

/// Writes `calculations.jsonl`.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    let mut lines = BufWriter::new(File::create(folder.join("calculations.jsonl"))?);
    // A signer syncs its state before every batch. Nothing here outlives the run: memory will do.
    let memory = Path::new("/dev/shm");
    let states = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
    for seed in 0..CASES {
        let mut random = ChaCha8Rng::seed_from_u64(1_000_000 + seed);
        let params = if seed % 4 == 0 { Params::demo() } else { crate::params(&mut random)? };
        let receipts = receipts(&mut random);
        let settlement = settle(&states.path().join(seed.to_string()), &params, &receipts)?;
        let mut shares: Vec<Payout> = payout::all(&settlement).filter(|payout| payout.index.is_some()).collect();
        shares.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.did.cmp(&b.did)));
        let shares: Vec<Value> = shares
            .iter()
            .map(|payout| json!({"did": payout.did, "amountBaseUnits": payout.amount.to_string()}))
            .collect();
        let record = json!({
            "params": params,
            "receipts": receipts.iter().map(receipt_json).collect::<Vec<_>>(),
            "shares": shares,
            "poolBaseUnits": settlement.allocation.pool.to_string(),
            "unallocatedBaseUnits": settlement.allocation.unallocated.to_string(),
        });
        serde_json::to_writer(&mut lines, &record)?;
        lines.write_all(b"\n")?;
    }
    Ok(lines.flush()?)
}

/// Receipts of a few windows, in order; some name nobody, some too many, some twice.
fn receipts(random: &mut ChaCha8Rng) -> Vec<BareReceipt> {
    let dids: Vec<String> = (1..=4u8)
        .map(|number| did_of_key(&SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes()))
        .chain(["did:web:a.example", "did:mycelia:carol", "did:plc:xyz123", "nobody"].map(str::to_owned))
        .collect();
    let mut timestamp = FIRST_MS + random.random_range(0..86_400_000);
    (0..random.random_range(1..=24))
        .map(|_| {
            // Within a window, to the next one, or to another hour.
            let steps = [0, random.random_range(0..4_000), random.random_range(0..40_000), 3_600_000];
            timestamp += steps[[0, 1, 1, 1, 2, 2, 3][random.random_range(0..7usize)]];
            let contributors = (0..random.random_range(0..=4)).map(|_| {
                let magnitude = random.random_range(3..=9);
                Contribution {
                    bytes_out: random.random_range(0..10u64.pow(magnitude)),
                    did: dids[random.random_range(0..dids.len())].clone(),
                    role: [None, Some(Role::Uploader), Some(Role::Seeder), Some(Role::Relay), Some(Role::Storage)]
                        [random.random_range(0..5usize)],
                }
            });
            BareReceipt {
                contributors: contributors.collect(),
                room_id: format!("room_{}", random.random_range(0..2)),
                track_id: format!("track_{}", random.random_range(0..4)),
                timestamp,
                recipients: random.random_bool(0.3).then(|| random.random_range(0..50)),
                acks: None,
            }
        })
        .collect()
}

fn receipt_json(receipt: &BareReceipt) -> Value {
    let mut json = json!({
        "roomId": receipt.room_id,
        "trackId": receipt.track_id,
        "timestamp": receipt.timestamp,
        "contributors": receipt.contributors,
    });
    if let (Some(recipients), Value::Object(fields)) = (receipt.recipients, &mut json) {
        fields.insert("recipients".to_owned(), recipients.into());
    }
    json
}

/// Batches by hash, as they were signed.
struct Signed(HashMap<Hash, Vec<u8>>);

impl BatchSource for Signed {
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        self.0.get(&header.hash).cloned().ok_or_else(|| anyhow::anyhow!("not signed"))
    }
}

fn settle(state: &Path, params: &Params, receipts: &[BareReceipt]) -> anyhow::Result<Settlement> {
    let (genesis_hash, program_id) = ([0x11; 32], [0x22; 32]);
    let domain = Domain::derive(&genesis_hash, &program_id);
    let key = SigningKey::from_bytes(&[0x33; 32]);
    let most = NonZeroU32::new(params.max_kbps_per_recipient).unwrap_or(NonZeroU32::MIN);
    let mut signer = Signer::open(state, key.clone(), domain, most)?;
    let mut envelopes = Vec::new();
    for receipt in receipts {
        envelopes.extend(signer.push(receipt.clone())?.and_then(|signed| signed.envelope));
    }
    envelopes.extend(signer.finish()?.and_then(|signed| signed.envelope));

    let (mut headers, mut signed) = (Vec::new(), Signed(HashMap::new()));
    for envelope in envelopes {
        let received = Envelope::parse(&envelope).and_then(|received| received.verify(&domain));
        let header = received.map_err(|answer| anyhow::anyhow!("{}", answer.explanation()))?.header();
        headers.push(header);
        signed.0.insert(header.hash, envelope);
    }
    let deployment =
        Deployment { domain: *domain.as_bytes(), genesis_hash, program_id, genesis_unix: 0, epoch_seconds: 86_400 };
    let last = headers.last().map_or(FIRST_MS, |header| header.to_ms);
    let terms = Terms {
        deployment,
        epoch: deployment.calendar()?.epoch_at_ms(last).unwrap_or_default(),
        params: *params,
        params_version: 1,
        versions: vec![VersionInForce { version: 1, effective_epoch: 0, mode: Mode::Demo }],
        registry_version: 1,
        registry: vec![Sfu {
            key: key.verifying_key().to_bytes(),
            demo: true,
            valid_from: 0,
            valid_until: NEVER,
            max_bytes_per_epoch: MAX_SFU_BYTES_PER_EPOCH,
            stop_seq: NEVER,
        }],
        parent: None,
    };
    source::settle(&terms, &headers, &signed)
}
