use alloc::collections::BTreeMap;
use alloc::string::ToString as _;

use ed25519_dalek::SigningKey;

use super::*;
use crate::artefact::payout;
use crate::artefact::terms::{Deployment, ParentTerms, VersionInForce};
use crate::batch::{Contribution, Descriptor, Receipt, Rights};
use crate::hash::ZERO_HASH;
use crate::history::HistoryRecord;
use crate::params::{Mode, Params};
use crate::registry::{NEVER, Sfu};
use crate::settlement::Parent;

const GENESIS: Hash = [3; 32];
const PROGRAM: Hash = [4; 32];

fn domain() -> Domain {
    Domain::derive(&GENESIS, &PROGRAM)
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn terms(parent: Option<ParentTerms>) -> Terms {
    Terms {
        deployment: Deployment {
            domain: *domain().as_bytes(),
            genesis_hash: GENESIS,
            program_id: PROGRAM,
            genesis_unix: 0,
            epoch_seconds: 300,
        },
        epoch: 3,
        params: Params::demo(),
        params_version: 1,
        versions: alloc::vec![VersionInForce { version: 1, effective_epoch: 0, mode: Mode::Demo }],
        registry_version: 2,
        registry: alloc::vec![Sfu {
            key: key().verifying_key().to_bytes(),
            demo: true,
            valid_from: 0,
            valid_until: NEVER,
            max_bytes_per_epoch: 1 << 40,
            stop_seq: NEVER,
        }],
        parent,
    }
}

/// Envelopes of two batches in epoch 3.
fn envelopes() -> Vec<Vec<u8>> {
    let mut prev = ZERO_HASH;
    (1..=2u64)
        .map(|seq| {
            let to = 900_000 + seq * 10_000;
            let batch = Batch {
                from: to - 10_000,
                prev,
                receipts: alloc::vec![Receipt {
                    acks: None,
                    contributors: alloc::vec![Contribution { bytes_out: 1_000, did: "did:web:a".into(), role: None }],
                    recipients: 1,
                    room_id: "room".into(),
                    timestamp: to,
                    track_id: "track".into(),
                }],
                seq,
                sfu: did_of_key(&key().verifying_key().to_bytes()),
                to,
                tracks: alloc::vec![Descriptor {
                    metadata: None,
                    rights: Rights::Original,
                    track_id: "track".into(),
                    uploader: "did:web:a".into(),
                }],
                v: 1,
            };
            prev = batch.hash();
            batch.sign(&key(), &domain()).unwrap().to_bytes()
        })
        .collect()
}

/// The manifest that a settler writes of these batches.
fn manifest(terms: &Terms, envelopes: &[Vec<u8>]) -> Manifest {
    let batches: Vec<_> = envelopes.iter().map(|bytes| Envelope::parse(bytes).unwrap()).collect();
    let headers: Vec<_> = batches.iter().map(|batch| batch.header()).collect();
    let load = |header: &BatchHeader| {
        batches.iter().find(|batch| batch.header() == *header).map(|batch| batch.batch().clone()).ok_or("away")
    };
    Manifest::of(terms, &terms.settle(&headers, load).unwrap().to_summary(), BTreeMap::new())
}

fn recompute(manifest: Manifest, envelopes: &[Vec<u8>]) -> Result<Recomputed, RecomputationFault> {
    let mut recomputation = Recomputation::new(manifest, History::default())?;
    for envelope in envelopes {
        recomputation.add(envelope)?;
    }
    recomputation.settle()
}

#[test]
fn refuses_a_made_up_domain_and_a_false_signature() {
    let (terms, mut envelopes) = (terms(None), envelopes());
    let mut other = manifest(&terms, &envelopes);
    other.deployment.program_id = [9; 32];
    assert_eq!(recompute(other, &envelopes).unwrap_err(), RecomputationFault::Domain);
    let manifest = manifest(&terms, &envelopes);
    let twice = [envelopes[0].clone(), envelopes[0].clone()];
    assert!(matches!(recompute(manifest.clone(), &twice), Err(RecomputationFault::Twice { seq: 1, .. })));
    let last = envelopes[1].len() - 4;
    envelopes[1][last] ^= 1;
    assert_eq!(recompute(manifest, &envelopes).unwrap_err(), RecomputationFault::Envelope(Answer::BadSignature));
}

#[test]
fn refuses_a_parent_that_is_not_the_one_named() {
    let before = History::from_records([([7; 32], HistoryRecord { first_epoch: 1, activity: 1 })]);
    let first = terms(None);
    let mut statement = crate::statement::Statement::from(&manifest(&first, &[]).statement);
    statement.epoch = 2;
    statement.history_hash = before.hash();
    let commitment = statement.commitment(&domain());
    let state = Parent { epoch: 2, commitment, mode: Mode::Demo, sfus: BTreeMap::new(), history: before.clone() };
    let terms = terms(Some(ParentTerms { statement, state }));
    let manifest = manifest(&terms, &envelopes());
    let begin = |manifest: &Manifest, history| Recomputation::new(manifest.clone(), history).map(|_| ());
    assert_eq!(begin(&manifest, History::default()), Err(ParentFault::History(2).into()));
    let mut other = manifest.clone();
    other.parent.as_mut().unwrap().statement.pool += 1;
    assert_eq!(begin(&other, before.clone()), Err(ParentFault::Commitment(commitment).into()));
    assert_eq!(begin(&manifest, before), Ok(()));
}

#[test]
fn what_is_altered_or_missing_is_named() {
    let (terms, envelopes) = (terms(None), envelopes());
    let manifest = manifest(&terms, &envelopes);
    let compare = |manifest: Manifest, envelopes: &[Vec<u8>]| {
        let recomputed = recompute(manifest, envelopes).unwrap();
        recomputed.manifest.compare(&recomputed.settlement).unwrap()
    };
    assert_eq!(compare(manifest.clone(), &envelopes), None);
    let missing = compare(manifest.clone(), &envelopes[..1]).unwrap();
    assert!(missing.field.starts_with("sfus[did:key:") && missing.field.ends_with("].accepted"), "{missing}");
    let mut other = manifest.clone();
    other.statement.pool += 1;
    assert_eq!(compare(other, &envelopes).unwrap().field, "statement.pool");
    let recomputed = recompute(manifest, &envelopes).unwrap();
    let payouts: Vec<_> = payout::all(&recomputed.settlement).collect();
    assert_eq!((payouts.len(), payouts[0].bytes, payouts[0].amount), (1, 2_000, 2_000_000));
}

#[test]
fn a_manifest_is_read_back_and_checked() {
    let manifest = manifest(&terms(None), &envelopes());
    let bytes = manifest.to_bytes().unwrap();
    assert_eq!(Manifest::parse(&bytes).unwrap(), manifest);
    let refused = |from: &str, to: &str| {
        let text = core::str::from_utf8(&bytes).unwrap().replacen(from, to, 1);
        Manifest::parse(text.as_bytes()).unwrap_err().to_string()
    };
    assert!(refused("epoch/v1", "epoch/v2").contains("is unknown"));
    assert!(refused("\"params_version\": 1", "\"params_version\": 7").contains("commitment"));
    assert!(refused("{", "[").contains("not a manifest"));
}
