//! The chain of posted epochs: skipping, revocation, orphans.

use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Epoch, EpochStatus};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::{DAY, World};

#[test]
fn epochs_follow_one_another_or_are_passed_over_after_a_day() {
    let mut world = World::running(1, 1);
    world.post_all([10, 11]);
    world.go_past(13, 600);
    let statement = world.statement(0);
    world.refuse_post(13, statement.clone(), PayoutsError::SkipTooEarly);
    world.refuse_post(11, statement.clone(), PayoutsError::EpochNotAfterHead);
    world.refuse_post(9, statement.clone(), PayoutsError::EpochNotAfterHead);
    world.go_past(12, DAY - 1);
    world.refuse_post(13, statement.clone(), PayoutsError::SkipTooEarly);
    world.wait(1);
    let settler = world.settlers[0].insecure_clone();
    let args = world.args(13, statement);
    let instruction = world.post_instruction(0, args, None);
    let events = world.accept(instruction, &[&settler]);
    let Some(Event::RootPosted(event)) = events.last() else { panic!("{events:?}") };
    assert_eq!((event.old_head.unwrap().epoch, event.skipped_through), (11, Some(12)));
    let statement = world.statement(0);
    world.refuse_post(12, statement, PayoutsError::EpochNotAfterHead);
}

/// Commitment of the root in force.
fn root(world: &World, epoch: u64) -> [u8; 32] {
    world.read::<Epoch>(address::epoch_address(epoch)).commitment
}

/// Epochs 10 to 13 posted, 10 and 11 final, 11 rejected.
fn rejected() -> World {
    let mut world = World::running(1, 1);
    world.post_all([10, 11, 12, 13]);
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(10, None), &[]);
    world.accept(instruction::finalize_epoch(11, Some(10)), &[]);
    let (authority, stranger) = (world.authority.insecure_clone(), world.stranger.insecure_clone());
    let roots: Vec<_> = (10..=13).map(|epoch| root(&world, epoch)).collect();
    let reject = |epoch: u64| {
        let root = roots.get(usize::try_from(epoch - 10).unwrap()).copied().unwrap_or_default();
        instruction::reject_epoch(authority.pubkey(), epoch, root)
    };
    let by_stranger = instruction::reject_epoch(stranger.pubkey(), 11, roots[1]);
    world.refuse(by_stranger, &[&stranger], PayoutsError::NotAuthority);
    // Another root than the one in force.
    let other = instruction::reject_epoch(authority.pubkey(), 11, roots[2]);
    world.refuse(other, &[&authority], PayoutsError::RootHasChanged);
    let mut unsigned = reject(11);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    world.refuse(reject(12), &[&authority], PayoutsError::EpochNotFinal);
    world.refuse(reject(14), &[&authority], ErrorCode::AccountNotInitialized);
    world.refuse(instruction::revoke_orphan(13), &[], PayoutsError::NothingRevoked);
    let events = world.accept(reject(11), &[&authority]);
    let [Event::EpochStatusChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new), (EpochStatus::Final, EpochStatus::Revoked));
    world.refuse(reject(11), &[&authority], PayoutsError::EpochNotFinal);
    world
}

#[test]
fn a_revoked_parent_orphans_its_children_and_all_is_posted_again() {
    let mut world = rejected();
    world.go_past(14, 600);
    let statement = world.statement(0);
    world.refuse_post(14, statement, PayoutsError::HeadOrphaned);
    world.wait(DAY);
    world.refuse(instruction::finalize_epoch(12, Some(11)), &[], PayoutsError::EpochOrphaned);
    world.refuse(instruction::revoke_orphan(12), &[], PayoutsError::NotTheHead);
    world.refuse(instruction::revoke_orphan(11), &[], PayoutsError::NotTheHead);
    for (epoch, left) in [(13, Some(11)), (12, Some(11)), (11, None)] {
        let statement = world.statement(0);
        world.refuse_post(14, statement, PayoutsError::HeadOrphaned);
        let events = world.accept(instruction::revoke_orphan(epoch), &[]);
        let [Event::EpochStatusChanged(status), Event::HeadRetreated(head)] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!((status.epoch, status.attempt, status.new), (epoch, 1, EpochStatus::Open));
        assert_eq!((head.new.unwrap().epoch, head.orphaned_from), (epoch - 1, left));
    }
    world.refuse(instruction::revoke_orphan(10), &[], PayoutsError::NothingRevoked);

    // The same settler posts the same commitments again, in the next attempt.
    for epoch in 11..=14 {
        let statement = world.statement(0);
        world.post(0, epoch, statement).unwrap();
        let posted: Epoch = world.read(address::epoch_address(epoch));
        assert_eq!((posted.status, posted.parent_epoch), (EpochStatus::Posted, Some(epoch - 1)));
        assert_eq!(posted.attempt, u32::from(epoch < 14));
    }
}

#[test]
fn what_was_passed_over_stays_so_after_a_revocation() {
    let mut world = World::running(1, 1);
    world.post_all([10]);
    world.go_past(11, DAY);
    world.post(0, 12, world.statement(0)).unwrap();
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(10, None), &[]);
    world.accept(instruction::finalize_epoch(12, Some(10)), &[]);
    let authority = world.authority.insecure_clone();
    let reject = instruction::reject_epoch(authority.pubkey(), 12, root(&world, 12));
    world.accept(reject, &[&authority]);
    world.accept(instruction::revoke_orphan(12), &[]);
    let statement = world.statement(0);
    world.refuse_post(11, statement, PayoutsError::EpochSkipped);
    world.post(0, 12, world.statement(0)).unwrap();
}

#[test]
fn the_first_epoch_can_be_revoked_and_an_earlier_revocation_widens() {
    let mut world = World::running(1, 1);
    world.post_all([10, 11]);
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(10, None), &[]);
    world.accept(instruction::finalize_epoch(11, Some(10)), &[]);
    let authority = world.authority.insecure_clone();
    let roots = [root(&world, 10), root(&world, 11)];
    let reject =
        |epoch: u64| instruction::reject_epoch(authority.pubkey(), epoch, roots[usize::try_from(epoch - 10).unwrap()]);
    world.accept(reject(11), &[&authority]);
    world.accept(reject(10), &[&authority]);
    world.accept(instruction::revoke_orphan(11), &[]);
    world.accept(instruction::revoke_orphan(10), &[]);
    assert_eq!(world.config().chain.head, None);
    world.post(0, 10, world.statement(0)).unwrap();
    let epoch: Epoch = world.read(address::epoch_address(10));
    assert_eq!((epoch.attempt, epoch.parent_epoch), (1, None));
}

#[test]
fn an_orphan_and_what_stands_before_a_ratified_epoch_are_not_rejected() {
    let mut world = World::running(1, 1);
    world.post_all([10, 11]);
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(10, None), &[]);
    world.accept(instruction::finalize_epoch(11, Some(10)), &[]);
    let authority = world.authority.insecure_clone();
    let roots = [root(&world, 10), root(&world, 11)];
    let reject =
        |epoch: u64| instruction::reject_epoch(authority.pubkey(), epoch, roots[usize::try_from(epoch - 10).unwrap()]);
    let config = address::config_address();
    world.write(config, |config: &mut radio_payouts::state::Config| config.chain.ratified_through = Some(11));
    world.refuse(reject(10), &[&authority], PayoutsError::LaterEpochRatified);
    world.write(config, |config: &mut radio_payouts::state::Config| config.chain.ratified_through = None);
    world.accept(reject(10), &[&authority]);
    world.refuse(reject(11), &[&authority], PayoutsError::EpochOrphaned);
}
