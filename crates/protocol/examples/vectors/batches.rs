//! Canonical batches, their hashes, messages and signatures, and envelopes that are answered otherwise.

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Metadata, Receipt, Rights, Role};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::message::batch_message;
use serde_json::{Value, json};

use crate::domain;

pub const CONTRIBUTOR: &str = "did:key:z6MkpczE4p6MJUv1FouSa4JUx4w2TpKEnimSk8rw5T8Jvi99";

pub fn sfu() -> SigningKey {
    SigningKey::from_bytes(&[0x44; 32])
}

fn first() -> Batch {
    Batch {
        from: 1_760_000_000_000,
        prev: [0; 32],
        receipts: vec![Receipt {
            acks: None,
            contributors: vec![
                Contribution { bytes_out: 1_048_576, did: CONTRIBUTOR.to_owned(), role: Some(Role::Uploader) },
                Contribution { bytes_out: 4_096, did: "did:mycelia:abc-123".to_owned(), role: None },
            ],
            recipients: 3,
            room_id: "room_ab12".to_owned(),
            timestamp: 1_760_000_010_000,
            track_id: "track_x9".to_owned(),
        }],
        seq: 1,
        sfu: did_of_key(&sfu().verifying_key().to_bytes()),
        to: 1_760_000_010_000,
        tracks: vec![Descriptor {
            metadata: Some(Metadata {
                title: Some("Pilz „Ohr“ \"1\" \\ 😀".to_owned()),
                duration_ms: Some(215_000),
                ..Metadata::default()
            }),
            rights: Rights::Cc,
            track_id: "track_x9".to_owned(),
            uploader: CONTRIBUTOR.to_owned(),
        }],
        v: 1,
    }
}

pub fn vectors() -> Value {
    let first = first();
    let empty = Batch {
        prev: first.hash(),
        from: first.to,
        to: first.to + 10_000,
        seq: 2,
        receipts: vec![],
        tracks: vec![],
        ..first.clone()
    };
    let signed: Vec<Value> = [first, empty]
        .into_iter()
        .map(|batch| {
            let key = sfu().verifying_key().to_bytes();
            let (hash, message) = (batch.hash(), batch_message(&domain(), &key, batch.seq, batch.to, &batch.hash()));
            let canonical = String::from_utf8(batch.canonical_bytes()).unwrap();
            let envelope = String::from_utf8(batch.sign(&sfu(), &domain()).unwrap().to_bytes()).unwrap();
            json!({
                "canonical": canonical,
                "batchHash": hex::encode(hash),
                "message": hex::encode(message),
                "envelope": envelope,
            })
        })
        .collect();
    let good = signed[0]["envelope"].as_str().unwrap().to_owned();
    let refused: Vec<Value> = [
        (r#""v":1"#, r#""v":2"#, "wrong_version"),
        (r#""recipients":3"#, r#""recipients":null"#, "malformed"),
        (r#""recipients":3"#, r#""recipients":3.0"#, "malformed"),
        (r#""seq":1"#, r#""seq":9007199254740992"#, "malformed"),
        (r#""seq":1"#, r#""seq":1,"seq":1"#, "malformed"),
        (r#""room_ab12""#, r#""room\u0009""#, "malformed"),
        (r#""room_ab12""#, r#""\u0072oom_ab12""#, "not_canonical"),
        (r#""seq":1"#, r#""seq": 1"#, "not_canonical"),
        (r#""recipients":3"#, r#""recipients":4"#, "bad_signature"),
    ]
    .iter()
    .map(|(from, to, answer)| json!({ "envelope": good.replacen(from, to, 1), "answer": answer }))
    .collect();
    json!({
        "domain": hex::encode(domain().as_bytes()),
        "sfuSecret": hex::encode(sfu().to_bytes()),
        "signed": signed,
        "refused": refused,
    })
}
