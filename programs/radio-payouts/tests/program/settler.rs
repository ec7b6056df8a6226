use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::RegisterSettlerArgs;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Config, Settler};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::World;

#[test]
fn registration_refuses_signers_keys_and_replays() {
    let mut world = World::initialized();
    let (payer, stranger, authority) =
        (world.payer.pubkey(), world.stranger.insecure_clone(), world.authority.insecure_clone());
    let args = RegisterSettlerArgs { key: world.settlers[0].pubkey(), operator: stranger.pubkey(), valid_from: 0 };
    let by_stranger = instruction::register_settler(payer, stranger.pubkey(), args);
    world.refuse(by_stranger, &[&stranger], PayoutsError::NotAuthority);
    let register = |args| instruction::register_settler(payer, authority.pubkey(), args);
    let mut unsigned = register(args);
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let small = RegisterSettlerArgs { key: Pubkey::default(), ..args };
    world.refuse(register(small), &[&authority], PayoutsError::KeySmallOrder);
    let nobody = RegisterSettlerArgs { operator: Pubkey::default(), ..args };
    world.refuse(register(nobody), &[&authority], PayoutsError::OperatorMissing);

    let before = world.lamports(payer);
    let events = world.accept(register(args), &[&authority]);
    let [Event::SettlerRegistered(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.valid_from, event.active_settlers, event.registry_version), (0, 1, 1));
    let rent = world.lamports(address::settler_address(&args.key));
    assert_eq!(world.lamports(payer), before - rent - 10_000);
    world.refuse(register(args), &[&authority], 0u32);
    world.write(address::config_address(), |config: &mut Config| config.active_settlers = 64);
    assert_eq!(world.register_settler(1).map(|_| ()), Err(PayoutsError::TooManySettlers.into()));
}

#[test]
fn a_settler_registered_later_posts_from_the_next_epoch_on() {
    let mut world = World::running(1, 1);
    world.post_all([12]);
    world.register_settler(1).unwrap();
    world.wait(i64::from(super::world::EPOCH_SECONDS) - 700);
    let statement = world.statement(0);
    let refused = world.post(1, 13, statement.clone()).map(|_| ());
    assert_eq!(refused, Err(PayoutsError::SettlerNotYetValid.into()));
    world.go_past(13, 600);
    world.post(1, 13, statement).unwrap();
}

#[test]
fn never_fewer_settlers_than_the_threshold() {
    let mut world = World::running(3, 2);
    let (stranger, operator, pauser) =
        (world.stranger.insecure_clone(), world.operator.insecure_clone(), world.pause_key.insecure_clone());
    let keys = [0, 1, 2].map(|number: usize| world.settlers[number].pubkey());
    let stop = |by, number: usize| instruction::stop_settler(by, &keys[number]);
    world.refuse(stop(stranger.pubkey(), 0), &[&stranger], PayoutsError::NotOperatorOrAuthority);
    let mut unsigned = stop(operator.pubkey(), 0);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let events = world.accept(stop(pauser.pubkey(), 0), &[&pauser]);
    let [Event::SettlerStopped(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.key, event.active_settlers), (keys[0], 2));
    world.refuse(stop(operator.pubkey(), 0), &[&operator], PayoutsError::SettlerStopped);
    world.refuse(stop(operator.pubkey(), 1), &[&operator], PayoutsError::TooFewSettlers);
    let settler: Settler = world.read(address::settler_address(&keys[0]));
    assert_eq!(settler.stopped_at, Some(world.now()));
}

#[test]
fn the_operator_replaces_the_key_at_once_and_support_of_the_old_one_is_void() {
    let mut world = World::running(2, 2);
    let (payer, stranger, operator) =
        (world.payer.pubkey(), world.stranger.insecure_clone(), world.operator.insecure_clone());
    let (old, new) = (world.settlers[0].pubkey(), world.settlers[2].insecure_clone());
    world.go_past(10, 600);
    let statement = world.statement(0);
    world.post(0, 10, statement.clone()).unwrap();

    let replace = |by, key: Pubkey| instruction::replace_settler_key(payer, by, &old, key);
    world.refuse(replace(stranger.pubkey(), new.pubkey()), &[&stranger, &new], PayoutsError::NotOperator);
    let mut unsigned = replace(operator.pubkey(), new.pubkey());
    unsigned.accounts[2].is_signer = false;
    world.refuse(unsigned, &[&operator], ErrorCode::AccountNotSigner);
    let before = world.lamports(payer);
    world.accept(replace(operator.pubkey(), new.pubkey()), &[&operator, &new]);
    let rent = world.lamports(address::settler_address(&new.pubkey()));
    assert_eq!(world.lamports(payer), before - rent - 15_000, "three signatures");
    assert_eq!(world.config().active_settlers, 2);

    // The old statement names the old registry; a new one needs two settlers again, and the old key is not one.
    let stale = world.post(2, 10, statement).map(|_| ());
    assert_eq!(stale, Err(PayoutsError::StaleRegistryVersion.into()));
    let statement = world.statement(0);
    world.post(2, 10, statement.clone()).unwrap();
    assert!(world.config().chain.head.is_none());
    let stopped = world.post(0, 10, statement.clone()).map(|_| ());
    assert_eq!(stopped, Err(PayoutsError::SettlerStopped.into()));
    world.post(1, 10, statement).unwrap();
    assert_eq!(world.config().chain.head.unwrap().epoch, 10);
}
