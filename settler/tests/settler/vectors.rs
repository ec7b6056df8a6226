//! The settler against the committed vectors of section 13: intake, store, stages, files, proofs and verification.

use std::path::PathBuf;

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::params::Mode;
use radio_payouts_protocol::registry::{NEVER, Sfu};
use radio_payouts_protocol::statement::Statement;
use radio_payouts_protocol::tree::TreeRoot;
use radio_payouts_settler::artefact::Terms;
use radio_payouts_settler::artefact::manifest::{STANDING, StatementJson};
use radio_payouts_settler::artefact::proof::{self, FORMAT, ProofBundle, ShareJson, SiblingJson};
use radio_payouts_settler::artefact::terms::{Deployment, VersionInForce};
use radio_payouts_settler::artefact::verify::{Fault, Recomputed};
use radio_payouts_settler::engine::Choice;
use radio_payouts_settler::epoch::{build, seal};
use radio_payouts_settler::store::Store;
use radio_payouts_settler::store::intake::Intake;
use serde_json::Value;

fn read(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name);
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

fn root(value: &Value) -> TreeRoot {
    let count = u32::try_from(number(&value["count"])).unwrap();
    TreeRoot { root: hash(&value["root"]), sum: number(&value["sum"]), count }
}

fn envelope(value: &Value) -> Vec<u8> {
    value.as_str().unwrap().as_bytes().to_vec()
}

#[test]
fn intake_answers_the_vectors_envelopes_and_the_store_returns_them() {
    let vectors = read("batches.json");
    let domain = Domain::from_bytes(hash(&vectors["domain"]));
    let key = SigningKey::from_bytes(&hash(&vectors["sfuSecret"])).verifying_key().to_bytes();
    let registry =
        [Sfu { key, demo: false, valid_from: 0, valid_until: NEVER, max_bytes_per_epoch: 1 << 46, stop_seq: NEVER }];
    let clock = || u64::MAX / 2;
    let intake = Intake::new(domain, &registry, &clock);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    for case in list(&vectors["refused"]) {
        let answers = intake.hold(&mut store, "vectors", vec![envelope(&case["envelope"])]).unwrap();
        assert_eq!(answers[0].as_str(), case["answer"], "{case}");
    }
    for case in list(&vectors["signed"]) {
        for answer in ["held", "already_held"] {
            let answers = intake.hold(&mut store, "vectors", vec![envelope(&case["envelope"])]).unwrap();
            assert_eq!(answers[0].as_str(), answer, "{case}");
        }
        assert_eq!(store.envelope_of(&hash(&case["batchHash"])).unwrap(), envelope(&case["envelope"]));
    }
}

#[test]
fn the_stages_lead_from_the_vectors_envelopes_to_their_commitments() {
    let vectors = read("settlements.json");
    let deployment = Deployment {
        domain: hash(&vectors["domain"]),
        genesis_hash: hash(&vectors["genesisHash"]),
        program_id: hash(&vectors["programId"]),
        genesis_unix: vectors["genesisUnix"].as_i64().unwrap(),
        epoch_seconds: u32::try_from(number(&vectors["epochSeconds"])).unwrap(),
    };
    assert!(deployment.is_consistent());
    let version = u32::try_from(number(&vectors["paramsVersion"])).unwrap();
    let mut terms = Terms {
        deployment,
        epoch: 0,
        params: serde_json::from_value(vectors["params"].clone()).unwrap(),
        params_version: version,
        versions: vec![VersionInForce { version, effective_epoch: 0, mode: Mode::Demo }],
        registry_version: number(&vectors["registryVersion"]),
        registry: serde_json::from_value(vectors["sfus"].clone()).unwrap(),
        parent: None,
    };
    terms.registry.sort_unstable_by_key(|sfu| sfu.key);
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let clock = || u64::MAX / 2;
    let registry = terms.registry.clone();
    let intake = Intake::new(Domain::from_bytes(deployment.domain), &registry, &clock);
    for case in list(&vectors["epochs"]) {
        terms.epoch = number(&case["epoch"]);
        let envelopes = list(&case["envelopes"]).iter().map(envelope).collect();
        let answers = intake.hold(&mut store, "vectors", envelopes).unwrap();
        assert!(answers.iter().all(|answer| answer.as_str() == "held"), "{answers:?}");

        let sealed = seal::seal(&store, &terms, 0).unwrap_or_else(|failure| panic!("{:#}", failure.error));
        assert_eq!(sealed.batches.len(), answers.len());
        let artefact = build::build(&store, &terms, &sealed, &Choice::default(), |_| {})
            .unwrap_or_else(|failure| panic!("{:#}", failure.error));
        let statement = artefact.statement();
        assert_eq!(artefact.manifest.commitment, hash(&case["commitment"]), "epoch {}", terms.epoch);
        assert_eq!(statement.parent, hash(&case["parent"]));
        assert_eq!(statement.inputs_hash, hash(&case["inputsHash"]));
        assert_eq!(statement.history_hash, hash(&case["historyHash"]));
        assert_eq!(statement.batches, root(&case["batches"]));
        assert_eq!(statement.pool, number(&case["pool"]));
        assert_eq!(statement.payouts, list(&case["payouts"]).iter().map(root).collect::<Vec<_>>());

        let payouts = artefact.payouts().unwrap();
        assert_eq!(payouts.len(), list(&case["shares"]).len());
        for (payout, share) in payouts.iter().zip(list(&case["shares"])) {
            assert_eq!((&payout.did.as_str(), payout.payee), (&share["did"].as_str().unwrap(), hash(&share["payee"])));
            assert_eq!(
                [payout.bytes, payout.effective_bytes, payout.raw, payout.amount],
                ["bytes", "effectiveBytes", "raw", "amount"].map(|name| number(&share[name]))
            );
            assert_eq!(payout.index.map(u64::from), share["index"].as_u64());
            if payout.index.is_some() {
                let siblings = |index| proof::siblings_in_memory(&artefact, index);
                let bundle = proof::of(&artefact, &payout.did, siblings).unwrap().unwrap();
                assert_eq!(bundle.commitment, hash(&case["commitment"]));
            }
        }
        match Recomputed::from_folder(&artefact.folder).and_then(|recomputed| recomputed.compare_files()) {
            Ok(files) => assert!(files > 8, "{files}"),
            Err(Fault::Difference(what)) => panic!("{what}"),
            Err(Fault::Failed(error)) => panic!("{error:#}"),
        }
        terms.parent = Some(artefact.to_parent().unwrap());
    }
}

/// The vectors' shares are those of made-up DIDs: `did` and the index as four bytes, which is text up to 127.
#[test]
fn proof_documents_hold_for_the_vectors_trees_and_for_no_other_amount() {
    let (vectors, settlements) = (read("trees.json"), read("settlements.json"));
    let deployment = Deployment {
        domain: hash(&vectors["domain"]),
        genesis_hash: hash(&settlements["genesisHash"]),
        program_id: hash(&settlements["programId"]),
        genesis_unix: 0,
        epoch_seconds: 300,
    };
    let mut checked = 0;
    for case in list(&vectors["trees"]) {
        let tree = root(&case["tree"]);
        let statement = Statement {
            epoch: number(&vectors["epoch"]),
            parent: [0; 32],
            params_version: 1,
            registry_version: 1,
            inputs_hash: [1; 32],
            history_hash: [2; 32],
            batches: TreeRoot { root: [3; 32], sum: u64::MAX, count: 1 },
            pool: tree.sum,
            payouts: vec![tree],
        };
        for proof in case["proofs"].as_array().unwrap() {
            let share = &proof["share"];
            let index = u32::try_from(number(&share["index"])).unwrap();
            let Ok(did) = String::from_utf8([b"did", &index.to_le_bytes()[..]].concat()) else { continue };
            let siblings = proof["siblings"].as_array().unwrap();
            let mut bundle = ProofBundle {
                format: FORMAT.to_owned(),
                standing: STANDING.to_owned(),
                deployment,
                commitment: statement.commitment(&Domain::from_bytes(deployment.domain)),
                statement: StatementJson::from(&statement),
                max_share_bps: 10_000,
                share: ShareJson {
                    did,
                    index,
                    payee: hash(&share["payee"]),
                    amount_base_units: number(&share["amount"]),
                },
                siblings: siblings
                    .iter()
                    .map(|sibling| SiblingJson { hash: hash(&sibling["hash"]), sum: number(&sibling["sum"]) })
                    .collect(),
            };
            assert_eq!(bundle.did_hash(), hash(&share["didHash"]));
            bundle.check().unwrap();
            bundle.share.amount_base_units += 1;
            assert!(bundle.check().is_err(), "{share}");
            checked += 1;
        }
    }
    assert!(checked > 8, "{checked}");
}
