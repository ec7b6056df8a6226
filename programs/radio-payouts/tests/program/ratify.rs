//! Ratification by mandate and by the authority: each refusal by its own error, then what is reserved.

use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Config, Epoch, EpochStatus, Mandate, MandateTerms};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::money::{LIVE, Money, entries};
use super::world::DAY;

const DELAY: i64 = 2 * DAY;

fn terms(budget: u64) -> MandateTerms {
    MandateTerms { first_epoch: LIVE, last_epoch: LIVE + 1, budget, delay_seconds: DELAY as u32 }
}

#[test]
fn a_mandate_covers_a_final_epoch_within_range_delay_budget_and_funds() {
    let mut money = Money::spl();
    let posted = money.post(LIVE, &entries(60, 3));
    let sum = 303;
    let mandate = money.mandate(terms(sum - 1));
    let ratify = |number| instruction::ratify_epoch(LIVE, number);
    money.world.refuse(ratify(mandate), &[], PayoutsError::EpochNotFinal);
    money.finalize(LIVE);
    let finalized = money.world.now();
    money.world.refuse(ratify(1), &[], ErrorCode::AccountNotInitialized);
    money.world.refuse(ratify(mandate), &[], PayoutsError::MandateDelayRunning);
    money.world.set_time(finalized + DELAY - 1);
    money.world.refuse(ratify(mandate), &[], PayoutsError::MandateDelayRunning);
    money.world.wait(1);
    money.world.refuse(ratify(mandate), &[], PayoutsError::MandateBudgetExceeded);
    let enough = money.mandate(terms(sum + 50));
    money.world.refuse(ratify(enough), &[], PayoutsError::VaultTooSmall);
    money.fund(sum - 1);
    money.world.refuse(ratify(enough), &[], PayoutsError::VaultTooSmall);
    money.fund(1);
    let mut wrong_vault = ratify(enough);
    wrong_vault.accounts[3].pubkey = address::treasury_address();
    money.world.refuse(wrong_vault, &[], PayoutsError::WrongVault);
    let later = money.mandate(MandateTerms { first_epoch: LIVE + 1, ..terms(sum) });
    money.world.refuse(ratify(later), &[], PayoutsError::EpochOutsideMandate);
    let earlier = money.mandate(MandateTerms { first_epoch: 0, last_epoch: LIVE - 1, ..terms(sum) });
    money.world.refuse(ratify(earlier), &[], PayoutsError::EpochOutsideMandate);
    let cancelled = money.mandate(terms(sum));
    let authority = money.world.authority.insecure_clone();
    money.world.accept(instruction::cancel_mandate(authority.pubkey(), cancelled), &[&authority]);
    money.world.refuse(ratify(cancelled), &[], PayoutsError::MandateIsCancelled);
    let pauser = money.world.pause_key.insecure_clone();
    money.world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    money.world.refuse(ratify(enough), &[], PayoutsError::Paused);
    money.world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    assert_eq!((money.config().reserved, money.vault()), (0, sum));

    let events = money.world.accept(ratify(enough), &[]);
    let [Event::EpochStatusChanged(status), Event::EpochRatified(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((status.old, status.new), (EpochStatus::Final, EpochStatus::Ratified));
    assert_eq!((event.epoch, event.commitment, event.mandate), (LIVE, posted.commitment, Some(enough)));
    assert_eq!((event.sum, event.old_reserved, event.new_reserved), (sum, 0, sum));
    assert_eq!((event.old_ratified_through, event.new_ratified_through), (None, Some(LIVE)));
    let config = money.config();
    assert_eq!((config.reserved, config.chain.ratified_through, money.vault()), (sum, Some(LIVE), sum));
    assert_eq!(money.world.read::<Mandate>(address::mandate_address(enough)).spent, sum);
    let epoch: Epoch = money.world.read(address::epoch_address(LIVE));
    assert_eq!((epoch.status, epoch.ratified.at, epoch.claimed), (EpochStatus::Ratified, money.world.now(), 0));
    money.world.refuse(ratify(enough), &[], PayoutsError::AlreadyRatified);
}

#[test]
fn pauses_do_not_count_for_the_delay_of_a_mandate() {
    let mut money = Money::spl();
    money.finalized(LIVE, &entries(60, 1));
    money.fund(100);
    let mandate = money.mandate(terms(100));
    let finalized = money.world.now();
    let pauser = money.world.pause_key.insecure_clone();
    money.world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    money.world.wait(1_000);
    money.world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    money.world.set_time(finalized + DELAY + 999);
    money.world.refuse(instruction::ratify_epoch(LIVE, mandate), &[], PayoutsError::MandateDelayRunning);
    money.world.wait(1);
    money.world.accept(instruction::ratify_epoch(LIVE, mandate), &[]);
}

#[test]
fn a_budget_covers_epochs_until_it_is_spent() {
    let mut money = Money::spl();
    money.finalized(LIVE, &entries(60, 3));
    money.finalized(LIVE + 1, &entries(60, 3));
    money.fund(10_000);
    let mandate = money.mandate(terms(605));
    money.world.wait(DELAY);
    money.world.accept(instruction::ratify_epoch(LIVE, mandate), &[]);
    let refused = instruction::ratify_epoch(LIVE + 1, mandate);
    money.world.refuse(refused.clone(), &[], PayoutsError::MandateBudgetExceeded);
    let second = money.mandate(terms(303));
    money.world.accept(instruction::ratify_epoch(LIVE + 1, second), &[]);
    assert_eq!((money.config().reserved, money.vault()), (606, 10_000));
}

#[test]
fn the_vault_covers_every_ratified_epoch_at_once() {
    let mut money = Money::spl();
    let first = money.finalized(LIVE, &entries(60, 3));
    let second = money.finalized(LIVE + 1, &entries(60, 3));
    money.fund(605);
    money.ratify_by_authority(&first);
    let authority = money.world.authority.insecure_clone();
    let ratify = instruction::ratify_epoch_by_authority(authority.pubkey(), second.epoch, second.commitment);
    money.world.refuse(ratify.clone(), &[&authority], PayoutsError::VaultTooSmall);
    money.fund(1);
    money.world.accept(ratify, &[&authority]);
    assert_eq!((money.config().reserved, money.vault()), (606, 606));
}

#[test]
fn a_demo_epoch_is_never_ratified() {
    let mut money = Money::spl();
    let posted = money.finalized(LIVE - 1, &entries(60, 1));
    money.fund(1_000);
    let mandate = money.mandate(MandateTerms { first_epoch: 0, ..terms(1_000) });
    money.world.wait(DELAY);
    money.world.refuse(instruction::ratify_epoch(LIVE - 1, mandate), &[], PayoutsError::DemoIsNeverPaid);
    let authority = money.world.authority.insecure_clone();
    let own = instruction::ratify_epoch_by_authority(authority.pubkey(), LIVE - 1, posted.commitment);
    money.world.refuse(own, &[&authority], PayoutsError::DemoIsNeverPaid);
}

#[test]
fn the_authority_ratifies_what_it_decided_on_and_nothing_else() {
    let mut money = Money::spl();
    let posted = money.post(LIVE, &entries(60, 3));
    let (authority, stranger) = (money.world.authority.insecure_clone(), money.world.stranger.insecure_clone());
    let ratify = |by, commitment| instruction::ratify_epoch_by_authority(by, LIVE, commitment);
    let own = ratify(authority.pubkey(), posted.commitment);
    money.world.refuse(own.clone(), &[&authority], PayoutsError::EpochNotFinal);
    money.finalize(LIVE);
    let pretended = ratify(stranger.pubkey(), posted.commitment);
    money.world.refuse(pretended, &[&stranger], PayoutsError::NotAuthority);
    let mut unsigned = own.clone();
    unsigned.accounts[0].is_signer = false;
    money.world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    money.world.refuse(ratify(authority.pubkey(), [9; 32]), &[&authority], PayoutsError::RootHasChanged);
    money.world.refuse(own.clone(), &[&authority], PayoutsError::VaultTooSmall);
    money.fund(303);
    let pauser = money.world.pause_key.insecure_clone();
    money.world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    money.world.refuse(own.clone(), &[&authority], PayoutsError::Paused);
    money.world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    let events = money.world.accept(own.clone(), &[&authority]);
    let Some(Event::EpochRatified(event)) = events.last() else { panic!("{events:?}") };
    assert_eq!((event.mandate, event.sum, event.new_reserved), (None, 303, 303));
    money.world.refuse(own, &[&authority], PayoutsError::AlreadyRatified);
}

#[test]
fn a_contested_epoch_needs_the_authority_and_holds_up_the_mandates_of_its_children() {
    let mut money = Money::spl();
    let first = money.post(LIVE, &entries(60, 1));
    // What a dispute that lapsed leaves behind.
    money.world.write(address::epoch_address(LIVE), |epoch: &mut Epoch| epoch.contested = true);
    money.finalize(LIVE);
    money.finalized(LIVE + 1, &entries(60, 1));
    money.finalized(LIVE + 2, &entries(60, 1));
    money.fund(1_000);
    let mandate = money.mandate(MandateTerms { last_epoch: LIVE + 9, ..terms(1_000) });
    money.world.wait(DELAY);
    money.world.refuse(instruction::ratify_epoch(LIVE, mandate), &[], PayoutsError::EpochContested);
    for child in [LIVE + 1, LIVE + 2] {
        money.world.refuse(instruction::ratify_epoch(child, mandate), &[], PayoutsError::EpochStandsOnContested);
    }
    money.ratify_by_authority(&first);
    for child in [LIVE + 2, LIVE + 1] {
        money.world.accept(instruction::ratify_epoch(child, mandate), &[]);
    }
    assert_eq!(money.config().chain.ratified_through, Some(LIVE + 2));
}

#[test]
fn an_orphan_is_not_ratified_and_nothing_before_a_ratified_epoch_is_rejected() {
    let mut money = Money::spl();
    let posted = money.finalized(LIVE, &entries(60, 1));
    let second = money.finalized(LIVE + 1, &entries(60, 1));
    money.fund(1_000);
    let mandate = money.mandate(terms(1_000));
    money.world.wait(DELAY);
    let authority = money.world.authority.insecure_clone();
    let reject = instruction::reject_epoch(authority.pubkey(), LIVE, posted.commitment);
    let config = money.world.svm.get_account(&address::config_address()).unwrap();
    let first = money.world.svm.get_account(&address::epoch_address(LIVE)).unwrap();
    money.world.accept(reject.clone(), &[&authority]);
    money.world.refuse(instruction::ratify_epoch(LIVE + 1, mandate), &[], PayoutsError::EpochOrphaned);
    let own = instruction::ratify_epoch_by_authority(authority.pubkey(), LIVE + 1, second.commitment);
    money.world.refuse(own, &[&authority], PayoutsError::EpochOrphaned);

    // Without the rejection: the child is ratified, and the parent stands for good.
    money.world.svm.set_account(address::config_address(), config).unwrap();
    money.world.svm.set_account(address::epoch_address(LIVE), first).unwrap();
    money.world.accept(instruction::ratify_epoch(LIVE + 1, mandate), &[]);
    money.world.refuse(reject, &[&authority], PayoutsError::LaterEpochRatified);
    money.world.accept(instruction::ratify_epoch(LIVE, mandate), &[]);
    let chain = money.world.read::<Config>(address::config_address()).chain;
    assert_eq!(chain.ratified_through, Some(LIVE + 1));
    let ratified = instruction::reject_epoch(authority.pubkey(), LIVE + 1, second.commitment);
    money.world.refuse(ratified, &[&authority], PayoutsError::EpochNotFinal);
}
