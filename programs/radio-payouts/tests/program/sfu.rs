use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Sfu, SfuTerms};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::{World, sfu_terms};

const KEY: [u8; 32] = [0x51; 32];
const NEW: [u8; 32] = [0x53; 32];

#[test]
fn registration_refuses_signers_keys_and_terms() {
    let mut world = World::initialized();
    let (stranger, authority) = (world.stranger.insecure_clone(), world.authority.insecure_clone());
    let payer = world.payer.pubkey();
    let by_stranger = instruction::register_sfu(payer, stranger.pubkey(), sfu_terms(KEY));
    world.refuse(by_stranger, &[&stranger], PayoutsError::NotAuthority);
    let mut unsigned = instruction::register_sfu(payer, authority.pubkey(), sfu_terms(KEY));
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);

    let terms = sfu_terms(KEY);
    let mut one = [0; 32];
    one[0] = 1;
    let mut unreduced = [0xff; 32];
    unreduced[31] = 0x7f;
    let cases = [
        (PayoutsError::KeySmallOrder, SfuTerms { key: one, ..terms }),
        (PayoutsError::KeyNotCanonical, SfuTerms { key: unreduced, ..terms }),
        (PayoutsError::CapacityOutOfBounds, SfuTerms { max_bytes_per_epoch: 0, ..terms }),
        (PayoutsError::CapacityOutOfBounds, SfuTerms { max_bytes_per_epoch: (1 << 46) + 1, ..terms }),
        (PayoutsError::OperatorMissing, SfuTerms { operator: Pubkey::default(), ..terms }),
    ];
    for (error, terms) in cases {
        assert_eq!(world.register_sfu(terms).map(|_| ()), Err(error.into()), "{error:?}");
    }
    let wrong = instruction::register_sfu(payer, authority.pubkey(), terms);
    let mut elsewhere = wrong.clone();
    elsewhere.accounts[3].pubkey = address::sfu_address(&NEW);
    world.refuse(elsewhere, &[&authority], ErrorCode::ConstraintSeeds);

    let before = world.lamports(payer);
    world.accept(wrong.clone(), &[&authority]);
    assert_eq!(world.lamports(payer), before - world.lamports(address::sfu_address(&KEY)) - 10_000);
    // A replay: the system program refuses to create what is there.
    world.refuse(wrong, &[&authority], 0u32);
    world.write(address::config_address(), |config: &mut radio_payouts::state::Config| config.sfu_count = 2_048);
    assert_eq!(world.register_sfu(sfu_terms(NEW)).map(|_| ()), Err(PayoutsError::TooManySfus.into()));
}

#[test]
fn a_registration_acts_from_the_next_epoch_once_anything_was_posted() {
    let mut world = World::running(1, 1);
    let before = world.config().registry_version;
    let past: Sfu = world.read(address::sfu_address(&KEY));
    assert_eq!(past.valid_from, 0);
    world.post_all([12]);
    world.register_sfu(sfu_terms(NEW)).unwrap();
    let sfu: Sfu = world.read(address::sfu_address(&NEW));
    assert_eq!((sfu.valid_from, sfu.valid_until, sfu.stop_seq), (14, u64::MAX, u64::MAX));
    assert_eq!(world.config().registry_version, before + 1);
    let later = SfuTerms { valid_from: 40, ..sfu_terms([0x54; 32]) };
    world.register_sfu(later).unwrap();
    let sfu: Sfu = world.read(address::sfu_address(&later.key));
    assert_eq!(sfu.valid_from, 40);
}

#[test]
fn operator_authority_and_pause_key_stop_it() {
    let mut world = World::running(1, 1);
    let stranger = world.stranger.insecure_clone();
    world.refuse(
        instruction::stop_sfu(stranger.pubkey(), &KEY, None),
        &[&stranger],
        PayoutsError::NotOperatorOrAuthority,
    );
    let operator = world.operator.insecure_clone();
    let stop = |stop_seq| instruction::stop_sfu(operator.pubkey(), &KEY, stop_seq);
    let mut unsigned = stop(None);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let mut other = stop(None);
    other.accounts[2].pubkey = address::sfu_address(&NEW);
    world.refuse(other, &[&operator], ErrorCode::AccountNotInitialized);

    let version = world.config().registry_version;
    let events = world.accept(stop(None), &[&operator]);
    let [Event::SfuStopped(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old_valid_until, event.new_valid_until), (u64::MAX, 11));
    assert_eq!((event.new_stop_seq, event.registry_version), (u64::MAX, version + 1));
    world.refuse(stop(None), &[&operator], PayoutsError::SfuEnded);
    let pauser = world.pause_key.insecure_clone();
    world.accept(instruction::stop_sfu(pauser.pubkey(), &KEY, Some(9)), &[&pauser]);
    world.refuse(stop(Some(9)), &[&operator], PayoutsError::StopSeqMayOnlyFall);
    let authority = world.authority.insecure_clone();
    world.accept(instruction::stop_sfu(authority.pubkey(), &KEY, Some(8)), &[&authority]);
    let sfu: Sfu = world.read(address::sfu_address(&KEY));
    assert_eq!((sfu.valid_until, sfu.stop_seq), (11, 8));
}

#[test]
fn the_operator_replaces_the_key_from_the_next_epoch() {
    let mut world = World::running(1, 1);
    let (payer, stranger, operator) =
        (world.payer.pubkey(), world.stranger.insecure_clone(), world.operator.insecure_clone());
    let replace = |by, new| instruction::replace_sfu_key(payer, by, &KEY, new);
    world.refuse(replace(stranger.pubkey(), NEW), &[&stranger], PayoutsError::NotOperator);
    let mut zero = [0; 32];
    zero[31] = 0x80;
    world.refuse(replace(operator.pubkey(), zero), &[&operator], PayoutsError::KeySmallOrder);
    // The account of the old key is there already.
    world.refuse(replace(operator.pubkey(), KEY), &[&operator], 0u32);

    let before = world.lamports(payer);
    let events = world.accept(replace(operator.pubkey(), NEW), &[&operator]);
    let [Event::SfuKeyReplaced(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new, event.valid_from), (KEY, NEW, 11));
    let (old, new): (Sfu, Sfu) = (world.read(address::sfu_address(&KEY)), world.read(address::sfu_address(&NEW)));
    assert_eq!((old.valid_until, new.valid_from, new.valid_until), (11, 11, u64::MAX));
    assert_eq!((new.operator, new.max_bytes_per_epoch, new.demo), (old.operator, old.max_bytes_per_epoch, old.demo));
    assert_eq!(world.lamports(payer), before - world.lamports(address::sfu_address(&NEW)) - 10_000);
    assert_eq!(world.config().sfu_count, 2);
    world.refuse(replace(operator.pubkey(), [0x54; 32]), &[&operator], PayoutsError::SfuEnded);
}

#[test]
fn the_operator_lowers_stop_seq_once_an_epoch_or_by_half() {
    let mut world = World::running(1, 1);
    let (operator, pauser) = (world.operator.insecure_clone(), world.pause_key.insecure_clone());
    let stop = |by, seq| instruction::stop_sfu(by, &KEY, Some(seq));
    world.accept(stop(operator.pubkey(), 1_000), &[&operator]);
    let version = world.config().registry_version;
    for small in [999, 501] {
        world.refuse(stop(operator.pubkey(), small), &[&operator], PayoutsError::StopSeqFallsTooLittle);
    }
    assert_eq!(world.config().registry_version, version);
    world.accept(stop(operator.pubkey(), 500), &[&operator]);
    // The pause key is not bound, and does not use up the operator's fall of the next epoch.
    world.accept(stop(pauser.pubkey(), 499), &[&pauser]);
    world.go_past(10, 1);
    world.accept(stop(pauser.pubkey(), 498), &[&pauser]);
    world.accept(stop(operator.pubkey(), 497), &[&operator]);
    world.refuse(stop(operator.pubkey(), 496), &[&operator], PayoutsError::StopSeqFallsTooLittle);
}

#[test]
fn a_key_that_is_not_valid_yet_is_not_replaced() {
    let mut world = World::running(1, 1);
    let (payer, operator) = (world.payer.pubkey(), world.operator.insecure_clone());
    let replace = |key: [u8; 32], new| instruction::replace_sfu_key(payer, operator.pubkey(), &key, new);
    world.accept(replace(KEY, NEW), &[&operator]);
    let next = [0x54; 32];
    world.refuse(replace(NEW, next), &[&operator], PayoutsError::SfuNotYetValid);
    assert_eq!(world.config().sfu_count, 2);
    world.go_past(10, 1);
    world.accept(replace(NEW, next), &[&operator]);
}
