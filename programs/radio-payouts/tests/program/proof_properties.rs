//! Properties of proofs, against the bytecode: whatever is altered, the program refuses.

use anchor_lang::prelude::Pubkey;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Batch, Epoch, Share};
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::tree::{Kind, Node, parent};

use super::proof::{EPOCH, Posted};

const COUNT: u32 = 11;

fn refused(posted: &mut Posted, instruction: solana_instruction::Instruction) -> Option<PayoutsError> {
    let code = posted.world.send(instruction, &[]).map(|_| ()).err()?;
    radio_payouts_client::error::payouts_error(code)
}

fn run<S: Strategy>(strategy: S, mut test: impl FnMut(&mut Posted, S::Value)) {
    let posted = std::cell::RefCell::new(Posted::new(COUNT));
    let test = std::cell::RefCell::new(&mut test);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
    runner
        .run(&strategy, |value| {
            (test.borrow_mut())(&mut posted.borrow_mut(), value);
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_altered_bit_of_a_proof_is_refused() {
    run((0..COUNT, any::<prop::sample::Index>()), |posted, (index, bit)| {
        let mut proof = posted.share_proof(index);
        let bit = bit.index(proof.len() * 320);
        let (node, bit) = (&mut proof[bit / 320], bit % 320);
        if bit < 256 {
            node.hash[bit / 8] ^= 1 << (bit % 8)
        } else {
            node.sum ^= 1 << (bit - 256)
        }
        let share = posted.shares[index as usize];
        let error = refused(posted, instruction::verify_share(share, &proof));
        let expected = if bit < 256 {
            &[PayoutsError::RootMismatch][..]
        } else {
            &[PayoutsError::SumMismatch, PayoutsError::SumOverflow]
        };
        assert!(error.is_some_and(|error| expected.contains(&error)), "{error:?}");
    });
}

#[test]
fn any_altered_bit_of_a_leaf_is_refused() {
    // did_hash, payee, amount.
    run((0..COUNT, 0..576usize), |posted, (index, bit)| {
        let proof = posted.share_proof(index);
        let mut share = posted.shares[index as usize];
        let mut payee = share.payee.to_bytes();
        match bit {
            0..256 => share.did_hash[bit / 8] ^= 1 << (bit % 8),
            256..512 => payee[(bit - 256) / 8] ^= 1 << (bit % 8),
            _ => share.amount ^= 1 << (bit - 512),
        }
        share.payee = Pubkey::new_from_array(payee);
        let error = refused(posted, instruction::verify_share(share, &proof));
        let sums = [PayoutsError::SumMismatch, PayoutsError::SumOverflow];
        assert_eq!(error.is_some_and(|error| sums.contains(&error)), bit >= 512, "{error:?}");
        assert!(bit >= 512 || error == Some(PayoutsError::RootMismatch), "{error:?}");
    });
}

#[test]
fn an_index_plus_a_power_of_two_is_refused() {
    run((0..COUNT, 0..32u32), |posted, (index, power)| {
        let Some(other) = index.checked_add(1 << power) else { return };
        let share = Share { index: other, ..posted.shares[index as usize] };
        let error = refused(posted, instruction::verify_share(share, &posted.share_proof(index)));
        let expected = if other < COUNT { PayoutsError::RootMismatch } else { PayoutsError::IndexOutOfRange };
        assert_eq!(error, Some(expected));
    });
}

#[test]
fn another_depth_is_refused() {
    run((0..COUNT, 0..20usize), |posted, (index, depth)| {
        let mut proof = posted.share_proof(index);
        prop_assume_depth(&mut proof, depth);
        let share = posted.shares[index as usize];
        let result = refused(posted, instruction::verify_share(share, &proof));
        assert_eq!(result, (depth != 4).then_some(PayoutsError::WrongProofLength));
    });
}

fn prop_assume_depth(proof: &mut Vec<Node>, depth: usize) {
    proof.resize(depth, Node { hash: [0; 32], sum: 0 });
}

#[test]
fn an_inner_node_is_no_leaf() {
    // The parent of leaves 2p and 2p + 1, passed off as a leaf through every field that the sender controls.
    run(0..COUNT / 2, |posted, pair| {
        let index = pair * 2;
        let proof = posted.share_proof(index);
        let share = posted.shares[index as usize];
        let leaf = radio_payouts_protocol::tree::share_leaf(
            &posted.world.domain(),
            EPOCH,
            index,
            &share.did_hash,
            &share.payee.to_bytes(),
            share.amount,
        );
        let node = parent(Kind::Payouts, &leaf, &proof[0]).unwrap();
        let forged = Share { index: pair, did_hash: node.hash, amount: node.sum, ..share };
        for siblings in [&proof[1..], &proof[..]] {
            assert!(refused(posted, instruction::verify_share(forged, siblings)).is_some());
        }
    });
}

#[test]
fn another_tree_kind_epoch_or_domain_is_refused() {
    run(0..COUNT, |posted, index| {
        let (share, batch) = (posted.shares[index as usize], posted.batches[index as usize]);
        let (proof, batch_proof) = (posted.share_proof(index), posted.batch_proof(index));
        // Another tree of the forest.
        let other = Share { index: index | 1 << 20, ..share };
        assert_eq!(refused(posted, instruction::verify_share(other, &proof)), Some(PayoutsError::IndexOutOfRange));
        // The other kind, with each other's proofs.
        assert!(refused(posted, instruction::verify_share(share, &batch_proof)).is_some());
        assert!(refused(posted, instruction::verify_batch(batch, &proof)).is_some());
        let mixed = Batch { sfu_key: share.did_hash, batch_hash: share.payee.to_bytes(), ..batch };
        assert!(refused(posted, instruction::verify_batch(mixed, &proof)).is_some());
        // Another epoch with the same roots, and another deployment.
        let address = address::epoch_address(EPOCH);
        let snapshot = posted.world.svm.get_account(&address).unwrap();
        posted.world.write(address, |epoch: &mut Epoch| epoch.epoch += 1);
        let mut elsewhere = instruction::verify_share(Share { epoch: EPOCH + 1, ..share }, &proof);
        elsewhere.accounts[0].pubkey = address;
        assert_eq!(refused(posted, elsewhere), Some(PayoutsError::RootMismatch));
        posted.world.svm.set_account(address, snapshot.clone()).unwrap();
        let domain = Domain::derive(&[1; 32], &radio_payouts::ID.to_bytes());
        posted.world.write(address, |epoch: &mut Epoch| epoch.domain = *domain.as_bytes());
        let error = refused(posted, instruction::verify_share(share, &proof));
        assert_eq!(error, Some(PayoutsError::RootMismatch));
        posted.world.svm.set_account(address, snapshot).unwrap();
        assert_eq!(refused(posted, instruction::verify_share(share, &proof)), None);
    });
}
