//! Hostile posts: every one is refused by the program, by its own error.

use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Epoch, EpochStatement, EpochStatus, Mode, ParamsChange, ParamsDelta, TreeRoot};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::World;

const EPOCH: u64 = 10;

/// One settler, epoch 10 over since its grace period.
fn world() -> World {
    let mut world = World::running(1, 1);
    world.go_past(EPOCH, 600);
    world
}

#[test]
fn only_a_registered_settler_posts() {
    let mut world = world();
    let statement = world.statement(0);
    let args = world.args(EPOCH, statement);
    let stranger = world.stranger.insecure_clone();
    let by_stranger = instruction::post_root(stranger.pubkey(), args.clone(), 1, None);
    world.refuse(by_stranger, &[&stranger], ErrorCode::AccountNotInitialized);
    // A stranger with the settler's account.
    let mut borrowed = instruction::post_root(stranger.pubkey(), args.clone(), 1, None);
    borrowed.accounts[2].pubkey = address::settler_address(&world.settlers[0].pubkey());
    world.refuse(borrowed, &[&stranger], ErrorCode::ConstraintSeeds);
    let mut unsigned = instruction::post_root(world.settlers[0].pubkey(), args, 1, None);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
}

#[test]
fn statements_that_cannot_be_true_are_refused() {
    type Change = fn(&mut EpochStatement);
    fn tree(sum: u64, count: u32) -> TreeRoot {
        TreeRoot { root: [2; 32], sum, count }
    }
    const FULL: u32 = 1 << 20;
    let cases: &[(PayoutsError, Change)] = &[
        (PayoutsError::WrongParent, |statement| statement.parent = [1; 32]),
        (PayoutsError::StaleRegistryVersion, |statement| statement.registry_version -= 1),
        (PayoutsError::StaleRegistryVersion, |statement| statement.registry_version += 1),
        (PayoutsError::PayoutsOverPool, |statement| statement.payouts = vec![tree(1_000_000_001, 1)]),
        (PayoutsError::PayoutsOverPool, |statement| {
            statement.payouts = vec![tree(600_000_000, FULL), tree(600_000_000, 1)];
        }),
        (PayoutsError::PayoutsOverflow, |statement| statement.payouts = vec![tree(u64::MAX, FULL), tree(1, 1)]),
        (PayoutsError::PoolOverRate, |statement| statement.pool += 1),
        (PayoutsError::PoolOverRate, |statement| statement.batches.sum -= 1),
        (PayoutsError::PoolOverCap, |statement| {
            statement.batches.sum = u64::MAX;
            statement.pool = 1_000_000_000_000_001;
        }),
        (PayoutsError::TreesNotFull, |statement| statement.payouts = vec![tree(1, FULL - 1), tree(1, 1)]),
        (PayoutsError::TreesNotFull, |statement| statement.payouts = vec![tree(1, FULL + 1)]),
        (PayoutsError::TreesNotFull, |statement| statement.payouts = vec![tree(0, 0)]),
        (PayoutsError::BytesWithoutBatches, |statement| statement.batches.count = 0),
    ];
    let mut world = world();
    for (error, change) in cases {
        let mut statement = world.statement(0);
        change(&mut statement);
        world.refuse_post(EPOCH, statement, *error);
    }
    assert!(world.svm.get_account(&address::epoch_address(EPOCH)).is_none());
}

#[test]
fn the_commitment_is_computed_by_the_program() {
    let mut world = world();
    let settler = world.settlers[0].insecure_clone();
    let statement = world.statement(0);
    let mut args = world.args(EPOCH, statement);
    args.statement.inputs_hash[0] ^= 1;
    let wrong = world.post_instruction(0, args.clone(), None);
    world.refuse(wrong, &[&settler], PayoutsError::WrongCommitment);
    args.statement.inputs_hash[0] ^= 1;
    let mut elsewhere = world.post_instruction(0, args, None);
    elsewhere.accounts[6].pubkey = address::candidate_address(EPOCH, &[9; 32]);
    world.refuse(elsewhere, &[&settler], ErrorCode::ConstraintSeeds);
}

#[test]
fn the_version_of_the_parameters_is_proven() {
    let mut world = world();
    let (authority, settler) = (world.authority.insecure_clone(), world.settlers[0].insecure_clone());
    // Version 2 from epoch 12, version 3 from epoch 14.
    for (last, effective_epoch) in [(1, 12), (2, 14)] {
        let delta = ParamsDelta { epoch_cap: Some(u64::from(last)), ..Default::default() };
        let change = ParamsChange { delta, mode: None, effective_epoch };
        let instruction = instruction::set_params(world.payer.pubkey(), authority.pubkey(), last, change);
        world.accept(instruction, &[&authority]);
    }
    let version = |world: &World, version| EpochStatement { params_version: version, pool: 0, ..world.statement(0) };
    let statement = version(&world, 2);
    world.refuse_post(EPOCH, statement, PayoutsError::ParamsNotYetInForce);
    let statement = version(&world, 4);
    let refused = world.post(0, EPOCH, statement).map(|_| ());
    assert_eq!(refused, Err(ErrorCode::AccountNotInitialized.into()));

    world.go_past(12, 600);
    let statement = version(&world, 1);
    world.refuse_post(12, statement, PayoutsError::ParamsSuperseded);
    let args = world.args(12, version(&world, 2));
    let mut without = world.post_instruction(0, args.clone(), None);
    without.accounts[4].pubkey = radio_payouts::ID;
    world.refuse(without, &[&settler], PayoutsError::ParamsSuccessorMissing);
    let mut wrong = world.post_instruction(0, args.clone(), None);
    wrong.accounts[4].pubkey = address::params_address(1);
    world.refuse(wrong, &[&settler], PayoutsError::WrongParamsSuccessor);
    let right = world.post_instruction(0, args, None);
    world.accept(right, &[&settler]);
}

#[test]
fn clock_flag_stop_and_replay_refuse() {
    let mut world = World::running(2, 1);
    world.go_past(EPOCH, 599);
    let statement = world.statement(0);
    world.refuse_post(EPOCH, statement.clone(), PayoutsError::EpochNotOver);
    world.refuse_post(EPOCH + 1, statement.clone(), PayoutsError::EpochNotOver);
    world.refuse_post(u64::MAX, statement.clone(), PayoutsError::EpochNotOver);
    world.wait(1);

    let authority = world.authority.insecure_clone();
    world.accept(instruction::set_demo_flag(authority.pubkey(), false), &[&authority]);
    world.refuse_post(EPOCH, statement.clone(), PayoutsError::DemoFlagOff);
    world.accept(instruction::set_demo_flag(authority.pubkey(), true), &[&authority]);

    let operator = world.operator.insecure_clone();
    let first = world.settlers[0].pubkey();
    world.accept(instruction::stop_settler(operator.pubkey(), &first), &[&operator]);
    world.refuse_post(EPOCH, statement, PayoutsError::SettlerStopped);

    let statement = world.statement(0);
    world.post(1, EPOCH, statement.clone()).unwrap();
    let replay = world.post(1, EPOCH, statement).map(|_| ());
    assert_eq!(replay, Err(PayoutsError::EpochNotAfterHead.into()));
    // Candidates of an epoch that has its root are refused too.
    let other = world.post(1, EPOCH, world.statement(1)).map(|_| ());
    assert_eq!(other, Err(PayoutsError::EpochNotAfterHead.into()));
}

#[test]
fn an_honest_post_is_the_epochs_root_and_pays_its_rent_exactly() {
    let mut world = world();
    let statement = world.statement(0);
    let args = world.args(EPOCH, statement.clone());
    let settler = world.settlers[0].insecure_clone();
    let (settler_before, payer_before) = (world.lamports(settler.pubkey()), world.lamports(world.payer.pubkey()));
    let instruction = world.post_instruction(0, args.clone(), None);
    let meta = world.send(instruction, &[&settler]).unwrap();
    println!("post_root: {} compute units", meta.compute_units_consumed);

    let epoch: Epoch = world.read(address::epoch_address(EPOCH));
    assert_eq!((epoch.status, epoch.attempt, epoch.mode), (EpochStatus::Posted, 0, Mode::Demo));
    assert_eq!((epoch.commitment, &epoch.statement), (args.commitment, &statement));
    assert_eq!((epoch.share_cap, epoch.payouts_sum, epoch.posted.at), (1_000_000_000, 0, world.now()));
    assert_eq!(epoch.times, world.config().times);
    let head = world.config().chain.head.unwrap();
    assert_eq!((head.epoch, head.commitment), (EPOCH, args.commitment));

    let events = radio_payouts_client::event::events(&meta.logs);
    let [Event::CandidateSupported(support), Event::RootPosted(root)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((support.support, support.threshold), (1, 1));
    assert_eq!((root.commitment, root.old_head, &root.statement), (args.commitment, None, &statement));

    let created = [address::epoch_address(EPOCH), address::candidate_address(EPOCH, &args.commitment)];
    let rent: u64 = created.iter().map(|address| world.lamports(*address)).sum();
    assert_eq!(world.lamports(settler.pubkey()), settler_before - rent);
    assert_eq!(world.lamports(world.payer.pubkey()), payer_before - 10_000);
}

#[test]
fn twelve_payout_trees_fit_and_thirteen_do_not() {
    let mut world = world();
    let full = TreeRoot { root: [2; 32], sum: 1, count: 1 << 20 };
    let statement = EpochStatement { payouts: vec![full; 13], ..world.statement(0) };
    // Thirteen do not even fit a transaction of 1232 bytes; the SVM takes it and the program refuses.
    world.refuse_post(EPOCH, statement, PayoutsError::TooManyTrees);
    let statement = EpochStatement { payouts: vec![full; 12], ..world.statement(0) };
    let meta = world.post(0, EPOCH, statement.clone()).unwrap();
    println!("post_root, 12 trees: {} compute units", meta.compute_units_consumed);
    let epoch: Epoch = world.read(address::epoch_address(EPOCH));
    assert_eq!((epoch.statement, epoch.payouts_sum), (statement, 12));
}
