//! Making and cancelling mandates.

use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Mandate, MandateTerms};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::World;

const TERMS: MandateTerms = MandateTerms { first_epoch: 11, last_epoch: 20, budget: 1_000, delay_seconds: 172_800 };

#[test]
fn only_the_authority_makes_a_mandate_within_bounds() {
    let mut world = World::initialized();
    let (payer, authority, stranger) =
        (world.payer.pubkey(), world.authority.insecure_clone(), world.stranger.insecure_clone());
    let make = |number, terms| instruction::make_mandate(payer, authority.pubkey(), number, terms);
    let pretended = instruction::make_mandate(payer, stranger.pubkey(), 0, TERMS);
    world.refuse(pretended, &[&stranger], PayoutsError::NotAuthority);
    let mut unsigned = make(0, TERMS);
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    world.refuse(make(1, TERMS), &[&authority], ErrorCode::ConstraintSeeds);
    for (terms, error) in [
        (MandateTerms { last_epoch: 10, ..TERMS }, PayoutsError::MandateRangeEmpty),
        (MandateTerms { budget: 0, ..TERMS }, PayoutsError::MandateWithoutBudget),
        (MandateTerms { delay_seconds: 172_799, ..TERMS }, PayoutsError::MandateDelayTooShort),
        (MandateTerms { delay_seconds: u32::MAX, ..TERMS }, PayoutsError::TimeOutOfBounds),
    ] {
        world.refuse(make(0, terms), &[&authority], error);
    }
    assert_eq!(world.config().next_mandate, 0);

    let before = world.lamports(payer);
    let events = world.accept(make(0, TERMS), &[&authority]);
    let [Event::MandateMade(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.number, event.terms), (0, TERMS));
    assert_eq!(world.lamports(payer), before - world.lamports(address::mandate_address(0)) - 10_000);
    world.accept(make(1, TERMS), &[&authority]);
    assert_eq!(world.config().next_mandate, 2);
    let mandate: Mandate = world.read(address::mandate_address(1));
    assert_eq!((mandate.number, mandate.terms, mandate.spent, mandate.cancelled), (1, TERMS, 0, false));
}

#[test]
fn only_the_authority_cancels_a_mandate_once() {
    let mut world = World::initialized();
    let (payer, authority, stranger) =
        (world.payer.pubkey(), world.authority.insecure_clone(), world.stranger.insecure_clone());
    for number in 0..2 {
        world.accept(instruction::make_mandate(payer, authority.pubkey(), number, TERMS), &[&authority]);
    }
    let cancel = |number| instruction::cancel_mandate(authority.pubkey(), number);
    world.refuse(instruction::cancel_mandate(stranger.pubkey(), 0), &[&stranger], PayoutsError::NotAuthority);
    let mut unsigned = cancel(0);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    world.refuse(cancel(2), &[&authority], ErrorCode::AccountNotInitialized);
    // The number and the account must agree.
    let mut other = cancel(0);
    other.accounts[2].pubkey = address::mandate_address(1);
    world.refuse(other, &[&authority], ErrorCode::ConstraintSeeds);

    let events = world.accept(cancel(0), &[&authority]);
    let [Event::MandateCancelled(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.number, event.spent, event.left), (0, 0, 1_000));
    world.refuse(cancel(0), &[&authority], PayoutsError::MandateIsCancelled);
    assert!(!world.read::<Mandate>(address::mandate_address(1)).cancelled);
}
