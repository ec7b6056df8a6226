//! Disputes whose root leaves the chain for another reason: nothing gets stuck, and the bond goes back.

use radio_payouts::error::PayoutsError;
use radio_payouts::state::{DisputeOutcome, EpochStatus};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::dispute_world::{BOND, EPOCH, posted};
use super::world::{DAY, World};

/// Epoch 10 and 11 disputed, 10's dispute upheld.
fn orphaned() -> World {
    let mut world = posted([EPOCH, EPOCH + 1]);
    world.open_dispute(EPOCH, 0);
    world.open_dispute(EPOCH + 1, 0);
    let authority = world.authority.insecure_clone();
    world.accept(world.resolve(EPOCH, 0, true), &[&authority]);
    world
}

#[track_caller]
fn released_as_moot(world: &mut World) {
    let events = world.accept(world.release(EPOCH + 1, 0), &[]);
    let [Event::DisputeClosed(closed), Event::BondReleased(bond)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((closed.new, closed.by, bond.outcome), (DisputeOutcome::Moot, None, DisputeOutcome::Moot));
    world.accept(world.release(EPOCH, 0), &[]);
    let source = world.dispute(EPOCH, 0).accounts[6].pubkey;
    assert_eq!((world.tokens(source), world.tokens(address::treasury_address())), (Some(2 * BOND + 1), Some(0)));
}

#[test]
fn a_dispute_of_an_orphan_is_not_resolved_and_its_bond_goes_back_at_once() {
    let mut world = orphaned();
    let authority = world.authority.insecure_clone();
    for upheld in [true, false] {
        world.refuse(world.resolve(EPOCH + 1, 0, upheld), &[&authority], PayoutsError::EpochOrphaned);
    }
    world.wait(22 * DAY);
    world.refuse(instruction::lapse_dispute(EPOCH + 1, 0), &[], PayoutsError::EpochOrphaned);
    released_as_moot(&mut world);
    world.refuse(world.resolve(EPOCH + 1, 0, true), &[&authority], PayoutsError::DisputeEnded);
    // The disputed orphan is reopened like any other.
    world.accept(instruction::revoke_orphan(EPOCH + 1), &[]);
    world.accept(instruction::revoke_orphan(EPOCH), &[]);
    for epoch in [EPOCH, EPOCH + 1] {
        world.post(0, epoch, world.statement(0)).unwrap();
        assert_eq!((world.epoch(epoch).status, world.epoch(epoch).attempt), (EpochStatus::Posted, 1));
    }
    world.open_dispute(EPOCH + 1, 1);
}

#[test]
fn a_bond_goes_back_after_its_epoch_was_reopened_and_posted_again() {
    let mut world = orphaned();
    world.accept(instruction::revoke_orphan(EPOCH + 1), &[]);
    world.accept(instruction::revoke_orphan(EPOCH), &[]);
    let authority = world.authority.insecure_clone();
    world.refuse(world.resolve(EPOCH + 1, 0, true), &[&authority], PayoutsError::WrongAttempt);
    world.refuse(instruction::lapse_dispute(EPOCH + 1, 0), &[], PayoutsError::WrongAttempt);
    for epoch in [EPOCH, EPOCH + 1] {
        world.post(0, epoch, world.statement(0)).unwrap();
    }
    world.refuse(world.resolve(EPOCH + 1, 0, true), &[&authority], PayoutsError::WrongAttempt);
    released_as_moot(&mut world);
    assert_eq!(world.epoch(EPOCH + 1).status, EpochStatus::Posted);
}

#[test]
fn an_orphan_is_not_disputed() {
    let mut world = posted([EPOCH, EPOCH + 1]);
    world.open_dispute(EPOCH, 0);
    let (authority, stranger) = (world.authority.insecure_clone(), world.stranger.insecure_clone());
    world.accept(world.resolve(EPOCH, 0, true), &[&authority]);
    world.refuse(world.dispute(EPOCH + 1, 0), &[&stranger], PayoutsError::EpochOrphaned);
}

#[test]
fn a_rejected_ancestor_makes_a_dispute_moot_too() {
    let mut world = posted([EPOCH, EPOCH + 1]);
    world.wait(DAY - 3_700);
    world.open_dispute(EPOCH + 1, 0);
    world.wait(3_700);
    world.accept(instruction::finalize_epoch(EPOCH, None), &[]);
    let authority = world.authority.insecure_clone();
    let commitment = world.epoch(EPOCH).commitment;
    world.accept(instruction::reject_epoch(authority.pubkey(), EPOCH, commitment), &[&authority]);
    let events = world.accept(world.release(EPOCH + 1, 0), &[]);
    assert!(matches!(events.as_slice(), [Event::DisputeClosed(_), Event::BondReleased(_)]), "{events:?}");
}
