//! Compute units, as rows of a table: `cargo test -p radio_payouts --test program -- compute_units --nocapture`.

use anchor_lang::prelude::Pubkey;
use radio_payouts::state::{Batch, EpochStatement, Share};
use radio_payouts_client::instruction;
use radio_payouts_protocol::tree::{Kind, Node, TreeRoot, batch_leaf, parent, share_leaf};

use super::world::World;

/// What section 8 allows at depth 20.
const LIMIT: u64 = 25_000;

/// A proof of any depth without building its tree: the siblings are given, the root follows.
pub fn climb(kind: Kind, leaf: Node, position: u32, depth: u32) -> (Vec<Node>, TreeRoot) {
    let siblings: Vec<_> = (0..depth).map(|level| Node { hash: [level as u8; 32], sum: 1 }).collect();
    let root = siblings.iter().enumerate().fold(leaf, |node, (level, sibling)| {
        let (left, right) = if position >> level & 1 == 0 { (&node, sibling) } else { (sibling, &node) };
        parent(kind, left, right).unwrap()
    });
    (siblings, TreeRoot { root: root.hash, sum: root.sum, count: 1 << depth })
}

fn measure(depth: u32) -> (u64, u64) {
    const EPOCH: u64 = 10;
    let mut world = World::running(1, 1);
    world.go_past(EPOCH, 600);
    let domain = world.domain();
    let index = 0x000a_5a5a & ((1 << depth) - 1);
    let share = Share { epoch: EPOCH, index, did_hash: [1; 32], payee: Pubkey::new_from_array([2; 32]), amount: 7 };
    let leaf = share_leaf(&domain, EPOCH, index, &share.did_hash, &share.payee.to_bytes(), share.amount);
    let (siblings, payouts) = climb(Kind::Payouts, leaf, index, depth);
    let batch = Batch { epoch: EPOCH, index, sfu_key: [3; 32], seq: 1, batch_hash: [4; 32], accepted_bytes: 1_000_000 };
    let leaf = batch_leaf(&domain, EPOCH, index, &batch.sfu_key, 1, &batch.batch_hash, batch.accepted_bytes);
    let (batch_siblings, batches) = climb(Kind::Batches, leaf, index, depth);
    let statement = EpochStatement { payouts: vec![payouts.into()], batches: batches.into(), ..world.statement(0) };
    world.post(0, EPOCH, statement).unwrap();
    let share = world.send(instruction::verify_share(share, &siblings), &[]).unwrap();
    let batch = world.send(instruction::verify_batch(batch, &batch_siblings), &[]).unwrap();
    (share.compute_units_consumed, batch.compute_units_consumed)
}

#[test]
fn compute_units_of_proofs_stay_within_their_limit() {
    println!("| depth | verify_share | verify_batch |\n| ---: | ---: | ---: |");
    for depth in [0, 10, 17, 20] {
        let (share, batch) = measure(depth);
        println!("| {depth} | {share} | {batch} |");
        assert!(share <= LIMIT && batch <= LIMIT);
    }
}
