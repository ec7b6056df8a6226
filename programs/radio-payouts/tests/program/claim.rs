//! Claims: each lie by its own error, then the right account paid to the base unit, once.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use anchor_spl::token_interface::spl_token_2022::instruction::{AuthorityType, set_authority};
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{ClaimChunk, Epoch, EpochStatus};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::money::{CLAIM_WINDOW, LIVE, Money, Posted, entries, mint_of};
use super::world::{DAY, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, key};

/// Where the accounts of `claim_share` stand.
const MINT: usize = 5;
const VAULT: usize = 6;
const PAYEE_ACCOUNT: usize = 7;

/// A ratified epoch of shares for keys 60, 61, …, whose token accounts are there.
fn ratified(count: u8) -> (Money, Posted) {
    let mut money = Money::spl();
    let posted = money.ratified(LIVE, &entries(60, count));
    for share in &posted.shares {
        money.open(&share.payee);
    }
    (money, posted)
}

fn into_account(mut claim: Instruction, account: Pubkey) -> Instruction {
    claim.accounts[PAYEE_ACCOUNT].pubkey = account;
    claim
}

fn pays_exactly(token_program: Pubkey) {
    let mut money = Money::new(token_program);
    let posted = money.ratified(LIVE, &entries(60, 3));
    let payer = money.world.payer.pubkey();
    money.fund(1_000);
    let [first, second] = [0, 1].map(|at| posted.shares[at].payee);
    let claim = money.claim(&posted, 0, &first);
    money.world.refuse(claim.clone(), &[], ErrorCode::AccountNotInitialized);
    let account = money.open(&first);
    let lamports = money.world.lamports(payer);
    let events = money.world.accept(claim.clone(), &[]);
    let [Event::ShareClaimed(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.epoch, event.index, event.did_hash), (LIVE, 0, [60; 32]));
    assert_eq!((event.payee, event.bound, event.amount), (first, false, 100));
    assert_eq!((event.old_claimed, event.new_claimed), (0, 100));
    assert_eq!((event.old_reserved, event.new_reserved), (303, 203));
    assert_eq!((money.balance(account), money.vault(), money.config().reserved), (100, 1_203, 203));
    let epoch: Epoch = money.world.read(address::epoch_address(LIVE));
    assert_eq!((epoch.claimed, epoch.status), (100, EpochStatus::Ratified));
    let chunk_address = address::claims_address(LIVE, 0);
    let chunk: ClaimChunk = money.world.read(chunk_address);
    assert_eq!((chunk.claimed, chunk.rent_payer, chunk.is_claimed(0), chunk.is_claimed(1)), (1, payer, true, false));
    assert_eq!(money.world.lamports(payer), lamports - money.world.lamports(chunk_address) - 5_000);
    money.world.refuse(claim, &[], PayoutsError::AlreadyClaimed);

    // The second claim of a chunk costs its sender the fee alone, whoever sends it.
    money.open(&second);
    let (stranger, chunk_lamports) = (money.world.stranger.insecure_clone(), money.world.lamports(chunk_address));
    let mut claim = money.claim(&posted, 1, &second);
    claim.accounts[0].pubkey = stranger.pubkey();
    let before = money.world.lamports(stranger.pubkey());
    money.world.accept(claim, &[&stranger]);
    assert_eq!(money.world.lamports(stranger.pubkey()), before);
    assert_eq!(money.world.lamports(chunk_address), chunk_lamports);
    let chunk: ClaimChunk = money.world.read(chunk_address);
    assert_eq!((chunk.claimed, chunk.rent_payer), (2, payer));
    assert_eq!((money.balance(money.account_of(&second)), money.vault()), (101, 1_102));
}

#[test]
fn a_share_is_paid_once_and_exactly_in_an_spl_token() {
    pays_exactly(TOKEN_PROGRAM);
}

#[test]
fn a_share_is_paid_once_and_exactly_in_a_token_2022_mint() {
    pays_exactly(TOKEN_2022_PROGRAM);
}

#[test]
fn nothing_is_claimed_before_ratification_after_the_window_or_while_paused() {
    let mut money = Money::spl();
    let posted = money.post(LIVE, &entries(60, 2));
    let payee = posted.shares[0].payee;
    money.open(&payee);
    let claim = money.claim(&posted, 0, &payee);
    money.world.refuse(claim.clone(), &[], PayoutsError::EpochNotRatified);
    money.finalize(LIVE);
    money.world.refuse(claim.clone(), &[], PayoutsError::EpochNotRatified);
    money.fund(201);
    money.ratify_by_authority(&posted);
    let ratified = money.world.now();
    let pauser = money.world.pause_key.insecure_clone();
    money.world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    money.world.refuse(claim.clone(), &[], PayoutsError::Paused);
    money.world.wait(500);
    money.world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    // The pause extends the window.
    money.world.set_time(ratified + CLAIM_WINDOW + 499);
    let late = money.claim(&posted, 1, &posted.shares[1].payee);
    money.open(&posted.shares[1].payee);
    money.world.accept(claim, &[]);
    money.world.wait(1);
    money.world.refuse(late.clone(), &[], PayoutsError::ClaimWindowOver);
    money.world.accept(instruction::close_epoch(LIVE), &[]);
    money.world.refuse(late, &[], PayoutsError::EpochClosed);
    assert_eq!((money.vault(), money.config().reserved), (101, 0));
}

#[test]
fn another_contributors_share_is_not_claimed() {
    let (mut money, posted) = ratified(5);
    let [mine, other] = [1, 2].map(|at| posted.shares[at].payee);
    // The other's share into one's own account, with the other's DID or one's own.
    let stolen = into_account(money.claim(&posted, 2, &other), money.account_of(&mine));
    money.world.refuse(stolen, &[], PayoutsError::ShareNotOfOwner);
    let mut claimed = posted.shares[2];
    claimed.did_hash = posted.shares[1].did_hash;
    claimed.payee = mine;
    let siblings = posted.forest.proof(2).unwrap();
    let (payer, mint) = (money.world.payer.pubkey(), money.world.mint);
    let claim = |share, siblings: &[_]| instruction::claim_share(payer, &share, &mine, mint, TOKEN_PROGRAM, siblings);
    money.world.refuse(claim(claimed, &siblings), &[], PayoutsError::ShareNotOfOwner);

    // One's own share, altered.
    let (own, siblings) = (posted.shares[1], posted.forest.proof(1).unwrap());
    let changed = |change: &dyn Fn(&mut radio_payouts::state::Share)| {
        let mut share = own;
        change(&mut share);
        share
    };
    for (share, error) in [
        (changed(&|share| share.amount += 1), PayoutsError::SumMismatch),
        (changed(&|share| share.amount = u64::MAX), PayoutsError::SumOverflow),
        (changed(&|share| share.index = 2), PayoutsError::ShareNotOfOwner),
        (changed(&|share| share.did_hash[0] ^= 1), PayoutsError::ShareNotOfOwner),
        (changed(&|share| share.index = 5), PayoutsError::IndexOutOfRange),
        (changed(&|share| share.index = 1 + (1 << 20)), PayoutsError::IndexOutOfRange),
    ] {
        money.world.refuse(claim(share, &siblings), &[], error);
    }
    money.world.refuse(claim(own, &siblings[1..]), &[], PayoutsError::WrongProofLength);
    // The chunk of another index, and of another epoch.
    let mut chunk = claim(own, &siblings);
    chunk.accounts[3].pubkey = address::claims_address(LIVE, 1);
    money.world.refuse(chunk, &[], ErrorCode::ConstraintSeeds);
    let mut chunk = claim(own, &siblings);
    chunk.accounts[3].pubkey = address::claims_address(LIVE + 1, 0);
    money.world.refuse(chunk, &[], ErrorCode::ConstraintSeeds);
    let second = money.ratified(LIVE + 1, &entries(60, 4));
    let mut elsewhere = claim(own, &siblings);
    elsewhere.accounts[2].pubkey = address::epoch_address(second.epoch);
    elsewhere.accounts[3].pubkey = address::claims_address(second.epoch, 0);
    money.world.refuse(elsewhere, &[], PayoutsError::WrongProofLength);
    money.world.accept(claim(own, &siblings), &[]);
    assert_eq!(money.balance(money.account_of(&mine)), own.amount);
}

#[test]
fn only_the_payees_associated_account_of_mint_and_program_is_paid() {
    let (mut money, posted) = ratified(2);
    let payee = key(60);
    let claim = money.claim(&posted, 0, &payee.pubkey());
    let (mint, minter) = (money.world.mint, money.minter.pubkey());

    // An account of the payee that is not the associated one.
    let other = money.open_other(&payee.pubkey(), mint, TOKEN_PROGRAM);
    money.world.refuse(into_account(claim.clone(), other), &[], PayoutsError::NotAssociatedAccount);
    // Another's associated account.
    let strangers = money.world.stranger.pubkey();
    let theirs = money.open(&strangers);
    money.world.refuse(into_account(claim.clone(), theirs), &[], PayoutsError::ShareNotOfOwner);
    // The payee's associated account, given away.
    let account = money.account_of(&payee.pubkey());
    let kept = money.world.svm.get_account(&account).unwrap();
    let authority = AuthorityType::AccountOwner;
    let give = set_authority(&TOKEN_PROGRAM, &account, Some(&strangers), authority, &payee.pubkey(), &[]).unwrap();
    money.world.send(give, &[&payee]).unwrap();
    money.world.refuse(claim.clone(), &[], PayoutsError::NotAssociatedAccount);
    money.world.svm.set_account(account, kept).unwrap();

    // Another mint, then another token program.
    let foreign = Pubkey::new_from_array([0xb2; 32]);
    let bloom = money.world.mint;
    money.world.mint = foreign;
    money.world.set_mint(TOKEN_PROGRAM, &mint_of(&minter));
    let foreign_account = money.open_other(&payee.pubkey(), foreign, TOKEN_PROGRAM);
    money.world.mint = bloom;
    money.world.refuse(into_account(claim.clone(), foreign_account), &[], PayoutsError::WrongMint);
    let mut wrong = claim.clone();
    wrong.accounts[MINT].pubkey = foreign;
    money.world.refuse(wrong, &[], PayoutsError::WrongMint);
    let mint_2022 = Pubkey::new_from_array([0xb3; 32]);
    money.world.mint = mint_2022;
    money.world.set_mint(TOKEN_2022_PROGRAM, &mint_of(&minter));
    let account_2022 = money.open_other(&payee.pubkey(), mint_2022, TOKEN_2022_PROGRAM);
    money.world.mint = bloom;
    money.world.refuse(into_account(claim.clone(), account_2022), &[], PayoutsError::WrongTokenProgram);
    let mut wrong = claim.clone();
    wrong.accounts[8].pubkey = TOKEN_2022_PROGRAM;
    money.world.refuse(wrong, &[], PayoutsError::WrongTokenProgram);
    // Another purse than the vault.
    let mut wrong = claim.clone();
    wrong.accounts[VAULT].pubkey = address::treasury_address();
    money.world.refuse(wrong, &[], PayoutsError::WrongVault);
    // An account that is none.
    money.world.refuse(into_account(claim.clone(), payee.pubkey()), &[], ErrorCode::AccountNotInitialized);
    money.world.accept(claim, &[]);
}

/// A ratified epoch with one share of a DID without a payee, and a registrar.
fn unbound() -> (Money, Posted, Keypair) {
    let mut money = Money::spl();
    let posted = money.ratified(LIVE, &[([0xd1; 32], Pubkey::default(), 70), ([0xd2; 32], key(60).pubkey(), 30)]);
    let (registrar, authority) = (key(20), money.world.authority.insecure_clone());
    let named = instruction::set_registrars(authority.pubkey(), vec![registrar.pubkey()]);
    money.world.accept(named, &[&authority]);
    (money, posted, registrar)
}

#[test]
fn a_share_without_a_payee_is_paid_to_the_binding_in_force() {
    let (mut money, posted, registrar) = unbound();
    let (payee, next) = (key(61), key(62));
    let payer = money.world.payer.pubkey();
    let account = money.open(&payee.pubkey());
    money.open(&next.pubkey());
    let claim = money.claim(&posted, 0, &payee.pubkey());
    money.world.refuse(claim.clone(), &[], ErrorCode::AccountNotInitialized);
    let did = posted.shares[0].did_hash;
    let propose = |by: &Keypair, to: &Keypair| instruction::propose_binding(payer, by.pubkey(), None, did, to.pubkey());
    money.world.accept(propose(&registrar, &payee), &[&registrar]);
    money.world.refuse(claim.clone(), &[], PayoutsError::BindingNotInForce);
    money.world.accept(instruction::accept_binding(payee.pubkey(), &did), &[&payee]);
    money.world.wait(7 * DAY - 1);
    money.world.refuse(claim.clone(), &[], PayoutsError::BindingNotInForce);
    money.world.wait(1);
    // Another's account, with or without a word about the binding.
    let theirs = money.claim(&posted, 0, &next.pubkey());
    money.world.refuse(theirs.clone(), &[], PayoutsError::NotAccountOfPayee);
    let mut without = claim.clone();
    without.accounts[4].pubkey = radio_payouts::ID;
    money.world.refuse(without, &[], PayoutsError::BindingMissing);

    // A change that is on its way leaves the old payee in force; one that has arrived does not.
    money.world.accept(propose(&payee, &next), &[&payee]);
    money.world.accept(instruction::accept_binding(next.pubkey(), &did), &[&next]);
    money.world.wait(7 * DAY - 1);
    money.world.refuse(theirs.clone(), &[], PayoutsError::NotAccountOfPayee);
    let snapshot = money.world.svm.clone();
    let events = money.world.accept(claim.clone(), &[]);
    let [Event::ShareClaimed(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.payee, event.bound, event.did_hash, event.amount), (payee.pubkey(), true, did, 70));
    assert_eq!((money.balance(account), money.vault()), (70, 30));
    money.world.svm = snapshot;
    money.world.wait(1);
    money.world.refuse(claim, &[], PayoutsError::NotAccountOfPayee);
    money.world.accept(theirs.clone(), &[]);
    assert_eq!(money.balance(money.account_of(&next.pubkey())), 70);
    money.world.refuse(theirs, &[], PayoutsError::AlreadyClaimed);
}

#[test]
fn a_binding_serves_its_own_did_and_no_share_that_names_its_payee() {
    let (mut money, posted, registrar) = unbound();
    let payee = key(61);
    let payer = money.world.payer.pubkey();
    money.open(&payee.pubkey());
    money.open(&key(60).pubkey());
    for did in [[0xd2; 32], [0xd3; 32]] {
        let propose = instruction::propose_binding(payer, registrar.pubkey(), None, did, payee.pubkey());
        money.world.accept(propose, &[&registrar]);
        money.world.accept(instruction::accept_binding(payee.pubkey(), &did), &[&payee]);
    }
    money.world.wait(7 * DAY);
    // The binding of another DID.
    let mut other = money.claim(&posted, 0, &payee.pubkey());
    other.accounts[4].pubkey = address::binding_address(&[0xd3; 32]);
    money.world.refuse(other.clone(), &[], PayoutsError::RootMismatch);
    // A DID that names its payee, and has a binding all the same.
    let mut named = posted.shares[1];
    named.payee = Pubkey::default();
    let siblings = posted.forest.proof(1).unwrap();
    let (mint, program) = (money.world.mint, money.token_program);
    let through = instruction::claim_share(payer, &named, &payee.pubkey(), mint, program, &siblings);
    money.world.refuse(through, &[], PayoutsError::RootMismatch);
    let mut both = money.claim(&posted, 1, &key(60).pubkey());
    both.accounts[4].pubkey = address::binding_address(&[0xd2; 32]);
    money.world.refuse(both, &[], PayoutsError::BindingNotTaken);
    // No binding account at all.
    other.accounts[4].pubkey = address::config_address();
    money.world.refuse(other, &[], ErrorCode::AccountDiscriminatorMismatch);
    money.claim_own(&posted, 1);
}

#[test]
fn a_share_without_a_payee_does_not_go_to_the_account_of_the_zero_address() {
    let (mut money, posted, _) = unbound();
    // Anyone can create it, and its owner is what the leaf holds.
    let zero = money.open(&Pubkey::default());
    let (payer, mint) = (money.world.payer.pubkey(), money.world.mint);
    let share = radio_payouts::state::Share { payee: key(1).pubkey(), ..posted.shares[0] };
    let siblings = posted.forest.proof(0).unwrap();
    let claim = instruction::claim_share(payer, &share, &key(1).pubkey(), mint, TOKEN_PROGRAM, &siblings);
    money.world.refuse(into_account(claim, zero), &[], PayoutsError::ShareNeedsBinding);
}

#[test]
fn claims_never_exceed_the_sum_of_an_epoch() {
    let (mut money, posted) = ratified(2);
    money.world.write(address::epoch_address(LIVE), |epoch: &mut Epoch| epoch.claimed = 102);
    let claim = money.claim(&posted, 0, &posted.shares[0].payee);
    money.world.refuse(claim, &[], PayoutsError::ClaimsOverSum);
}
