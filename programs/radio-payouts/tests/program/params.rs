use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Config, Mode, ParamsChange, ParamsDelta, ParamsVersion};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::world::World;

fn cap(epoch_cap: u64) -> ParamsChange {
    ParamsChange { delta: ParamsDelta { epoch_cap: Some(epoch_cap), ..Default::default() }, ..Default::default() }
}

fn live() -> ParamsChange {
    ParamsChange { mode: Some(Mode::Live), ..Default::default() }
}

fn set(world: &World, authority: &Keypair, last: u32, change: ParamsChange) -> solana_instruction::Instruction {
    instruction::set_params(world.payer.pubkey(), authority.pubkey(), last, change)
}

#[test]
fn refuses_signers_accounts_and_values() {
    let mut world = World::initialized();
    let (authority, stranger) = (world.authority.insecure_clone(), world.stranger.insecure_clone());
    world.refuse(set(&world, &stranger, 1, cap(1)), &[&stranger], PayoutsError::NotAuthority);
    let mut unsigned = set(&world, &authority, 1, cap(1));
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let nothing = ParamsChange::default();
    world.refuse(set(&world, &authority, 1, nothing), &[&authority], PayoutsError::NothingChanges);

    type Change = fn(&mut ParamsDelta);
    let cases: &[(PayoutsError, Change)] = &[
        (PayoutsError::ParamsOutOfBounds, |delta| delta.max_share_bps = Some(10_001)),
        (PayoutsError::TimeProductTooLarge, |delta| {
            delta.peak_bps = Some(50_000);
            delta.consistency_bps = Some(50_000);
        }),
        (PayoutsError::QualityProductTooLarge, |delta| {
            delta.popular_bps = Some(50_000);
            delta.high_quality_bps = Some(50_000);
        }),
        (PayoutsError::ConsistencyWindowTooSmall, |delta| delta.consistency_window_epochs = Some(4)),
        (PayoutsError::KbpsRangeEmpty, |delta| delta.max_kbps_per_recipient = Some(7)),
    ];
    for (error, change) in cases {
        let mut bad = ParamsChange::default();
        change(&mut bad.delta);
        world.refuse(set(&world, &authority, 1, bad), &[&authority], *error);
    }

    world.accept(set(&world, &authority, 1, cap(1)), &[&authority]);
    // A replay, and the version before the last.
    world.refuse(set(&world, &authority, 1, cap(2)), &[&authority], ErrorCode::ConstraintSeeds);
    let mut stale = set(&world, &authority, 2, cap(2));
    stale.accounts[3].pubkey = address::params_address(1);
    world.refuse(stale, &[&authority], PayoutsError::NotLastParams);
}

#[test]
fn a_version_acts_from_the_next_epoch_at_the_earliest() {
    let mut world = World::initialized();
    let authority = world.authority.insecure_clone();
    let payer_before = world.lamports(world.payer.pubkey());
    let events = world.accept(set(&world, &authority, 1, cap(7)), &[&authority]);
    let second: ParamsVersion = world.read(address::params_address(2));
    assert_eq!((second.number, second.effective_epoch, second.values.epoch_cap), (2, 11, 7));
    let rent = world.lamports(address::params_address(2));
    assert_eq!(world.lamports(world.payer.pubkey()), payer_before - rent - 10_000);
    let [Event::ParamsVersionCreated(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old.epoch_cap, event.new.epoch_cap), (1_000_000_000_000_000, 7));

    world.accept(set(&world, &authority, 2, cap(8)), &[&authority]);
    let third: ParamsVersion = world.read(address::params_address(3));
    assert_eq!(third.effective_epoch, 12);
    let later = ParamsChange { effective_epoch: 99, ..cap(9) };
    world.accept(set(&world, &authority, 3, later), &[&authority]);
    let fourth: ParamsVersion = world.read(address::params_address(4));
    assert_eq!(fourth.effective_epoch, 99);
    assert_eq!((world.config().params_version, world.config().params_effective_epoch), (4, 99));
}

#[test]
fn live_needs_every_condition_and_is_for_good() {
    let mut world = World::running(2, 1);
    let (bootstrap, accepted) = (world.authority.insecure_clone(), world.stranger.insecure_clone());
    let mut bare = set(&world, &bootstrap, 1, live());
    bare.accounts[5].pubkey = radio_payouts::ID;
    world.refuse(bare, &[&bootstrap], PayoutsError::LiveNeedsProgramData);
    world.refuse(set(&world, &bootstrap, 1, live()), &[&bootstrap], PayoutsError::LiveNeedsAcceptedAuthority);
    world.accept(instruction::offer_authority(bootstrap.pubkey(), Some(accepted.pubkey())), &[&bootstrap]);
    world.accept(instruction::accept_authority(accepted.pubkey()), &[&accepted]);

    world.refuse(set(&world, &accepted, 1, live()), &[&accepted], PayoutsError::LiveNeedsUpgradeAuthority);
    world.set_upgrade_authority(Some(accepted.pubkey()));
    world.refuse(set(&world, &accepted, 1, live()), &[&accepted], PayoutsError::LiveNeedsMajority);
    let config = address::config_address();
    let change = |world: &mut World, change: fn(&mut Config)| world.write(config, change);
    change(&mut world, |config| config.times.attestation_threshold = 2);
    change(&mut world, |config| config.governance.voting_seconds -= 5 * 86_400);
    world.refuse(set(&world, &accepted, 1, live()), &[&accepted], PayoutsError::LiveNeedsVoting);
    change(&mut world, |config| config.governance.voting_seconds += 5 * 86_400);
    change(&mut world, |config| config.governance.timelock_seconds -= 1);
    world.refuse(set(&world, &accepted, 1, live()), &[&accepted], PayoutsError::LiveNeedsTimelock);
    change(&mut world, |config| config.governance.timelock_seconds += 1);
    change(&mut world, |config| config.times.challenge_seconds -= 1);
    world.refuse(set(&world, &accepted, 1, live()), &[&accepted], PayoutsError::LiveNeedsChallenge);
    change(&mut world, |config| config.times.challenge_seconds += 1);

    let mut forged = set(&world, &accepted, 1, live());
    let other = anchor_lang::prelude::Pubkey::new_unique();
    let account = world.svm.get_account(&address::program_data_address()).unwrap();
    world.svm.set_account(other, account).unwrap();
    forged.accounts[5].pubkey = other;
    world.refuse(forged, &[&accepted], PayoutsError::WrongProgramData);

    world.set_upgrade_authority(None);
    world.accept(set(&world, &accepted, 1, live()), &[&accepted]);
    let second: ParamsVersion = world.read(address::params_address(2));
    assert_eq!(second.mode, Mode::Live);
    assert!(world.config().live);
    let back = ParamsChange { mode: Some(Mode::Demo), ..Default::default() };
    world.refuse(set(&world, &accepted, 2, back), &[&accepted], PayoutsError::LiveIsForGood);
    // Later versions stay Live without being asked.
    world.accept(set(&world, &accepted, 2, cap(3)), &[&accepted]);
    let third: ParamsVersion = world.read(address::params_address(3));
    assert_eq!(third.mode, Mode::Live);
}
