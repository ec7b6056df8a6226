//! Transfers from the treasury: only what is promised to nobody.

use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::money::{CLAIM_WINDOW, LIVE, Money, entries, mint_of};
use super::world::{TOKEN_2022_PROGRAM, TOKEN_PROGRAM, key};

fn pays_what_is_not_reserved(token_program: anchor_lang::prelude::Pubkey) {
    let mut money = Money::new(token_program);
    let authority = money.world.authority.insecure_clone();
    let posted = money.ratified(LIVE, &entries(60, 3));
    let to = money.open(&key(70).pubkey());
    money.world.refuse(money.transfer(to, 1), &[&authority], PayoutsError::TransferTakesReserved);
    money.fund(500);
    money.mint_to(address::treasury_address(), 40);
    money.world.refuse(money.transfer(to, 0), &[&authority], PayoutsError::NothingTransferred);
    money.world.refuse(money.transfer(to, 541), &[&authority], PayoutsError::TransferTakesReserved);
    money.world.refuse(money.transfer(to, u64::MAX), &[&authority], PayoutsError::TransferTakesReserved);

    // The treasury first, then the vault.
    let events = money.world.accept(money.transfer(to, 30), &[&authority]);
    let [Event::TreasuryTransferred(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.to, event.amount, event.reserved), (to, 30, 303));
    assert_eq!((event.old_treasury, event.new_treasury, event.old_vault, event.new_vault), (40, 10, 803, 803));
    let events = money.world.accept(money.transfer(to, 510), &[&authority]);
    let [Event::TreasuryTransferred(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old_treasury, event.new_treasury, event.old_vault, event.new_vault), (10, 0, 803, 303));
    assert_eq!((money.balance(to), money.treasury(), money.vault(), money.config().reserved), (540, 0, 303, 303));
    money.world.refuse(money.transfer(to, 1), &[&authority], PayoutsError::TransferTakesReserved);

    // Every share is still paid; what is left after the window is free.
    money.open(&posted.shares[0].payee);
    money.claim_own(&posted, 0);
    money.world.refuse(money.transfer(to, 1), &[&authority], PayoutsError::TransferTakesReserved);
    money.world.wait(CLAIM_WINDOW);
    money.world.accept(instruction::close_epoch(LIVE), &[]);
    money.world.accept(money.transfer(to, 203), &[&authority]);
    assert_eq!((money.balance(to), money.vault(), money.config().reserved), (743, 0, 0));
}

#[test]
fn a_transfer_takes_only_what_is_not_reserved_of_an_spl_token() {
    pays_what_is_not_reserved(TOKEN_PROGRAM);
}

#[test]
fn a_transfer_takes_only_what_is_not_reserved_of_a_token_2022_mint() {
    pays_what_is_not_reserved(TOKEN_2022_PROGRAM);
}

#[test]
fn only_the_authority_transfers_and_only_between_the_right_accounts() {
    let mut money = Money::spl();
    let (authority, stranger) = (money.world.authority.insecure_clone(), money.world.stranger.insecure_clone());
    money.fund(100);
    let to = money.open(&key(70).pubkey());
    let transfer = money.transfer(to, 10);
    let mut pretended = transfer.clone();
    pretended.accounts[0].pubkey = stranger.pubkey();
    money.world.refuse(pretended, &[&stranger], PayoutsError::NotAuthority);
    let mut unsigned = transfer.clone();
    unsigned.accounts[0].is_signer = false;
    money.world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let purse = money.open(&key(71).pubkey());
    for (at, account, error) in [
        (3, purse, PayoutsError::WrongVault),
        (4, purse, PayoutsError::WrongTreasury),
        (6, TOKEN_2022_PROGRAM, PayoutsError::WrongTokenProgram),
    ] {
        let mut wrong = transfer.clone();
        wrong.accounts[at].pubkey = account;
        money.world.refuse(wrong, &[&authority], error);
    }
    let bloom = std::mem::replace(&mut money.world.mint, anchor_lang::prelude::Pubkey::new_from_array([0xb2; 32]));
    let foreign = money.world.mint;
    let minter = money.minter.pubkey();
    money.world.set_mint(TOKEN_PROGRAM, &mint_of(&minter));
    let foreign_account = money.open_other(&key(70).pubkey(), foreign, TOKEN_PROGRAM);
    money.world.mint = bloom;
    money.world.refuse(money.transfer(foreign_account, 10), &[&authority], PayoutsError::WrongMint);
    let pauser = money.world.pause_key.insecure_clone();
    money.world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    money.world.refuse(transfer.clone(), &[&authority], PayoutsError::Paused);
    money.world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    money.world.accept(transfer, &[&authority]);
    assert_eq!((money.balance(to), money.vault()), (10, 90));
}

#[test]
fn forfeited_bonds_can_fund_the_vault_and_nothing_is_paid_to_itself() {
    let mut money = Money::spl();
    let authority = money.world.authority.insecure_clone();
    let (vault, treasury) = (address::vault_address(), address::treasury_address());
    money.fund(100);
    money.mint_to(treasury, 40);
    money.world.refuse(money.transfer(treasury, 10), &[&authority], PayoutsError::TransferToItself);
    money.world.refuse(money.transfer(vault, 41), &[&authority], PayoutsError::TransferToItself);
    money.world.accept(money.transfer(vault, 40), &[&authority]);
    assert_eq!((money.vault(), money.treasury()), (140, 0));
    money.world.refuse(money.transfer(vault, 1), &[&authority], PayoutsError::TransferToItself);
}
