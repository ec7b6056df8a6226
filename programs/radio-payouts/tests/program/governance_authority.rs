use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::world::{DAY, World};

#[test]
fn the_governance_pda_takes_the_role_only_when_it_is_on_offer_to_it() {
    let mut world = World::initialized();
    let (old, stranger) = (world.authority.insecure_clone(), world.stranger.insecure_clone());
    let governance = address::governance_address();
    let offer = |to| instruction::offer_authority(old.pubkey(), to);
    let accept = instruction::accept_authority_for_governance();
    world.refuse(accept.clone(), &[], PayoutsError::NoOffer);
    world.accept(offer(Some(stranger.pubkey())), &[&old]);
    world.refuse(accept.clone(), &[], PayoutsError::NotOfferedAddress);
    // Not for another's sake: the address that takes the role is the PDA and no other.
    let mut theft = accept.clone();
    theft.accounts[1].pubkey = stranger.pubkey();
    world.refuse(theft, &[], ErrorCode::ConstraintSeeds);

    world.accept(offer(Some(governance)), &[&old]);
    world.wait(14 * DAY + 1);
    world.refuse(accept.clone(), &[], PayoutsError::OfferExpired);
    world.accept(offer(Some(governance)), &[&old]);
    world.wait(14 * DAY);
    let events = world.accept(accept.clone(), &[]);
    let [Event::AuthorityChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new, event.nonce), (old.pubkey(), governance, 1));

    world.refuse(accept, &[], PayoutsError::NoOffer);
    world.refuse(instruction::set_demo_flag(old.pubkey(), false), &[&old], PayoutsError::NotAuthority);
    let authority = world.config().authority;
    assert!(authority.address == governance && !authority.bootstrap && authority.offer.is_none());
}
