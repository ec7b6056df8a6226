//! The committed vectors of section 13, read by the bytecode: the same files as every other implementation.

use anchor_lang::prelude::Pubkey;
use radio_payouts::state::{Batch, Config, Epoch, EpochStatement, Share, TreeRoot};
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::tree::Node;
use serde_json::Value;

use super::world::World;

fn read(name: &str) -> Value {
    let file = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn hash(value: &Value) -> [u8; 32] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

fn long(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn short(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn root(value: &Value) -> TreeRoot {
    TreeRoot { root: hash(&value["root"]), sum: long(&value["sum"]), count: short(&value["count"]) }
}

fn share(value: &Value, epoch: u64) -> Share {
    Share {
        epoch,
        index: short(&value["index"]),
        did_hash: hash(&value["didHash"]),
        payee: Pubkey::new_from_array(hash(&value["payee"])),
        amount: long(&value["amount"]),
    }
}

fn siblings(value: &Value) -> Vec<Node> {
    let siblings = value.as_array().unwrap().iter();
    siblings.map(|node| Node { hash: hash(&node["hash"]), sum: long(&node["sum"]) }).collect()
}

/// An epoch with these payout trees, in the vectors' domain.
fn epoch_of(vectors: &Value, trees: Vec<TreeRoot>) -> World {
    let mut world = World::running(1, 1);
    world.post_all([42]);
    world.write(address::epoch_address(42), |epoch: &mut Epoch| {
        epoch.domain = hash(&vectors["domain"]);
        epoch.statement.payouts = trees;
        epoch.share_cap = u64::MAX;
    });
    world
}

#[test]
fn every_proof_of_the_trees_is_accepted() {
    let vectors = read("trees");
    let mut proven = 0;
    for tree in vectors["trees"].as_array().unwrap() {
        let mut world = epoch_of(&vectors, vec![root(&tree["tree"])]);
        for proof in tree["proofs"].as_array().unwrap() {
            let share = share(&proof["share"], long(&vectors["epoch"]));
            world.accept(instruction::verify_share(share, &siblings(&proof["siblings"])), &[]);
            proven += 1;
        }
    }
    assert_eq!(proven, 12);
}

#[test]
fn every_proof_of_the_forest_is_accepted() {
    let vectors = read("forest");
    let trees = vectors["trees"].as_array().unwrap().iter().map(root).collect();
    let mut world = epoch_of(&vectors, trees);
    for proof in vectors["proofs"].as_array().unwrap() {
        let share = share(&proof["share"], long(&vectors["epoch"]));
        world.accept(instruction::verify_share(share, &siblings(&proof["siblings"])), &[]);
    }
}

#[test]
fn the_batch_leaf_is_accepted_as_a_tree_of_its_own() {
    let vectors = read("trees");
    let leaf = &vectors["batchLeaf"];
    let batch = Batch {
        epoch: long(&vectors["epoch"]),
        index: short(&leaf["index"]),
        sfu_key: hash(&leaf["sfuKey"]),
        seq: long(&leaf["seq"]),
        batch_hash: hash(&leaf["batchHash"]),
        accepted_bytes: long(&leaf["acceptedBytes"]),
    };
    // The leaf is at index 3 of four; the other three are empty.
    let empty = Node { hash: hash(&vectors["empties"][1]["empty0"]), sum: 0 };
    let pair = Node { hash: hash(&vectors["empties"][1]["empty1"]), sum: 0 };
    let kind = radio_payouts_protocol::tree::Kind::Batches;
    let node = Node { hash: hash(&leaf["leaf"]["hash"]), sum: long(&leaf["leaf"]["sum"]) };
    let right = radio_payouts_protocol::tree::parent(kind, &empty, &node).unwrap();
    let top = radio_payouts_protocol::tree::parent(kind, &pair, &right).unwrap();
    let mut world = epoch_of(&vectors, Vec::new());
    world.write(address::epoch_address(42), |epoch: &mut Epoch| {
        epoch.statement.batches = TreeRoot { root: top.hash, sum: top.sum, count: 4 };
    });
    world.accept(instruction::verify_batch(batch, &[empty, pair]), &[]);
}

#[test]
fn the_settlements_are_posted_under_the_same_commitments() {
    let vectors = read("settlements");
    let mut world = World::running(1, 1);
    world.write(address::config_address(), |config: &mut Config| {
        config.domain = hash(&vectors["domain"]);
        config.genesis_unix = vectors["genesisUnix"].as_i64().unwrap();
        config.epoch_seconds = short(&vectors["epochSeconds"]);
        config.registry_version = long(&vectors["registryVersion"]);
    });
    let config = world.config();
    for epoch in vectors["epochs"].as_array().unwrap() {
        let number = long(&epoch["epoch"]);
        let statement = EpochStatement {
            parent: hash(&epoch["parent"]),
            params_version: short(&vectors["paramsVersion"]),
            registry_version: config.registry_version,
            inputs_hash: hash(&epoch["inputsHash"]),
            history_hash: hash(&epoch["historyHash"]),
            batches: root(&epoch["batches"]),
            pool: long(&epoch["pool"]),
            payouts: epoch["payouts"].as_array().unwrap().iter().map(root).collect(),
        };
        world.set_time(config.calendar().unwrap().end_unix(number).unwrap() + 600);
        world.post(0, number, statement).unwrap();
        let head = world.config().chain.head.unwrap();
        assert_eq!((head.epoch, head.commitment), (number, hash(&epoch["commitment"])));
    }
}
