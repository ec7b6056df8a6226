use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{ConfigTimesDelta, Epoch, EpochStatus};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::{DAY, World};

#[test]
fn epochs_become_final_in_order_after_their_window() {
    let mut world = World::running(1, 1);
    world.refuse(instruction::finalize_epoch(10, None), &[], ErrorCode::AccountNotInitialized);
    world.post_all([10, 11]);
    world.refuse(instruction::finalize_epoch(10, None), &[], PayoutsError::ChallengeWindowOpen);
    world.wait(DAY);
    world.refuse(instruction::finalize_epoch(11, None), &[], PayoutsError::ParentMissing);
    world.refuse(instruction::finalize_epoch(11, Some(11)), &[], PayoutsError::NotTheParent);
    world.refuse(instruction::finalize_epoch(11, Some(10)), &[], PayoutsError::ParentNotFinal);
    let before = world.lamports(address::epoch_address(10));
    let events = world.accept(instruction::finalize_epoch(10, None), &[]);
    let [Event::EpochStatusChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.epoch, event.old, event.new), (10, EpochStatus::Posted, EpochStatus::Final));
    assert_eq!(world.lamports(address::epoch_address(10)), before);
    world.refuse(instruction::finalize_epoch(10, None), &[], PayoutsError::EpochNotPosted);

    // A parent that is final with another commitment is not the parent.
    let snapshot = world.svm.get_account(&address::epoch_address(10)).unwrap();
    world.write(address::epoch_address(10), |epoch: &mut Epoch| epoch.commitment[0] ^= 1);
    world.refuse(instruction::finalize_epoch(11, Some(10)), &[], PayoutsError::ParentNotFinal);
    world.svm.set_account(address::epoch_address(10), snapshot).unwrap();
    world.accept(instruction::finalize_epoch(11, Some(10)), &[]);
    let epoch: Epoch = world.read(address::epoch_address(11));
    assert_eq!((epoch.status, epoch.finalized.at), (EpochStatus::Final, world.now()));
}

#[test]
fn a_posted_epoch_keeps_the_times_that_it_was_posted_under() {
    let mut world = World::running(1, 1);
    world.post_all([10]);
    let authority = world.authority.insecure_clone();
    let times = ConfigTimesDelta { challenge_seconds: Some(5), ..Default::default() };
    let args = radio_payouts::SetConfigTimesArgs { times, ..Default::default() };
    world.accept(instruction::set_config_times(authority.pubkey(), args), &[&authority]);
    world.wait(6);
    world.refuse(instruction::finalize_epoch(10, None), &[], PayoutsError::ChallengeWindowOpen);
    world.go_past(11, 600);
    world.post(0, 11, world.statement(0)).unwrap();
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(10, None), &[]);
}
