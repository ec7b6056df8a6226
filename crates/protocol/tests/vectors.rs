//! The crate against the committed vectors of section 13, read from their JSON: inputs in, expectations out.

use std::collections::HashMap;
use std::path::PathBuf;

use radio_payouts_protocol::allocation::split;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Envelope, Role};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::cells::{Cell, Track};
use radio_payouts_protocol::did::{Did, cluster_reference};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::history::HistoryRecord;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::Sfu;
use radio_payouts_protocol::settlement::{Parent, Setting, settle};
use radio_payouts_protocol::tree::{Kind, Node, TreeRoot, batch_leaf, empty_leaf, locate, share_leaf, verify_proof};
use radio_payouts_protocol::weights::{Factors, Weights, cell_weight};
use serde_json::Value;

fn read(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

fn hash(value: &Value) -> Hash {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_str().map_or_else(|| value.as_u64().unwrap(), |text| text.parse().unwrap())
}

fn list(value: &Value) -> &Vec<Value> {
    let list = value.as_array().unwrap();
    assert!(!list.is_empty(), "an empty list proves nothing");
    list
}

fn small(value: &Value) -> u32 {
    u32::try_from(number(value)).unwrap()
}

fn node(value: &Value) -> Node {
    Node { hash: hash(&value["hash"]), sum: number(&value["sum"]) }
}

fn root(value: &Value) -> TreeRoot {
    TreeRoot { root: hash(&value["root"]), sum: number(&value["sum"]), count: small(&value["count"]) }
}

#[test]
fn dids_and_payees() {
    let vectors = read("dids.json");
    let reference = vectors["clusterReference"].as_str().unwrap();
    for case in list(&vectors["valid"]) {
        let did = Did::parse(case["did"].as_str().unwrap()).unwrap();
        assert_eq!(did.hash(), hash(&case["didHash"]));
        assert_eq!(did.payee(reference).map(hex::encode), case["payee"].as_str().map(str::to_owned));
    }
    for case in list(&vectors["invalid"]) {
        assert!(Did::parse(case.as_str().unwrap()).is_err(), "{case}");
    }
}

#[test]
fn batches_messages_and_signatures() {
    let vectors = read("batches.json");
    let domain = Domain::from_bytes(hash(&vectors["domain"]));
    for case in list(&vectors["signed"]) {
        let verified = Envelope::parse(case["envelope"].as_str().unwrap().as_bytes()).unwrap().verify(&domain).unwrap();
        assert_eq!(verified.header().hash, hash(&case["batchHash"]));
        assert_eq!(verified.batch().canonical_bytes(), case["canonical"].as_str().unwrap().as_bytes());
    }
    for case in list(&vectors["refused"]) {
        let envelope = case["envelope"].as_str().unwrap().as_bytes();
        let answer = Envelope::parse(envelope).and_then(|received| received.verify(&domain)).unwrap_err();
        assert_eq!(answer.as_str(), case["answer"].as_str().unwrap());
    }
}

fn check_proof(domain: &Domain, epoch: u64, case: &Value, trees: &[TreeRoot]) {
    let share = &case["share"];
    let index = small(&share["index"]);
    let leaf =
        share_leaf(domain, epoch, index, &hash(&share["didHash"]), &hash(&share["payee"]), number(&share["amount"]));
    assert_eq!(leaf, node(&share["leaf"]));
    let (tree, position) = locate(index);
    let siblings: Vec<Node> = case["siblings"].as_array().unwrap().iter().map(node).collect();
    verify_proof(Kind::Payouts, leaf, position, siblings.into_iter(), &trees[tree as usize]).unwrap();
}

#[test]
fn leaves_trees_and_proofs() {
    let vectors = read("trees.json");
    let domain = Domain::from_bytes(hash(&vectors["domain"]));
    let epoch = number(&vectors["epoch"]);
    let batch = &vectors["batchLeaf"];
    let leaf = batch_leaf(
        &domain,
        epoch,
        small(&batch["index"]),
        &hash(&batch["sfuKey"]),
        number(&batch["seq"]),
        &hash(&batch["batchHash"]),
        number(&batch["acceptedBytes"]),
    );
    assert_eq!(leaf, node(&batch["leaf"]));
    assert_eq!(empty_leaf(Kind::Payouts, &domain).hash, hash(&vectors["empties"][0]["empty0"]));
    for case in list(&vectors["trees"]) {
        let tree = root(&case["tree"]);
        if tree.count == 0 {
            assert_eq!(tree.root, empty_leaf(Kind::Payouts, &domain).hash);
        }
        for proof in case["proofs"].as_array().unwrap() {
            check_proof(&domain, epoch, proof, &[tree]);
        }
    }
    let forest = read("forest.json");
    let trees: Vec<TreeRoot> = list(&forest["trees"]).iter().map(root).collect();
    for proof in list(&forest["proofs"]) {
        check_proof(&domain, epoch, proof, &trees);
    }
}

#[test]
fn weights_of_cells() {
    let vectors = read("weights.json");
    let params: Params = serde_json::from_value(vectors["params"].clone()).unwrap();
    for case in list(&vectors["cases"]) {
        let role: Role = serde_json::from_value(case["role"].clone()).unwrap();
        let hour = u8::try_from(number(&case["hour"])).unwrap();
        let cell = Cell { contributor: 0, track: 0, role, hour, bytes: number(&case["bytes"]) };
        let track = Track {
            sfu_key: [0; 32],
            track_id: String::new(),
            bytes: number(&case["track"]["bytes"]),
            recipient_ms: number(&case["track"]["recipientMs"]).into(),
            listener_ms: number(&case["track"]["listenerMs"]).into(),
            metadata_fields: u8::try_from(number(&case["track"]["metadataFields"])).unwrap(),
        };
        let record: Option<HistoryRecord> = serde_json::from_value(case["history"].clone()).unwrap();
        let factors = Factors::of(&params, number(&vectors["epoch"]), &cell, &track, record.as_ref());
        assert_eq!(
            [factors.time, factors.quality, factors.role].map(u64::from),
            ["time", "quality", "roleBps"].map(|name| number(&case[name]))
        );
        assert_eq!(cell_weight(cell.bytes, &factors).unwrap().to_string(), case["weight"].as_str().unwrap());
    }
}

#[test]
fn allocations() {
    for case in list(&read("allocations.json")["cases"]) {
        let params: Params = serde_json::from_value(case["params"].clone()).unwrap();
        let numbers = |name: &str| -> Vec<u64> { case[name].as_array().unwrap().iter().map(number).collect() };
        let effective = numbers("effective");
        let total = effective.iter().sum();
        let allocation = split(&params, &Weights { effective, paid_bytes: number(&case["paidBytes"]), total }).unwrap();
        assert_eq!(allocation.shares.iter().map(|share| share.amount).collect::<Vec<_>>(), numbers("amounts"));
        let reasons: Vec<Option<&str>> =
            allocation.shares.iter().map(|share| share.no_leaf.map(|reason| reason.as_str())).collect();
        assert_eq!(reasons, case["noLeaf"].as_array().unwrap().iter().map(Value::as_str).collect::<Vec<_>>());
        assert_eq!(
            [allocation.pool, allocation.cap, allocation.unallocated],
            ["pool", "cap", "unallocated"].map(|name| number(&case[name]))
        );
    }
}

#[test]
fn epochs_from_signed_envelopes_to_commitments() {
    let vectors = read("settlements.json");
    let (genesis_hash, program) = (hash(&vectors["genesisHash"]), hash(&vectors["programId"]));
    let domain = Domain::derive(&genesis_hash, &program);
    assert_eq!(domain.as_bytes(), &hash(&vectors["domain"]));
    let params: Params = serde_json::from_value(vectors["params"].clone()).unwrap();
    let sfus: Vec<Sfu> = serde_json::from_value(vectors["sfus"].clone()).unwrap();
    let calendar = Calendar::new(vectors["genesisUnix"].as_i64().unwrap(), small(&vectors["epochSeconds"])).unwrap();
    let mut parent: Option<Parent> = None;
    for case in list(&vectors["epochs"]) {
        let held: HashMap<Hash, (BatchHeader, Batch)> = list(&case["envelopes"])
            .iter()
            .map(|envelope| {
                let verified = Envelope::parse(envelope.as_str().unwrap().as_bytes()).unwrap().verify(&domain).unwrap();
                (verified.header().hash, (verified.header(), verified.into_batch()))
            })
            .collect();
        let headers: Vec<BatchHeader> = held.values().map(|(header, _)| *header).collect();
        let setting = Setting {
            domain: &domain,
            cluster_reference: &cluster_reference(&genesis_hash),
            calendar,
            epoch: number(&case["epoch"]),
            parent: parent.as_ref(),
            params: &params,
            params_version: small(&vectors["paramsVersion"]),
            mode_of: &|_| Mode::Demo,
            registry_version: number(&vectors["registryVersion"]),
            sfus: &sfus,
        };
        let settlement =
            settle(&setting, &headers, |header| held.get(&header.hash).map(|(_, batch)| batch.clone()).ok_or(()))
                .unwrap();
        let statement = &settlement.statement;
        assert_eq!(statement.parent, hash(&case["parent"]));
        assert_eq!(statement.inputs_hash, hash(&case["inputsHash"]));
        assert_eq!(statement.history_hash, hash(&case["historyHash"]));
        assert_eq!(statement.batches, root(&case["batches"]));
        assert_eq!(statement.payouts, list(&case["payouts"]).iter().map(root).collect::<Vec<_>>());
        assert_eq!(statement.pool, number(&case["pool"]));
        assert_eq!(settlement.commitment, hash(&case["commitment"]));
        let amounts: Vec<u64> = settlement.allocation.shares.iter().map(|share| share.amount).collect();
        assert_eq!(amounts, list(&case["shares"]).iter().map(|share| number(&share["amount"])).collect::<Vec<_>>());
        parent = Some(settlement.to_parent());
    }
}
