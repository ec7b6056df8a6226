//! Disputes: who, when, for how much; how they end and where the bond goes.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{DisputeOutcome, EpochStatement, EpochStatus, TreeRoot};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::dispute_world::{BOND, EPOCH, EVIDENCE, posted};
use super::world::{DAY, INCORRECT_PROGRAM_ID, TOKEN_2022_PROGRAM, World, mint_data};

#[test]
fn opening_refuses_signers_accounts_and_bonds() {
    let mut world = posted([EPOCH]);
    let stranger = world.stranger.insecure_clone();
    let open = world.dispute(EPOCH, 0);
    let mut unsigned = open.clone();
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    for (account, other) in [(3, address::epoch_address(11)), (4, address::dispute_address(EPOCH, 1))] {
        let mut elsewhere = open.clone();
        elsewhere.accounts[account].pubkey = other;
        let error = if account == 3 { ErrorCode::AccountNotInitialized } else { ErrorCode::ConstraintSeeds };
        world.refuse(elsewhere, &[&stranger], error);
    }
    let mut elsewhere = open.clone();
    elsewhere.accounts[5].pubkey = address::bond_address(EPOCH, 1);
    world.refuse(elsewhere, &[&stranger], ErrorCode::ConstraintSeeds);

    // Another's tokens, another mint, another token program.
    let mut anothers = open.clone();
    anothers.accounts[6].pubkey = world.give_tokens(world.operator.pubkey(), BOND);
    world.refuse(anothers, &[&stranger], PayoutsError::NotDisputersTokens);
    let (mint, right) = (Pubkey::new_from_array([0xb2; 32]), world.mint);
    world.mint = mint;
    world.set_mint(super::world::TOKEN_PROGRAM, &mint_data(9, &[]));
    let foreign = world.give_tokens(stranger.pubkey(), BOND);
    world.mint = right;
    let mut worthless = open.clone();
    worthless.accounts[6].pubkey = foreign;
    world.refuse(worthless.clone(), &[&stranger], PayoutsError::WrongBondMint);
    worthless.accounts[7].pubkey = mint;
    world.refuse(worthless, &[&stranger], PayoutsError::WrongBondMint);
    let mut program = open.clone();
    program.accounts[8].pubkey = TOKEN_2022_PROGRAM;
    world.refuse(program, &[&stranger], INCORRECT_PROGRAM_ID);

    world.give_tokens(stranger.pubkey(), BOND - 1);
    world.refuse(open, &[&stranger], PayoutsError::BondNotCovered);
    assert!(world.svm.get_account(&address::dispute_address(EPOCH, 0)).is_none());
    assert_eq!(world.epoch(EPOCH).status, EpochStatus::Posted);
}

#[test]
fn a_dispute_is_about_one_posted_attempt_within_its_window_and_there_is_one() {
    let mut world = posted([EPOCH]);
    let stranger = world.stranger.insecure_clone();
    world.refuse(world.dispute(EPOCH, 1), &[&stranger], PayoutsError::WrongAttempt);
    world.refuse(world.dispute(EPOCH + 1, 0), &[&stranger], ErrorCode::AccountNotInitialized);
    let posted_at = world.now();
    world.set_time(posted_at + DAY);
    world.refuse(world.dispute(EPOCH, 0), &[&stranger], PayoutsError::ChallengeWindowOver);
    world.set_time(posted_at + DAY - 1);
    world.open_dispute(EPOCH, 0);
    world.refuse(world.dispute(EPOCH, 0), &[&stranger], PayoutsError::AlreadyDisputed);
    world.refuse(instruction::finalize_epoch(EPOCH, None), &[], PayoutsError::EpochNotPosted);
    // Nor again after it was rejected, and its bond's account is gone.
    let authority = world.authority.insecure_clone();
    world.accept(world.resolve(EPOCH, 0, false), &[&authority]);
    world.accept(world.release(EPOCH, 0), &[]);
    world.refuse(world.dispute(EPOCH, 0), &[&stranger], PayoutsError::AlreadyDisputed);
    world.wait(1);
    world.accept(instruction::finalize_epoch(EPOCH, None), &[]);
    assert!(!world.epoch(EPOCH).contested);
    // A final root is not disputed any more.
    let mut world = posted([EPOCH]);
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(EPOCH, None), &[]);
    world.refuse(world.dispute(EPOCH, 0), &[&stranger], PayoutsError::EpochNotPosted);
}

#[test]
fn the_bond_is_the_greater_of_its_two_bounds_and_lies_with_the_dispute() {
    let mut world = posted([EPOCH]);
    let (payer, stranger) = (world.payer.pubkey(), world.stranger.insecure_clone());
    let source = world.give_tokens(stranger.pubkey(), BOND + 5);
    let before = world.lamports(payer);
    let events = world.accept(world.dispute(EPOCH, 0), &[&stranger]);
    let [Event::DisputeOpened(opened), Event::EpochStatusChanged(status)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((opened.bond, opened.disputer, opened.evidence_hash), (BOND, stranger.pubkey(), EVIDENCE));
    assert_eq!((status.old, status.new), (EpochStatus::Posted, EpochStatus::Disputed));
    let (dispute, bond) = (address::dispute_address(EPOCH, 0), address::bond_address(EPOCH, 0));
    assert_eq!((world.tokens(source), world.tokens(bond)), (Some(5), Some(BOND)));
    assert_eq!(world.svm.get_account(&bond).unwrap().data[32..64], *dispute.as_ref());
    assert_eq!(world.lamports(payer), before - 10_000 - world.lamports(dispute) - world.lamports(bond));
    let account = world.dispute_of(EPOCH, 0);
    assert_eq!((account.commitment, account.outcome), (world.epoch(EPOCH).commitment, DisputeOutcome::Open));

    // 1 % of a pool of 10^6 BLOOM and a bit, floored.
    let mut world = World::running(1, 1);
    world.go_past(EPOCH, 600);
    let batches = TreeRoot { root: [1; 32], sum: 1_000_000_000_000, count: 1 };
    let statement = EpochStatement { batches, pool: 999_999_999_999_999, ..world.statement(0) };
    world.post(0, EPOCH, statement).unwrap();
    let source = world.give_tokens(stranger.pubkey(), 9_999_999_999_999);
    world.open_dispute(EPOCH, 0);
    assert_eq!(world.tokens(source), Some(0));
    assert_eq!(world.tokens(address::bond_address(EPOCH, 0)), Some(9_999_999_999_999));
}

#[test]
fn only_authority_and_arbiter_resolve_what_is_named() {
    let mut world = posted([EPOCH, EPOCH + 1]);
    let (stranger, authority) = (world.stranger.insecure_clone(), world.authority.insecure_clone());
    world.open_dispute(EPOCH, 0);
    let by_stranger = instruction::resolve_dispute(stranger.pubkey(), EPOCH, 0, true);
    world.refuse(by_stranger.clone(), &[&stranger], PayoutsError::NotAuthorityOrArbiter);
    let mut unsigned = world.resolve(EPOCH, 0, true);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    // A decision names epoch and attempt: it cannot be turned to another dispute.
    world.refuse(world.resolve(EPOCH, 1, true), &[&authority], ErrorCode::AccountNotInitialized);
    for account in [2, 3] {
        let mut turned = world.resolve(EPOCH + 1, 0, true);
        turned.accounts[2].pubkey = address::epoch_address(EPOCH + 1);
        turned.accounts[3].pubkey = address::dispute_address(EPOCH, 0);
        if account == 2 {
            turned.accounts[2].pubkey = address::epoch_address(EPOCH);
        }
        world.refuse(turned, &[&authority], ErrorCode::ConstraintSeeds);
    }
    world.refuse(world.release(EPOCH, 0), &[], PayoutsError::DisputeStillOpen);

    // The arbiter, once appointed; only the authority appoints.
    let appoint = |by, whom| instruction::appoint_arbiter(by, whom);
    let some = Some(stranger.pubkey());
    world.refuse(appoint(stranger.pubkey(), some), &[&stranger], PayoutsError::NotAuthority);
    world.refuse(appoint(authority.pubkey(), None), &[&authority], PayoutsError::NothingChanges);
    world.refuse(appoint(authority.pubkey(), Some(Pubkey::default())), &[&authority], PayoutsError::ZeroAddress);
    let events = world.accept(appoint(authority.pubkey(), some), &[&authority]);
    let [Event::ArbiterAppointed(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new), (None, some));
    let events = world.accept(by_stranger.clone(), &[&stranger]);
    let [Event::DisputeClosed(closed), Event::EpochStatusChanged(_)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((closed.old, closed.new, closed.by), (DisputeOutcome::Open, DisputeOutcome::Upheld, some));
    world.refuse(by_stranger.clone(), &[&stranger], PayoutsError::DisputeEnded);
    world.accept(appoint(authority.pubkey(), None), &[&authority]);
    world.refuse(by_stranger, &[&stranger], PayoutsError::NotAuthorityOrArbiter);
}

#[test]
fn an_upheld_dispute_reopens_the_epoch_and_gives_everything_back() {
    let mut world = posted([EPOCH, EPOCH + 1]);
    let (stranger, authority, payer) =
        (world.stranger.insecure_clone(), world.authority.insecure_clone(), world.payer.pubkey());
    let source = world.give_tokens(stranger.pubkey(), BOND);
    let treasury = address::treasury_address();
    world.open_dispute(EPOCH, 0);
    let commitment = world.epoch(EPOCH).commitment;
    world.accept(world.resolve(EPOCH, 0, true), &[&authority]);
    world.refuse(world.resolve(EPOCH, 0, false), &[&authority], PayoutsError::DisputeEnded);
    let statement = world.statement(0);
    world.go_past(EPOCH + 2, 600);
    world.refuse_post(EPOCH + 2, statement, PayoutsError::HeadOrphaned);

    // Only to the disputer, not to the treasury nor to anybody else; rent only to who paid it.
    let mut wrong = world.release(EPOCH, 0);
    wrong.accounts[4].pubkey = treasury;
    world.refuse(wrong.clone(), &[], PayoutsError::NotDisputersTokens);
    wrong.accounts[4].pubkey = world.give_tokens(world.operator.pubkey(), 0);
    world.refuse(wrong, &[], PayoutsError::NotDisputersTokens);
    let mut wrong = world.release(EPOCH, 0);
    wrong.accounts[5].pubkey = stranger.pubkey();
    world.refuse(wrong, &[], PayoutsError::WrongBondRentPayer);
    let rent = world.lamports(address::bond_address(EPOCH, 0));
    let before = world.lamports(payer);
    let events = world.accept(world.release(EPOCH, 0), &[]);
    let [Event::BondReleased(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.outcome, event.to, event.amount), (DisputeOutcome::Upheld, source, BOND));
    assert_eq!((world.tokens(source), world.tokens(treasury)), (Some(BOND), Some(0)));
    assert_eq!(world.tokens(address::bond_address(EPOCH, 0)), None);
    assert_eq!(world.lamports(payer), before + rent - 5_000);
    assert!(world.dispute_of(EPOCH, 0).bond_released);
    world.refuse(world.release(EPOCH, 0), &[], ErrorCode::AccountNotInitialized);

    world.accept(instruction::revoke_orphan(EPOCH + 1), &[]);
    world.accept(instruction::revoke_orphan(EPOCH), &[]);
    assert_eq!((world.epoch(EPOCH).status, world.epoch(EPOCH).attempt), (EpochStatus::Open, 1));
    // Revoked by a decision, not by a proof: the same commitment may be posted again, and disputed again.
    world.post(0, EPOCH, world.statement(0)).unwrap();
    assert_eq!(world.epoch(EPOCH).commitment, commitment);
    world.refuse(world.dispute(EPOCH, 0), &[&stranger], PayoutsError::AlreadyDisputed);
    world.open_dispute(EPOCH, 1);
    assert_eq!(world.epoch(EPOCH).status, EpochStatus::Disputed);
}

#[test]
fn a_rejected_disputes_bond_goes_to_the_treasury() {
    let mut world = posted([EPOCH]);
    let (stranger, authority) = (world.stranger.insecure_clone(), world.authority.insecure_clone());
    let source = world.give_tokens(stranger.pubkey(), BOND);
    let (treasury, payer) = (address::treasury_address(), world.payer.pubkey());
    world.open_dispute(EPOCH, 0);
    // Somebody sends one base unit more, so that the account could not be closed.
    let bond = address::bond_address(EPOCH, 0);
    world.put_tokens(bond, world.mint, address::dispute_address(EPOCH, 0), BOND + 1);
    world.accept(world.resolve(EPOCH, 0, false), &[&authority]);
    assert_eq!((world.epoch(EPOCH).status, world.epoch(EPOCH).attempt), (EpochStatus::Posted, 0));
    let mut wrong = world.release(EPOCH, 0);
    wrong.accounts[4].pubkey = source;
    world.refuse(wrong, &[], PayoutsError::BondNotToTreasury);
    let mut wrong = world.release(EPOCH, 0);
    wrong.accounts[3].pubkey = source;
    world.refuse(wrong, &[], ErrorCode::ConstraintSeeds);
    let (before, rent) = (world.lamports(payer), world.lamports(bond));
    world.accept(world.release(EPOCH, 0), &[]);
    assert_eq!((world.tokens(source), world.tokens(treasury)), (Some(0), Some(BOND + 1)));
    assert_eq!(world.lamports(payer), before + rent - 5_000);
}

#[test]
fn an_unresolved_dispute_lapses_and_the_epoch_is_contested() {
    let mut world = posted([EPOCH]);
    let (stranger, authority, pauser) =
        (world.stranger.insecure_clone(), world.authority.insecure_clone(), world.pause_key.insecure_clone());
    let source = world.give_tokens(stranger.pubkey(), BOND);
    // Opened during a pause, which does not count.
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    world.wait(5 * DAY);
    world.open_dispute(EPOCH, 0);
    world.wait(DAY);
    world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    let opened = world.now();
    let lapse = instruction::lapse_dispute(EPOCH, 0);
    world.set_time(opened + 21 * DAY - 1);
    world.refuse(lapse.clone(), &[], PayoutsError::DisputeTimeLeft);
    world.wait(1);
    for upheld in [true, false] {
        world.refuse(world.resolve(EPOCH, 0, upheld), &[&authority], PayoutsError::DisputeOverdue);
    }
    let events = world.accept(lapse.clone(), &[]);
    let [Event::DisputeClosed(closed), Event::EpochStatusChanged(status)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((closed.new, closed.by, status.new), (DisputeOutcome::Lapsed, None, EpochStatus::Posted));
    world.refuse(lapse, &[], PayoutsError::DisputeEnded);
    world.accept(world.release(EPOCH, 0), &[]);
    assert_eq!((world.tokens(source), world.tokens(address::treasury_address())), (Some(BOND), Some(0)));
    world.accept(instruction::finalize_epoch(EPOCH, None), &[]);
    assert!(world.epoch(EPOCH).contested);
    // A later attempt is not contested by it.
    let commitment = world.epoch(EPOCH).commitment;
    world.accept(instruction::reject_epoch(authority.pubkey(), EPOCH, commitment), &[&authority]);
    world.accept(instruction::revoke_orphan(EPOCH), &[]);
    world.post(0, EPOCH, world.statement(0)).unwrap();
    assert!(!world.epoch(EPOCH).contested);
}
