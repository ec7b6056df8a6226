//! Closing: what nobody claimed is free, rents go back to who paid them, and nothing happens to a Closed epoch again.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{
    ACCOUNT_VERSION, Candidate, ClaimChunk, Dispute, DisputeOutcome, Epoch, EpochStatus, MandateTerms, Start,
};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_account::Account;
use solana_instruction::Instruction;
use solana_signer::Signer;

use super::money::{CLAIM_WINDOW, LIVE, Money, Posted, entries};
use super::world::{World, key};

/// A ratified epoch of three shares, the first of them claimed.
fn claimed_in_part() -> (Money, Posted) {
    let mut money = Money::spl();
    let posted = money.ratified(LIVE, &entries(60, 3));
    money.fund(50);
    money.open(&posted.shares[0].payee);
    money.claim_own(&posted, 0);
    (money, posted)
}

fn close(money: &mut Money) {
    let ratified = money.world.read::<Epoch>(address::epoch_address(LIVE)).ratified.at;
    money.world.set_time(ratified + CLAIM_WINDOW);
    money.world.accept(instruction::close_epoch(LIVE), &[]);
}

#[test]
fn an_epoch_is_closed_after_its_claim_window_and_frees_the_rest() {
    let mut money = Money::spl();
    let posted = money.post(LIVE, &entries(60, 3));
    money.world.refuse(instruction::close_epoch(LIVE), &[], PayoutsError::EpochNotRatified);
    money.finalize(LIVE);
    money.world.refuse(instruction::close_epoch(LIVE), &[], PayoutsError::EpochNotRatified);
    money.world.refuse(instruction::close_epoch(LIVE + 1), &[], ErrorCode::AccountNotInitialized);
    money.fund(353);
    money.ratify_by_authority(&posted);
    money.open(&posted.shares[0].payee);
    money.claim_own(&posted, 0);
    money.world.wait(CLAIM_WINDOW - 1);
    money.world.refuse(instruction::close_epoch(LIVE), &[], PayoutsError::ClaimWindowOpen);
    money.world.wait(1);
    let lamports = money.world.lamports(address::epoch_address(LIVE));
    let events = money.world.accept(instruction::close_epoch(LIVE), &[]);
    let [Event::EpochStatusChanged(status), Event::EpochClosed(event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((status.old, status.new), (EpochStatus::Ratified, EpochStatus::Closed));
    assert_eq!((event.claimed, event.released, event.old_reserved, event.new_reserved), (100, 203, 203, 0));
    assert_eq!((money.vault(), money.config().reserved), (253, 0));
    // The account itself stays.
    assert_eq!(money.world.lamports(address::epoch_address(LIVE)), lamports);
    money.world.refuse(instruction::close_epoch(LIVE), &[], PayoutsError::EpochClosed);
}

#[test]
fn closing_one_epoch_leaves_what_others_promise() {
    let mut money = Money::spl();
    money.ratified(LIVE, &entries(60, 3));
    money.world.wait(1_000);
    let second = money.ratified(LIVE + 1, &entries(60, 2));
    close(&mut money);
    assert_eq!((money.vault(), money.config().reserved), (504, 201));
    money.open(&second.shares[1].payee);
    money.claim_own(&second, 1);
    assert_eq!((money.vault(), money.config().reserved), (403, 100));
}

/// Expects that closing needs the Closed epoch and the right rent payer, then that its rent goes there to the lamport.
fn returns_rent(world: &mut World, close: &Instruction, account: Pubkey, payer: Pubkey) {
    let mut other = close.clone();
    other.accounts[2].pubkey = world.stranger.pubkey();
    world.refuse(other, &[], PayoutsError::WrongRentPayer);
    let mut elsewhere = close.clone();
    elsewhere.accounts[0].pubkey = address::epoch_address(LIVE + 1);
    world.refuse(elsewhere, &[], PayoutsError::NotOfThisEpoch);
    let (rent, before) = (world.lamports(account), world.lamports(payer));
    assert!(rent > 0);
    let stranger = world.stranger.insecure_clone();
    world.svm.expire_blockhash();
    let hash = world.svm.latest_blockhash();
    let transaction = solana_transaction::Transaction::new_signed_with_payer(
        std::slice::from_ref(close),
        Some(&stranger.pubkey()),
        &[&stranger],
        hash,
    );
    let meta = world.svm.send_transaction(transaction).unwrap();
    let events = radio_payouts_client::event::events(&meta.logs);
    let [Event::RentReturned(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.epoch, event.account, event.rent_payer, event.lamports), (LIVE, account, payer, rent));
    assert_eq!((world.lamports(account), world.lamports(payer)), (0, before + rent));
    world.refuse(close.clone(), &[], ErrorCode::AccountNotInitialized);
}

fn dispute_of(money: &mut Money, outcome: DisputeOutcome) -> Dispute {
    let dispute = Dispute {
        version: ACCOUNT_VERSION,
        bump: address::find_dispute_address(LIVE, 0).1,
        bond_bump: 0,
        epoch: LIVE,
        attempt: 0,
        commitment: [0; 32],
        disputer: key(72).pubkey(),
        bond: 5,
        bond_released: outcome != DisputeOutcome::Open,
        evidence_hash: [0; 32],
        opened: Start::default(),
        outcome,
        rent_payer: key(71).pubkey(),
        reserved_space: [0; 64],
    };
    let mut data = Vec::new();
    anchor_lang::AccountSerialize::try_serialize(&dispute, &mut data).unwrap();
    let lamports = money.world.svm.minimum_balance_for_rent_exemption(data.len());
    let account = Account { lamports, data, owner: radio_payouts::ID, executable: false, rent_epoch: u64::MAX };
    money.world.svm.set_account(address::dispute_address(LIVE, 0), account).unwrap();
    dispute
}

#[test]
fn rents_go_back_to_who_paid_them_once_the_epoch_is_closed() {
    let (mut money, posted) = claimed_in_part();
    money.post(LIVE + 1, &[]);
    let candidate: Candidate = money.world.read(address::candidate_address(LIVE, &posted.commitment));
    let chunk: ClaimChunk = money.world.read(address::claims_address(LIVE, 0));
    let dispute = dispute_of(&mut money, DisputeOutcome::Rejected);
    let closes = [
        (
            instruction::close_candidate(&candidate),
            address::candidate_address(LIVE, &posted.commitment),
            money.world.settlers[0].pubkey(),
        ),
        (instruction::close_claim_chunk(&chunk), address::claims_address(LIVE, 0), money.world.payer.pubkey()),
        (instruction::close_dispute(&dispute), address::dispute_address(LIVE, 0), key(71).pubkey()),
    ];
    for (close, ..) in &closes {
        money.world.refuse(close.clone(), &[], PayoutsError::EpochNotClosed);
    }
    close(&mut money);
    let open = dispute_of(&mut money, DisputeOutcome::Open);
    money.world.refuse(instruction::close_dispute(&open), &[], PayoutsError::DisputeNotResolved);
    dispute_of(&mut money, DisputeOutcome::Lapsed);
    for (close, account, payer) in closes {
        returns_rent(&mut money.world, &close, account, payer);
    }
}

#[test]
fn nothing_happens_to_a_closed_epoch_again() {
    let (mut money, posted) = claimed_in_part();
    money.post(LIVE + 1, &[]);
    let mandate = money.mandate(MandateTerms { first_epoch: 0, last_epoch: 99, budget: 1_000, delay_seconds: 172_800 });
    close(&mut money);
    let authority = money.world.authority.insecure_clone();
    let own = instruction::ratify_epoch_by_authority(authority.pubkey(), LIVE, posted.commitment);
    let second = money.open(&posted.shares[1].payee);
    let chunk: ClaimChunk = money.world.read(address::claims_address(LIVE, 0));
    // With its chunk and without.
    for returned in [false, true] {
        if returned {
            money.world.accept(instruction::close_claim_chunk(&chunk), &[]);
        }
        for index in [0, 1] {
            let claim = money.claim(&posted, index, &posted.shares[index as usize].payee);
            money.world.refuse(claim, &[], PayoutsError::EpochClosed);
        }
    }
    money.world.refuse(instruction::ratify_epoch(LIVE, mandate), &[], PayoutsError::EpochClosed);
    money.world.refuse(own, &[&authority], PayoutsError::EpochClosed);
    money.world.refuse(instruction::finalize_epoch(LIVE, None), &[], PayoutsError::EpochNotPosted);
    let reject = instruction::reject_epoch(authority.pubkey(), LIVE, posted.commitment);
    money.world.refuse(reject, &[&authority], PayoutsError::EpochNotFinal);
    money.world.refuse(instruction::revoke_orphan(LIVE), &[], PayoutsError::NothingRevoked);
    // No candidate: the same statement, or another.
    for variant in [0, 1] {
        let statement = radio_payouts::state::EpochStatement { params_version: 2, ..money.world.statement(variant) };
        money.world.refuse_post(LIVE, statement, PayoutsError::EpochNotAfterHead);
    }
    let candidate = address::candidate_address(LIVE, &posted.commitment);
    money.world.accept(instruction::close_candidate(&money.world.read(candidate)), &[]);
    let statement = radio_payouts::state::EpochStatement { params_version: 2, ..money.world.statement(0) };
    money.world.refuse_post(LIVE, statement, PayoutsError::EpochNotAfterHead);
    assert_eq!((money.balance(second), money.vault(), money.config().reserved), (0, 253, 0));
    // A proof of what was is still a proof.
    let (share, siblings) = (posted.shares[1], posted.forest.proof(1).unwrap());
    money.world.accept(instruction::verify_share(share, &siblings), &[]);
}
