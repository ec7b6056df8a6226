use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::InitializeArgs;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Config, Mode, ParamsDelta, ParamsValues, ParamsVersion};
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::params::Params;
use solana_signer::Signer;

use super::world::{
    GENESIS_HASH, INCORRECT_PROGRAM_ID, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, World, initialize_args, mint_data,
};

#[test]
fn only_the_upgrade_authority_is_first() {
    let mut world = World::deployed();
    let (stranger, mint) = (world.stranger.insecure_clone(), world.mint);
    let by = |signer| instruction::initialize(signer, mint, TOKEN_PROGRAM, initialize_args());
    world.refuse(by(stranger.pubkey()), &[&stranger], PayoutsError::NotUpgradeAuthority);
    let mut unsigned = by(world.upgrade_authority.pubkey());
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    world.set_upgrade_authority(None);
    let upgrader = world.upgrade_authority.insecure_clone();
    world.refuse(by(upgrader.pubkey()), &[&upgrader], PayoutsError::NotUpgradeAuthority);
}

#[test]
fn the_program_data_must_be_this_programs() {
    let mut world = World::deployed();
    let upgrader = world.upgrade_authority.insecure_clone();
    let mut forged = instruction::initialize(upgrader.pubkey(), world.mint, TOKEN_PROGRAM, initialize_args());
    let other = Pubkey::new_unique();
    let account = world.svm.get_account(&address::program_data_address()).unwrap();
    world.svm.set_account(other, account).unwrap();
    forged.accounts[2].pubkey = other;
    world.refuse(forged, &[&upgrader], PayoutsError::WrongProgramData);
}

#[test]
fn arguments_out_of_bounds_are_refused() {
    type Change = fn(&mut InitializeArgs);
    let cases: &[(PayoutsError, Change)] = &[
        (PayoutsError::ZeroGenesisHash, |args| args.genesis_hash = [0; 32]),
        (PayoutsError::BadCalendar, |args| args.epoch_seconds = 299),
        (PayoutsError::BadCalendar, |args| args.epoch_seconds = 604_801),
        (PayoutsError::BadCalendar, |args| args.genesis_unix = -1),
        (PayoutsError::ZeroAddress, |args| args.authority = Pubkey::default()),
        (PayoutsError::ZeroAddress, |args| args.pause_key = Pubkey::default()),
        (PayoutsError::ThresholdOutOfBounds, |args| args.times.attestation_threshold = 0),
        (PayoutsError::GraceTooLong, |args| args.times.grace_seconds = 7 * 86_400 + 1),
        (PayoutsError::DisputeTooShort, |args| args.times.dispute_seconds = 86_400),
        (PayoutsError::BpsOutOfBounds, |args| args.governance.quorum_bps = 10_001),
        (PayoutsError::TimeOutOfBounds, |args| args.governance.voting_seconds = 367 * 86_400),
        (PayoutsError::ParamsOutOfBounds, |args| args.params.rate = Some(0)),
    ];
    let mut world = World::deployed();
    for (error, change) in cases {
        let mut args = initialize_args();
        change(&mut args);
        assert_eq!(world.initialize(args).map(|_| ()), Err(u32::from(*error)), "{error:?}");
    }
}

#[test]
fn mints_that_could_take_back_a_payout_are_refused() {
    let mut world = World::deployed();
    world.set_mint(TOKEN_PROGRAM, &mint_data(6, &[]));
    let refused = world.initialize(initialize_args()).map(|_| ());
    assert_eq!(refused, Err(PayoutsError::WrongDecimals.into()));
    let cases: [(u16, usize, PayoutsError); 6] = [
        (1, 108, PayoutsError::MintHasTransferFee),
        (14, 64, PayoutsError::MintHasTransferHook),
        (12, 32, PayoutsError::MintHasPermanentDelegate),
        (6, 1, PayoutsError::MintFreezesNewAccounts),
        (3, 32, PayoutsError::MintExtensionUnknown),
        (9, 0, PayoutsError::MintExtensionUnknown),
    ];
    for (kind, length, error) in cases {
        // A default account state of 2 is "frozen"; elsewhere the bytes do not matter.
        let bytes = vec![2; length];
        world.set_mint(TOKEN_2022_PROGRAM, &mint_data(9, &[(18, &[0; 64]), (kind, &bytes)]));
        assert_eq!(world.initialize(initialize_args()).map(|_| ()), Err(error.into()), "{error:?}");
    }
}

#[test]
fn a_token_program_that_does_not_own_the_mint_is_refused() {
    let mut world = World::deployed();
    let upgrader = world.upgrade_authority.insecure_clone();
    let wrong = instruction::initialize(upgrader.pubkey(), world.mint, TOKEN_2022_PROGRAM, initialize_args());
    // The token program itself refuses, before any check of ours.
    world.refuse(wrong, &[&upgrader], INCORRECT_PROGRAM_ID);
}

#[test]
fn creates_a_demo_deployment_once_and_pays_its_rent_exactly() {
    for (owner, data) in [(TOKEN_PROGRAM, mint_data(9, &[])), (TOKEN_2022_PROGRAM, mint_data(9, &[(18, &[0; 64])]))] {
        let mut world = World::deployed();
        world.set_mint(owner, &data);
        let before = world.lamports(world.upgrade_authority.pubkey());
        let mut args = initialize_args();
        args.params = ParamsDelta { epoch_cap: Some(5), ..Default::default() };
        let meta = world.initialize(args).unwrap();
        println!("initialize: {} compute units", meta.compute_units_consumed);

        let config: Config = world.config();
        let domain = Domain::derive(&GENESIS_HASH, &radio_payouts::ID.to_bytes());
        assert_eq!(config.domain, *domain.as_bytes());
        assert!(config.authority.bootstrap && !config.live && config.chain.head.is_none());
        assert_eq!((config.mint, config.token_program), (world.mint, owner));
        let params: ParamsVersion = world.read(address::params_address(1));
        let expected = ParamsValues { epoch_cap: 5, ..Params::demo().into() };
        assert_eq!((params.number, params.effective_epoch, params.mode), (1, 0, Mode::Demo));
        assert_eq!(params.values, expected);

        let created = [
            address::config_address(),
            address::params_address(1),
            address::vault_address(),
            address::treasury_address(),
        ];
        let rent: u64 = created.iter().map(|address| world.lamports(*address)).sum();
        assert_eq!(world.lamports(world.upgrade_authority.pubkey()), before - rent);
        for address in created {
            let account = world.svm.get_account(&address).unwrap();
            assert_eq!(account.lamports, world.svm.minimum_balance_for_rent_exemption(account.data.len()));
        }

        // The system program refuses to create what is there.
        assert_eq!(world.initialize(initialize_args()).map(|_| ()), Err(0));
    }
}
