//! Tree, signatures and parsing against their peers, in one run: `cargo bench -p radio-payouts-protocol --features parallel`.
//!
//! Prints a Markdown table. Each figure is the median of several runs on all cores unless it says otherwise.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Envelope, Receipt, Rights};
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{MerkleSumTree, hash_leaves};
use radio_payouts_protocol::hash::{Hash, sha256};
use radio_payouts_protocol::tree::{Kind, Node, TreeRoot, share_leaf, verify_proof};
use rayon::prelude::*;
use rs_merkle::Hasher as _;
use sha2::{Digest as _, Sha256};

mod epoch;

/// A full tree, so that a peer without empty positions can build the very same one.
const LEAVES: usize = 1 << 20;
const DOMAIN: Domain = Domain::from_bytes([7; 32]);

/// The median time of making a value; giving its memory back is not counted.
fn median<T>(runs: usize, mut run: impl FnMut() -> T) -> Duration {
    black_box(run());
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            let made = black_box(run());
            let time = start.elapsed();
            drop(made);
            time
        })
        .collect();
    times.sort_unstable();
    times[runs / 2]
}

fn row(what: &str, value: impl std::fmt::Display, remark: impl std::fmt::Display) {
    println!("| {what} | {value} | {remark} |");
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

fn per_second(count: usize, time: Duration) -> String {
    format!("{:.0}/s", count as f64 / time.as_secs_f64())
}

fn main() {
    println!("| what | figure | remark |\n| --- | ---: | --- |");
    trees();
    proofs();
    batches();
    epoch::run();
}

/// rs_merkle building the tree of section 8: a hash is followed by its sum.
#[derive(Clone)]
struct SumTree;

impl rs_merkle::Hasher for SumTree {
    type Hash = [u8; 40];

    fn hash(_: &[u8]) -> Self::Hash {
        unreachable!("leaves are hashed by the caller, nodes below")
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        // Above the root of a full tree rs_merkle asks once more.
        let Some(right) = right else { return *left };
        let sum = |node: &[u8; 40]| u64::from_le_bytes(node[32..].try_into().unwrap());
        let hash =
            Sha256::new().chain_update([1, Kind::Payouts as u8]).chain_update(left).chain_update(right).finalize();
        with_sum(hash.into(), sum(left).checked_add(sum(right)).unwrap())
    }
}

fn with_sum(hash: Hash, sum: u64) -> [u8; 40] {
    let mut node = [0; 40];
    node[..32].copy_from_slice(&hash);
    node[32..].copy_from_slice(&sum.to_le_bytes());
    node
}

/// A share's leaf as a user of rs_merkle and sha2 would write it.
fn plain_leaf(index: u32, did_hash: &Hash) -> [u8; 40] {
    let hash = Sha256::new()
        .chain_update([0, Kind::Payouts as u8])
        .chain_update(DOMAIN.as_bytes())
        .chain_update(42u64.to_le_bytes())
        .chain_update(index.to_le_bytes())
        .chain_update(did_hash)
        .chain_update(did_hash)
        .chain_update(7u64.to_le_bytes())
        .finalize();
    with_sum(hash.into(), 7)
}

/// The same tree by rs_merkle, root for root; rs_merkle's own smaller one (32 bytes a leaf, 64 a node, no sums: three
/// compressions a leaf where ours takes four); and what the compressions alone would take.
fn trees() {
    let payloads: Vec<Hash> = (0..LEAVES).into_par_iter().map(|index| sha256(&[&index.to_le_bytes()])).collect();
    let ours = || {
        let leaves = hash_leaves(&payloads, |index, did_hash| {
            share_leaf(&DOMAIN, 42, u32::try_from(index).unwrap(), did_hash, did_hash, 7)
        });
        MerkleSumTree::build(Kind::Payouts, &DOMAIN, leaves).unwrap()
    };
    let same = || {
        let leaves: Vec<[u8; 40]> = (0u32..).zip(&payloads).map(|(index, did)| plain_leaf(index, did)).collect();
        rs_merkle::MerkleTree::<SumTree>::from_leaves(&leaves)
    };
    let smaller = || {
        use rs_merkle::algorithms::Sha256;
        let leaves: Vec<Hash> = payloads.iter().map(|leaf| Sha256::hash(leaf)).collect();
        rs_merkle::MerkleTree::<Sha256>::from_leaves(&leaves)
    };
    let root = ours().root();
    assert_eq!(same().root(), Some(with_sum(root.root, root.sum)), "both build the same tree");
    let (ours, same, smaller) = (median(9, ours), median(3, same), median(3, smaller));
    // A leaf of 118 bytes and a node of 82 are two compressions each; n leaves have n - 1 nodes.
    let compressions = 4 * LEAVES;
    let limit = median(9, || {
        (0..rayon::current_num_threads()).into_par_iter().for_each(|_| {
            let mut state = [0u32; 8];
            let block = [[0u8; 64]; 2];
            for _ in 0..compressions / rayon::current_num_threads() / 2 {
                sha2::block_api::compress256(&mut state, black_box(&block));
            }
            black_box(state);
        });
    });
    let ratio = |other: Duration| other.as_secs_f64() / ours.as_secs_f64();
    let times = |other| format!("ours is {:.1} times faster", ratio(other));
    let cores = rayon::current_num_threads();
    row(
        "Merkle-sum tree of 2^20 shares, leaves included",
        seconds(ours),
        format_args!("{cores} cores, all levels kept for proofs"),
    );
    row("the same tree by rs_merkle 1.5 (sha2 0.11), same root", seconds(same), times(same));
    row("rs_merkle's own tree of 2^20 leaves, without sums", seconds(smaller), times(smaller));
    row(
        "the 2^22 SHA-256 compressions of ours alone",
        seconds(limit),
        format_args!("{cores} cores; ours reaches {:.0} % of this limit", 100.0 * ratio(limit)),
    );
}

fn proofs() {
    let leaves: Vec<Node> = hash_leaves(&[(); 1 << 20], |index, ()| {
        share_leaf(&DOMAIN, 42, u32::try_from(index).unwrap(), &[1; 32], &[2; 32], 7)
    });
    let tree = MerkleSumTree::build(Kind::Payouts, &DOMAIN, leaves.clone()).unwrap();
    let root: TreeRoot = tree.root();
    let count = 20_000u32;
    let taken = median(5, || {
        for step in 0..count {
            black_box(tree.proof(step * 52).unwrap());
        }
    });
    let proofs: Vec<(u32, Vec<Node>)> = (0..count).map(|step| (step * 52, tree.proof(step * 52).unwrap())).collect();
    let checked = median(5, || {
        for (position, proof) in &proofs {
            let leaf = leaves[*position as usize];
            verify_proof(Kind::Payouts, leaf, *position, proof.iter().copied(), &root).unwrap();
        }
    });
    row("proofs taken at depth 20", per_second(count as usize, taken), "one core, tree in memory");
    row("proofs verified at depth 20", per_second(count as usize, checked), "one core");
}

fn batches() {
    let key = SigningKey::from_bytes(&[3; 32]);
    let did = did_of_key(&key.verifying_key().to_bytes());
    let receipts: Vec<Receipt> = (0..1_000u64)
        .map(|number| Receipt {
            acks: None,
            contributors: vec![Contribution { bytes_out: 1_000_000 + number, did: did.clone(), role: None }],
            recipients: 5,
            room_id: format!("room_{}", number / 3),
            timestamp: 1_760_000_005_000,
            track_id: format!("track_{}", number % 3),
        })
        .collect();
    let tracks = (0..3)
        .map(|number| Descriptor {
            metadata: None,
            rights: Rights::Original,
            track_id: format!("track_{number}"),
            uploader: did.clone(),
        })
        .collect();
    let batch = Batch {
        from: 1_760_000_000_000,
        prev: [0; 32],
        receipts,
        seq: 1,
        sfu: did.clone(),
        to: 1_760_000_010_000,
        tracks,
        v: 1,
    };
    let bytes = batch.clone().sign(&key, &DOMAIN).unwrap().to_bytes();
    let read = median(9, || {
        black_box(Envelope::parse(&bytes).unwrap());
    });
    let small = Batch { receipts: vec![], tracks: vec![], ..batch }.sign(&key, &DOMAIN).unwrap().to_bytes();
    let received = Envelope::parse(&small).unwrap();
    let copies = vec![received; 2_000];
    let verified = median(5, || {
        for received in copies.clone() {
            black_box(received.verify(&DOMAIN).unwrap());
        }
    });
    row("receipts read and checked for canonical form", per_second(1_000, read), "one core, 1 000 a batch");
    row("strict Ed25519 signature checks", per_second(copies.len(), verified), "one core");
}
