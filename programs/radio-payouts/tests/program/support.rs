//! Candidates and attestation at threshold 2.

use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Candidate, EpochStatement, Support};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::World;

const EPOCH: u64 = 10;

fn world() -> World {
    let mut world = World::running(3, 2);
    world.go_past(EPOCH, 600);
    world
}

fn support(world: &World, statement: &EpochStatement) -> u8 {
    let commitment = world.args(EPOCH, statement.clone()).commitment;
    world.read::<Candidate>(address::candidate_address(EPOCH, &commitment)).support
}

#[test]
fn two_settlers_with_one_statement_post_it() {
    let mut world = world();
    let statement = world.statement(0);
    world.post(0, EPOCH, statement.clone()).unwrap();
    assert!(world.config().chain.head.is_none());
    let again = world.post(0, EPOCH, statement.clone()).map(|_| ());
    assert_eq!(again, Err(PayoutsError::AlreadySupported.into()));
    assert_eq!(support(&world, &statement), 1);
    world.post(1, EPOCH, statement.clone()).unwrap();
    assert_eq!(world.config().chain.head.unwrap().epoch, EPOCH);
    let late = world.post(2, EPOCH, statement).map(|_| ());
    assert_eq!(late, Err(PayoutsError::EpochNotAfterHead.into()));
}

#[test]
fn a_dishonest_settler_alone_makes_no_root() {
    let mut world = world();
    let (honest, forged) = (world.statement(0), world.statement(1));
    world.post(0, EPOCH, forged).unwrap();
    world.post(1, EPOCH, honest.clone()).unwrap();
    assert!(world.config().chain.head.is_none());
    world.post(2, EPOCH, honest).unwrap();
    assert_eq!(world.config().chain.head.unwrap().epoch, EPOCH);
}

#[test]
fn support_moves_and_is_counted_once() {
    let mut world = world();
    let (first, second) = (world.statement(1), world.statement(2));
    let settler = world.settlers[0].insecure_clone();
    world.post(0, EPOCH, first.clone()).unwrap();
    let without = world.post_instruction(0, world.args(EPOCH, second.clone()), None);
    world.refuse(without, &[&settler], PayoutsError::PreviousCandidateMissing);

    // Another candidate in the place of the one supported.
    world.post(1, EPOCH, world.statement(3)).unwrap();
    let third = world.args(EPOCH, world.statement(3)).commitment;
    let other = Support { epoch: EPOCH, attempt: 0, commitment: third };
    let wrong = world.post_instruction(0, world.args(EPOCH, second.clone()), Some(other));
    world.refuse(wrong, &[&settler], PayoutsError::WrongPreviousCandidate);
    // A settler that supports nothing cannot take support from a candidate.
    let steal = world.post_instruction(2, world.args(EPOCH, second.clone()), Some(other));
    let thief = world.settlers[2].insecure_clone();
    world.refuse(steal, &[&thief], PayoutsError::WrongPreviousCandidate);

    let moved = world.post(0, EPOCH, second.clone()).unwrap();
    let events = radio_payouts_client::event::events(&moved.logs);
    let [Event::CandidateSupported(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.moved_from.unwrap().commitment, world.args(EPOCH, first.clone()).commitment);
    assert_eq!((support(&world, &first), support(&world, &second)), (0, 1));
    // Back again, then to the threshold.
    world.post(0, EPOCH, first.clone()).unwrap();
    assert_eq!((support(&world, &first), support(&world, &second)), (1, 0));
    world.post(2, EPOCH, first).unwrap();
    assert_eq!(world.config().chain.head.unwrap().epoch, EPOCH);
}

#[test]
fn support_of_an_epoch_that_was_passed_over_lapses() {
    let mut world = world();
    world.post(0, EPOCH, world.statement(0)).unwrap();
    world.post(1, EPOCH, world.statement(0)).unwrap();
    world.go_past(EPOCH + 1, 600);
    world.post(0, EPOCH + 1, world.statement(0)).unwrap();
    // A day later epoch 11 may be passed over. Settler 0 moves from 11 to 12, settler 1 never supported 11.
    world.go_past(EPOCH + 2, 86_400);
    let statement = world.statement(0);
    world.post(0, EPOCH + 2, statement.clone()).unwrap();
    world.post(1, EPOCH + 2, statement).unwrap();
    let chain = world.config().chain;
    assert_eq!((chain.head.unwrap().epoch, chain.skipped_through), (EPOCH + 2, Some(EPOCH + 1)));
    let late = world.post(2, EPOCH + 1, world.statement(0)).map(|_| ());
    assert_eq!(late, Err(PayoutsError::EpochNotAfterHead.into()));
}

#[test]
fn a_banned_candidate_is_refused_for_ever() {
    let mut world = world();
    let statement = world.statement(0);
    world.post(0, EPOCH, statement.clone()).unwrap();
    let commitment = world.args(EPOCH, statement.clone()).commitment;
    world.write(address::candidate_address(EPOCH, &commitment), |candidate: &mut Candidate| candidate.banned = true);
    let refused = world.post(1, EPOCH, statement).map(|_| ());
    assert_eq!(refused, Err(PayoutsError::CandidateBanned.into()));
}

#[test]
fn a_change_of_the_registry_voids_open_candidates() {
    let mut world = world();
    let statement = world.statement(0);
    world.post(0, EPOCH, statement.clone()).unwrap();
    let operator = world.operator.insecure_clone();
    world.accept(instruction::stop_sfu(operator.pubkey(), &[0x51; 32], Some(1)), &[&operator]);
    let stale = world.post(1, EPOCH, statement).map(|_| ());
    assert_eq!(stale, Err(PayoutsError::StaleRegistryVersion.into()));
}
