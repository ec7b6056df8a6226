use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::PayeeBinding;
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::world::{DAY, World, key};

const DID: [u8; 32] = [0xd1; 32];

/// A deployment with one registrar; returns it and two payees.
fn world() -> (World, Keypair, Keypair, Keypair) {
    let mut world = World::initialized();
    let registrar = key(20);
    let authority = world.authority.insecure_clone();
    let named = instruction::set_registrars(authority.pubkey(), vec![registrar.pubkey()]);
    world.accept(named, &[&authority]);
    (world, registrar, key(21), key(22))
}

#[test]
fn a_first_binding_needs_a_registrar_and_the_payee() {
    let (mut world, registrar, payee, other) = world();
    let payer = world.payer.pubkey();
    let stranger = world.stranger.insecure_clone();
    let propose = |by: &Keypair| instruction::propose_binding(payer, by.pubkey(), None, DID, payee.pubkey());
    world.refuse(propose(&stranger), &[&stranger], PayoutsError::NotRegistrar);
    let mut unsigned = propose(&registrar);
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let pretender =
        instruction::propose_binding(payer, registrar.pubkey(), Some(stranger.pubkey()), DID, payee.pubkey());
    world.refuse(pretender, &[&registrar, &stranger], PayoutsError::NotAuthority);
    world.refuse(instruction::accept_binding(payee.pubkey(), &DID), &[&payee], ErrorCode::AccountNotInitialized);

    let before = world.lamports(payer);
    world.accept(propose(&registrar), &[&registrar]);
    assert_eq!(world.lamports(payer), before - world.lamports(address::binding_address(&DID)) - 10_000);
    world.refuse(instruction::accept_binding(other.pubkey(), &DID), &[&other], PayoutsError::NotProposedPayee);
    let events = world.accept(instruction::accept_binding(payee.pubkey(), &DID), &[&payee]);
    let [Event::BindingAccepted(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new, event.delay_seconds), (None, payee.pubkey(), 7 * 86_400));
    world.refuse(instruction::accept_binding(payee.pubkey(), &DID), &[&payee], PayoutsError::BindingPending);
    world.refuse(propose(&registrar), &[&registrar], PayoutsError::BindingPending);

    let binding: PayeeBinding = world.read(address::binding_address(&DID));
    let (pause, now) = (world.config().pause, world.now());
    assert_eq!(binding.payee_at(&pause, now + 7 * DAY - 1), None);
    assert_eq!(binding.payee_at(&pause, now + 7 * DAY), Some(payee.pubkey()));
}

#[test]
fn authority_and_pause_key_cancel_until_it_is_in_force() {
    let (mut world, registrar, payee, _) = world();
    let payer = world.payer.pubkey();
    let (stranger, pauser, authority) =
        (world.stranger.insecure_clone(), world.pause_key.insecure_clone(), world.authority.insecure_clone());
    let propose = instruction::propose_binding(payer, registrar.pubkey(), None, DID, payee.pubkey());
    let cancel = |by: &Keypair| instruction::cancel_binding(by.pubkey(), &DID);
    world.accept(propose.clone(), &[&registrar]);
    world.refuse(cancel(&stranger), &[&stranger], PayoutsError::NotPauseKey);
    world.refuse(cancel(&registrar), &[&registrar], PayoutsError::NotPauseKey);
    world.accept(cancel(&pauser), &[&pauser]);
    world.refuse(cancel(&authority), &[&authority], PayoutsError::NoBindingProposed);
    world.refuse(instruction::accept_binding(payee.pubkey(), &DID), &[&payee], PayoutsError::NoBindingProposed);

    world.accept(propose, &[&registrar]);
    world.accept(instruction::accept_binding(payee.pubkey(), &DID), &[&payee]);
    world.wait(7 * DAY - 1);
    let snapshot = world.svm.get_account(&address::binding_address(&DID)).unwrap();
    let events = world.accept(cancel(&authority), &[&authority]);
    let [Event::BindingCancelled(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.cancelled.payee, payee.pubkey());
    world.svm.set_account(address::binding_address(&DID), snapshot).unwrap();
    world.wait(1);
    world.refuse(cancel(&authority), &[&authority], PayoutsError::BindingInForce);
}

#[test]
fn a_change_needs_the_old_payee_or_registrar_and_authority() {
    let (mut world, registrar, old, new) = world();
    let payer = world.payer.pubkey();
    let authority = world.authority.insecure_clone();
    world.accept(instruction::propose_binding(payer, registrar.pubkey(), None, DID, old.pubkey()), &[&registrar]);
    world.accept(instruction::accept_binding(old.pubkey(), &DID), &[&old]);
    world.wait(7 * DAY);

    let by_registrar = |with: Option<&Keypair>, to: &Keypair| {
        let with = with.map(Signer::pubkey);
        instruction::propose_binding(payer, registrar.pubkey(), with, DID, to.pubkey())
    };
    world.refuse(by_registrar(None, &new), &[&registrar], PayoutsError::ChangeNeedsOldPayee);
    world.refuse(by_registrar(Some(&authority), &old), &[&registrar, &authority], PayoutsError::SamePayee);
    let by_new = instruction::propose_binding(payer, new.pubkey(), Some(authority.pubkey()), DID, new.pubkey());
    world.refuse(by_new, &[&new, &authority], PayoutsError::ChangeNeedsOldPayee);
    let events = world.accept(by_registrar(Some(&authority), &new), &[&registrar, &authority]);
    let [Event::BindingProposed(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new), (Some(old.pubkey()), new.pubkey()));

    // Not accepted: the old payee's own proposal takes its place.
    world.accept(instruction::propose_binding(payer, old.pubkey(), None, DID, new.pubkey()), &[&old]);
    world.accept(instruction::accept_binding(new.pubkey(), &DID), &[&new]);
    let binding: PayeeBinding = world.read(address::binding_address(&DID));
    let (pause, now) = (world.config().pause, world.now());
    assert_eq!(binding.payee_at(&pause, now), Some(old.pubkey()));
    assert_eq!(binding.payee_at(&pause, now + 7 * DAY), Some(new.pubkey()));
}
