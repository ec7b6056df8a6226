//! Whole epochs: signed envelopes in, statement and shares out; three in a row, with a gap that is carried.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Contribution, Descriptor, Metadata, Receipt, Rights, Role};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::did::{cluster_reference, did_of_key};
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::{NEVER, Sfu};
use radio_payouts_protocol::settlement::{Parent, Setting, Settlement, settle};
use serde_json::{Value, json};

use crate::chain::{chain, header};
use crate::trees::root;
use crate::{GENESIS_HASH, domain};

const GENESIS_UNIX: i64 = 1_760_000_000;
const EPOCH_SECONDS: u32 = 300;

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn did(number: u8) -> String {
    if number == 3 { "did:mycelia:carol".to_owned() } else { did_of_key(&key(number).verifying_key().to_bytes()) }
}

/// Ninety batches of one SFU over three epochs: three contributors, two tracks, every role, some bad receipts.
fn batches(sfu: u8) -> Vec<Batch> {
    let start_ms = u64::try_from(GENESIS_UNIX).unwrap() * 1_000;
    chain(&key(sfu).verifying_key().to_bytes(), start_ms, 90, |seq, to| {
        let receipts = (0..4u64)
            .map(|room| Receipt {
                acks: None,
                contributors: vec![Contribution {
                    bytes_out: (seq * 31 + room * 1_009) * 1_000,
                    did: if seq % 29 == 0 {
                        "nobody".to_owned()
                    } else {
                        did(1 + u8::try_from((seq + room) % 3).unwrap())
                    },
                    role: [None, Some(Role::Seeder), Some(Role::Relay), Some(Role::Storage)]
                        [usize::try_from((seq / 7 + room) % 4).unwrap()],
                }],
                recipients: u32::try_from(1 + (seq + room) % 5).unwrap(),
                room_id: format!("room_{}", room.min(2)),
                timestamp: if seq % 17 == 0 { to + 1 } else { to - room },
                track_id: format!("track_{}", room % 2),
            })
            .collect();
        let tracks = (0..2)
            .map(|track| Descriptor {
                metadata: (track == 0).then(|| Metadata {
                    title: Some("Mycelium".to_owned()),
                    artist: Some("Spore".to_owned()),
                    album: Some("Hyphae".to_owned()),
                    genre: Some("ambient".to_owned()),
                    license: Some("CC-BY-4.0".to_owned()),
                    duration_ms: Some(180_000),
                    ..Metadata::default()
                }),
                rights: if track == 0 { Rights::Cc } else { Rights::Original },
                track_id: format!("track_{track}"),
                uploader: did(1),
            })
            .collect();
        (receipts, tracks)
    })
}

pub fn vectors() -> Value {
    let calendar = Calendar::new(GENESIS_UNIX, EPOCH_SECONDS).unwrap();
    let sfu = |number: u8, max_bytes_per_epoch| Sfu {
        key: key(number).verifying_key().to_bytes(),
        demo: false,
        valid_from: 0,
        valid_until: NEVER,
        max_bytes_per_epoch,
        stop_seq: NEVER,
    };
    let sfus = [sfu(0x51, 1 << 46), sfu(0x52, 150_000_000)];
    let params =
        Params { active_min_bytes: 1, consistency_min_epochs: 2, consistency_window_epochs: 3, ..Params::demo() };
    let all: Vec<Batch> = batches(0x51).into_iter().chain(batches(0x52)).collect();
    // Batch 10 of the first SFU reaches the settler only after epoch 0 was posted.
    let arrives_late = |batch: &Batch| batch.seq == 10 && batch.sfu == all[0].sfu;
    let mut parent: Option<Parent> = None;
    let mut judged = std::collections::HashSet::new();
    let mut epochs = Vec::new();
    for epoch in 0..3u64 {
        let held: Vec<&Batch> = all
            .iter()
            .filter(|batch| calendar.epoch_at_ms(batch.to) <= Some(epoch))
            .filter(|batch| !judged.contains(&batch.hash()) && (epoch > 0 || !arrives_late(batch)))
            .collect();
        let headers: Vec<BatchHeader> = held.iter().map(|batch| header(batch)).collect();
        let setting = Setting {
            domain: &domain(),
            cluster_reference: &cluster_reference(&GENESIS_HASH),
            calendar,
            epoch,
            parent: parent.as_ref(),
            params: &params,
            params_version: 1,
            mode_of: &|_| Mode::Demo,
            registry_version: 2,
            sfus: &sfus,
        };
        let settlement = settle(&setting, &headers, |wanted| {
            held.iter().find(|batch| batch.hash() == wanted.hash).map(|batch| (*batch).clone()).ok_or("not held")
        })
        .unwrap();
        judged.extend(headers.iter().map(|header| header.hash));
        epochs.push(epoch_value(&settlement, &held));
        parent = Some(settlement.to_parent());
    }
    json!({
        "genesisHash": hex::encode(GENESIS_HASH),
        "programId": hex::encode(crate::PROGRAM_ID),
        "domain": hex::encode(domain().as_bytes()),
        "genesisUnix": GENESIS_UNIX,
        "epochSeconds": EPOCH_SECONDS,
        "paramsVersion": 1,
        "registryVersion": "2",
        "params": params,
        "sfus": sfus,
        "epochs": epochs,
    })
}

fn epoch_value(settlement: &Settlement, held: &[&Batch]) -> Value {
    let statement = &settlement.statement;
    let envelopes: Vec<String> = held
        .iter()
        .map(|batch| {
            let signers = [0x51, 0x52].map(key);
            let is_signer = |key: &&SigningKey| did_of_key(&key.verifying_key().to_bytes()) == batch.sfu;
            let signer = signers.iter().find(is_signer).unwrap();
            String::from_utf8((*batch).clone().sign(signer, &domain()).unwrap().to_bytes()).unwrap()
        })
        .collect();
    let shares: Vec<Value> = settlement
        .cells
        .contributors
        .iter()
        .enumerate()
        .map(|(position, contributor)| {
            let share = &settlement.allocation.shares[position];
            json!({
                "did": contributor.did,
                "payee": hex::encode(settlement.payees[position]),
                "bytes": contributor.bytes.to_string(),
                "effectiveBytes": settlement.weights.effective[position].to_string(),
                "raw": share.raw.to_string(),
                "amount": share.amount.to_string(),
                "index": settlement.leaf_indices[position],
            })
        })
        .collect();
    json!({
        "epoch": statement.epoch.to_string(),
        "envelopes": envelopes,
        "parent": hex::encode(statement.parent),
        "inputsHash": hex::encode(statement.inputs_hash),
        "historyHash": hex::encode(statement.history_hash),
        "batches": root(&statement.batches),
        "pool": statement.pool.to_string(),
        "payouts": statement.payouts.iter().map(root).collect::<Vec<_>>(),
        "commitment": hex::encode(settlement.commitment),
        "shares": shares,
    })
}
