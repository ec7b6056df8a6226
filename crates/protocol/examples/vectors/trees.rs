//! Leaves, nodes, trees of 0, 1, 2, 3, 5 and 1000 leaves, proofs, and a forest across two trees.

use radio_payouts_protocol::forest::{Forest, MerkleSumTree};
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::tree::{Kind, Node, TREE_CAPACITY, TreeRoot, batch_leaf, empty_leaf, parent, share_leaf};
use serde_json::{Value, json};

use crate::domain;

const EPOCH: u64 = 42;

fn share(index: u32) -> (Node, Value) {
    let (did_hash, payee, amount) =
        (sha256(&[b"did", &index.to_le_bytes()]), sha256(&[b"payee", &index.to_le_bytes()]), u64::from(index) * 7 + 1);
    let leaf = share_leaf(&domain(), EPOCH, index, &did_hash, &payee, amount);
    let value = json!({
        "index": index,
        "didHash": hex::encode(did_hash),
        "payee": hex::encode(payee),
        "amount": amount.to_string(),
        "leaf": node(&leaf),
    });
    (leaf, value)
}

fn node(node: &Node) -> Value {
    json!({ "hash": hex::encode(node.hash), "sum": node.sum.to_string() })
}

pub fn root(root: &TreeRoot) -> Value {
    json!({ "root": hex::encode(root.root), "sum": root.sum.to_string(), "count": root.count })
}

fn proof(siblings: Option<Vec<Node>>) -> Vec<Value> {
    siblings.unwrap().iter().map(node).collect()
}

pub fn trees() -> Value {
    let (sfu_key, batch_hash) = (sha256(&[b"sfu"]), sha256(&[b"batch"]));
    let batch = batch_leaf(&domain(), EPOCH, 3, &sfu_key, 42, &batch_hash, 1_048_576);
    let empties: Vec<Value> = [Kind::Payouts, Kind::Batches]
        .into_iter()
        .map(|kind| {
            let empty = empty_leaf(kind, &domain());
            let above = parent(kind, &empty, &empty).unwrap();
            json!({ "kind": kind as u8, "empty0": hex::encode(empty.hash), "empty1": hex::encode(above.hash) })
        })
        .collect();
    let trees: Vec<Value> = [0u32, 1, 2, 3, 5, 1_000]
        .into_iter()
        .map(|count| {
            let (leaves, values): (Vec<Node>, Vec<Value>) = (0..count).map(share).unzip();
            let tree = MerkleSumTree::build(Kind::Payouts, &domain(), leaves).unwrap();
            let picked = [0, count / 2, count.saturating_sub(1)];
            let proofs: Vec<Value> = (0..count)
                .filter(|index| picked.contains(index))
                .map(|index| json!({ "share": values[index as usize], "siblings": proof(tree.proof(index)) }))
                .collect();
            json!({ "tree": root(&tree.root()), "proofs": proofs })
        })
        .collect();
    json!({
        "domain": hex::encode(domain().as_bytes()),
        "epoch": EPOCH.to_string(),
        "shareRule": "didHash = SHA-256('did' || index u32), payee = SHA-256('payee' || index u32), amount = 7 * index + 1",
        "batchLeaf": {
            "index": 3, "sfuKey": hex::encode(sfu_key), "seq": "42", "batchHash": hex::encode(batch_hash),
            "acceptedBytes": "1048576", "leaf": node(&batch),
        },
        "empties": empties,
        "trees": trees,
    })
}

pub fn forest() -> Value {
    let count = TREE_CAPACITY + 3;
    let leaves: Vec<Node> = (0..count).map(|index| share(index).0).collect();
    let forest = Forest::build(&domain(), &leaves).unwrap();
    let proofs: Vec<Value> = [0, TREE_CAPACITY - 1, TREE_CAPACITY, count - 1]
        .into_iter()
        .map(|index| json!({ "share": share(index).1, "siblings": proof(forest.proof(index)) }))
        .collect();
    json!({
        "domain": hex::encode(domain().as_bytes()),
        "epoch": EPOCH.to_string(),
        "trees": forest.roots().iter().map(root).collect::<Vec<_>>(),
        "proofs": proofs,
    })
}
