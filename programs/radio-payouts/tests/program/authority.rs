use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts_client::event::Event;
use radio_payouts_client::instruction;
use solana_signer::Signer;

use super::world::{DAY, World};

#[test]
fn the_role_passes_on_in_two_steps_within_fourteen_days() {
    let mut world = World::initialized();
    let (old, new, other) =
        (world.authority.insecure_clone(), world.stranger.insecure_clone(), world.operator.insecure_clone());
    let offer = |to| instruction::offer_authority(old.pubkey(), to);
    let accept = instruction::accept_authority(new.pubkey());
    world.refuse(accept.clone(), &[&new], PayoutsError::NoOffer);
    world.refuse(offer(Some(old.pubkey())), &[&old], PayoutsError::SameAuthority);
    world.refuse(offer(Some(Pubkey::default())), &[&old], PayoutsError::ZeroAddress);

    world.accept(offer(Some(new.pubkey())), &[&old]);
    world.refuse(instruction::accept_authority(other.pubkey()), &[&other], PayoutsError::NotOfferedAddress);
    let mut unsigned = accept.clone();
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    // Withdrawn, then lapsed, then offered again.
    world.accept(offer(None), &[&old]);
    world.refuse(accept.clone(), &[&new], PayoutsError::NoOffer);
    world.accept(offer(Some(new.pubkey())), &[&old]);
    world.wait(14 * DAY + 1);
    world.refuse(accept.clone(), &[&new], PayoutsError::OfferExpired);
    world.accept(offer(Some(new.pubkey())), &[&old]);
    world.wait(14 * DAY);
    let events = world.accept(accept.clone(), &[&new]);
    let [Event::AuthorityChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new, event.nonce), (old.pubkey(), new.pubkey(), 1));

    // A replay, and the old authority.
    world.refuse(accept, &[&new], PayoutsError::NoOffer);
    world.refuse(instruction::set_demo_flag(old.pubkey(), false), &[&old], PayoutsError::NotAuthority);
    world.accept(instruction::set_demo_flag(new.pubkey(), false), &[&new]);
    let authority = world.config().authority;
    assert!(!authority.bootstrap && authority.offer.is_none());
}
