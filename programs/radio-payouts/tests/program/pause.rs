use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Pause, Share};
use radio_payouts_client::event::Event;
use radio_payouts_client::instruction;
use solana_signer::Signer;

use super::world::{DAY, World, sfu_terms};

#[test]
fn only_pause_key_and_authority_pause_and_resume() {
    let mut world = World::initialized();
    let (stranger, pauser, authority) =
        (world.stranger.insecure_clone(), world.pause_key.insecure_clone(), world.authority.insecure_clone());
    world.refuse(instruction::pause(stranger.pubkey()), &[&stranger], PayoutsError::NotPauseKey);
    world.refuse(instruction::resume(pauser.pubkey()), &[&pauser], PayoutsError::NotPaused);
    let since = world.now();
    let events = world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    let [Event::PauseChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new.since), (Pause::default(), Some(since)));
    world.refuse(instruction::pause(authority.pubkey()), &[&authority], PayoutsError::AlreadyPaused);
    world.refuse(instruction::resume(stranger.pubkey()), &[&stranger], PayoutsError::NotPauseKey);
    world.wait(50);
    world.accept(instruction::resume(authority.pubkey()), &[&authority]);
    assert_eq!(world.config().pause, Pause { since: None, total_seconds: 50 });
    world.refuse(instruction::resume(authority.pubkey()), &[&authority], PayoutsError::NotPaused);
}

#[test]
fn a_pause_stops_posting_and_registering_but_not_proving_and_lapses() {
    let mut world = World::running(2, 1);
    world.post_all([3]);
    let pauser = world.pause_key.insecure_clone();
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);

    world.go_past(4, 600);
    let statement = world.statement(0);
    world.refuse_post(4, statement.clone(), PayoutsError::Paused);
    assert_eq!(world.register_sfu(sfu_terms([0x52; 32])).map(|_| ()), Err(PayoutsError::Paused.into()));
    assert_eq!(world.register_settler(2).map(|_| ()), Err(PayoutsError::Paused.into()));
    world.refuse(instruction::finalize_epoch(3, None), &[], PayoutsError::Paused);
    let share = Share { epoch: 3, index: 0, did_hash: [0; 32], payee: world.mint, amount: 1 };
    world.refuse(instruction::verify_share(share, &[]), &[], PayoutsError::IndexOutOfRange);
    // What only takes away still works.
    world.accept(instruction::stop_sfu(pauser.pubkey(), &[0x51; 32], Some(5)), &[&pauser]);

    world.wait(14 * DAY);
    let statement = world.statement(0);
    world.post(0, 4, statement).unwrap();
}

#[test]
fn a_pause_extends_the_challenge_window() {
    let mut world = World::running(1, 1);
    world.post_all([3]);
    let (posted, pauser) = (world.now(), world.pause_key.insecure_clone());
    world.wait(100);
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    world.wait(1_000);
    world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    world.set_time(posted + DAY + 999);
    world.refuse(instruction::finalize_epoch(3, None), &[], PayoutsError::ChallengeWindowOpen);
    world.wait(1);
    world.accept(instruction::finalize_epoch(3, None), &[]);
}
