use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::SetConfigTimesArgs;
use radio_payouts::error::PayoutsError;
use radio_payouts::event::{DemoFlagChanged, PauseKeyChanged, RegistrarsChanged};
use radio_payouts::state::{ConfigTimesDelta, GovernanceSettingsDelta};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::money::Money;
use super::world::World;

fn times(delta: ConfigTimesDelta) -> SetConfigTimesArgs {
    SetConfigTimesArgs { times: delta, ..Default::default() }
}

#[test]
fn strangers_change_nothing() {
    let mut world = World::initialized();
    let stranger = world.stranger.insecure_clone();
    let by = stranger.pubkey();
    let grace = times(ConfigTimesDelta { grace_seconds: Some(1), ..Default::default() });
    for instruction in [
        instruction::set_config_times(by, grace),
        instruction::set_demo_flag(by, false),
        instruction::set_pause_key(by, by),
        instruction::set_registrars(by, vec![by]),
        instruction::offer_authority(by, Some(by)),
    ] {
        world.refuse(instruction.clone(), &[&stranger], PayoutsError::NotAuthority);
        let mut unsigned = instruction.clone();
        unsigned.accounts[0].pubkey = world.authority.pubkey();
        unsigned.accounts[0].is_signer = false;
        world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
        // Another account of the program in the place of Config.
        let mut wrong = instruction;
        wrong.accounts[1].pubkey = address::params_address(1);
        world.refuse(wrong, &[&stranger], ErrorCode::AccountDiscriminatorMismatch);
    }
}

#[test]
fn times_are_bounded_and_the_threshold_stays_reachable() {
    let mut world = World::running(2, 1);
    let authority = world.authority.insecure_clone();
    let by = authority.pubkey();
    let set = |delta| instruction::set_config_times(by, times(delta));
    world.refuse(set(ConfigTimesDelta::default()), &[&authority], PayoutsError::NothingChanges);
    let three = ConfigTimesDelta { attestation_threshold: Some(3), ..Default::default() };
    world.refuse(set(three), &[&authority], PayoutsError::ThresholdAboveSettlers);
    let none = ConfigTimesDelta { attestation_threshold: Some(0), ..Default::default() };
    world.refuse(set(none), &[&authority], PayoutsError::ThresholdOutOfBounds);
    let short = ConfigTimesDelta { dispute_seconds: Some(9 * 86_400), ..Default::default() };
    world.refuse(set(short), &[&authority], PayoutsError::DisputeTooShort);
    let votes = GovernanceSettingsDelta { voting_seconds: Some(20 * 86_400), ..Default::default() };
    let long = SetConfigTimesArgs { governance: votes, ..Default::default() };
    world.refuse(instruction::set_config_times(by, long), &[&authority], PayoutsError::DisputeTooShort);

    let two = ConfigTimesDelta { attestation_threshold: Some(2), ..Default::default() };
    let events = world.accept(set(two), &[&authority]);
    let [Event::ConfigTimesChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old.attestation_threshold, event.new.attestation_threshold), (1, 2));
    assert_eq!(world.config().times, event.new);
    world.refuse(set(two), &[&authority], PayoutsError::NothingChanges);
}

#[test]
fn a_live_deployment_keeps_its_times_and_its_majority() {
    let mut world = Money::spl().world;
    let authority = world.authority.insecure_clone();
    let by = authority.pubkey();
    let all = |times, governance| instruction::set_config_times(by, SetConfigTimesArgs { times, governance });
    let threshold = |settlers| {
        let times = ConfigTimesDelta { attestation_threshold: Some(settlers), ..Default::default() };
        all(times, GovernanceSettingsDelta::default())
    };
    let times = |times| all(times, GovernanceSettingsDelta::default());
    let votes = |votes| all(ConfigTimesDelta::default(), votes);
    let day = 86_400;
    let cases = [
        (
            votes(GovernanceSettingsDelta { voting_seconds: Some(3 * day - 1), ..Default::default() }),
            PayoutsError::LiveNeedsVoting,
        ),
        (
            votes(GovernanceSettingsDelta { timelock_seconds: Some(2 * day - 1), ..Default::default() }),
            PayoutsError::LiveNeedsTimelock,
        ),
        (
            times(ConfigTimesDelta { challenge_seconds: Some(day - 1), ..Default::default() }),
            PayoutsError::LiveNeedsChallenge,
        ),
        (
            times(ConfigTimesDelta { dispute_seconds: Some(12 * day), ..Default::default() }),
            PayoutsError::DisputeTooShort,
        ),
    ];
    for (change, error) in cases {
        world.refuse(change, &[&authority], error);
    }
    // Settlers registered later count against the threshold; it is raised, and then not lowered to half of them.
    for settler in [1, 2] {
        world.register_settler(settler).unwrap();
    }
    assert_eq!((world.config().active_settlers, world.config().times.attestation_threshold), (3, 1));
    world.accept(threshold(2), &[&authority]);
    world.refuse(threshold(1), &[&authority], PayoutsError::LiveNeedsMajority);
    assert_eq!(world.config().times.attestation_threshold, 2);
}

#[test]
fn the_demo_flag_is_switched_not_set_twice() {
    let mut world = World::initialized();
    let authority = world.authority.insecure_clone();
    let set = |value| instruction::set_demo_flag(authority.pubkey(), value);
    world.refuse(set(true), &[&authority], PayoutsError::NothingChanges);
    let events = world.accept(set(false), &[&authority]);
    assert_eq!(events, [Event::DemoFlagChanged(DemoFlagChanged { old: true, new: false })]);
    assert!(!world.config().radio_payouts_demo);
    world.refuse(set(false), &[&authority], PayoutsError::NothingChanges);
}

#[test]
fn pause_key_and_registrars_are_named() {
    let mut world = World::initialized();
    let authority = world.authority.insecure_clone();
    let by = authority.pubkey();
    let old = world.pause_key.pubkey();
    let new = Pubkey::new_unique();
    let set = |key| instruction::set_pause_key(by, key);
    world.refuse(set(Pubkey::default()), &[&authority], PayoutsError::ZeroAddress);
    world.refuse(set(old), &[&authority], PayoutsError::NothingChanges);
    let events = world.accept(set(new), &[&authority]);
    assert_eq!(events, [Event::PauseKeyChanged(PauseKeyChanged { old, new })]);

    let set = |keys: &[Pubkey]| instruction::set_registrars(by, keys.to_vec());
    let many: Vec<_> = (0..5).map(|_| Pubkey::new_unique()).collect();
    world.refuse(set(&many), &[&authority], PayoutsError::TooManyRegistrars);
    world.refuse(set(&[new, new]), &[&authority], PayoutsError::DuplicateRegistrar);
    world.refuse(set(&[Pubkey::default()]), &[&authority], PayoutsError::ZeroAddress);
    world.refuse(set(&[]), &[&authority], PayoutsError::NothingChanges);
    let events = world.accept(set(&many[..4]), &[&authority]);
    let changed = RegistrarsChanged { old: vec![], new: many[..4].to_vec() };
    assert_eq!(events, [Event::RegistrarsChanged(changed)]);
    assert_eq!(world.config().registrars, many[..4]);
}
