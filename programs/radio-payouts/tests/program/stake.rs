use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::event::{StakeDeposited, StakeWithdrawn};
use radio_payouts::state::VoteChoice;
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::voters::{FOUR_PERCENT, rate, token_data, voter};
use super::world::{DAY, World};

#[test]
fn a_deposit_is_the_owners_own_tokens_of_this_mint() {
    let mut world = World::governed();
    let (owner, thief) = (voter(1), voter(2));
    let wallet = world.give(owner.pubkey(), 100);
    world.refuse(world.deposit(&owner, wallet, 0), &[&owner], PayoutsError::ZeroAmount);
    world.refuse(world.deposit(&owner, wallet, 101), &[&owner], PayoutsError::NotEnoughTokens);
    let mut unsigned = world.deposit(&owner, wallet, 1);
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    // Another's tokens: the token program's `OwnerMismatch`.
    world.refuse(world.deposit(&thief, wallet, 1), &[&thief], 4u32);
    // Another's stake, and a token account that is not the stake's own.
    let mut other = world.deposit(&owner, wallet, 1);
    other.accounts[3].pubkey = address::stake_address(&thief.pubkey());
    world.refuse(other, &[&owner], ErrorCode::ConstraintSeeds);
    let mut other = world.deposit(&owner, wallet, 1);
    other.accounts[4].pubkey = wallet;
    world.refuse(other, &[&owner], ErrorCode::ConstraintSeeds);

    // Another mint in the place of BLOOM, and an account of another mint.
    let mut foreign = world.deposit(&owner, wallet, 1);
    let coin = Pubkey::new_from_array([0xc0; 32]);
    let mint = world.svm.get_account(&world.mint).unwrap();
    world.svm.set_account(coin, mint).unwrap();
    foreign.accounts[6].pubkey = coin;
    world.refuse(foreign, &[&owner], ErrorCode::ConstraintTokenMint);
    let mut account = world.svm.get_account(&wallet).unwrap();
    account.data = token_data(coin, owner.pubkey(), 100);
    let coins = Pubkey::new_from_array([0xc1; 32]);
    world.svm.set_account(coins, account).unwrap();
    world.refuse(world.deposit(&owner, coins, 1), &[&owner], ErrorCode::ConstraintTokenMint);
}

#[test]
fn stake_goes_in_and_out_to_the_last_unit_and_lamport() {
    let mut world = World::governed();
    let owner = voter(1);
    let (wallet, payer) = (world.give(owner.pubkey(), 100), world.payer.pubkey());
    let (stake, tokens) = (address::stake_address(&owner.pubkey()), address::stake_tokens_address(&owner.pubkey()));
    let before = world.lamports(payer);
    let events = world.accept(world.deposit(&owner, wallet, 60), &[&owner]);
    let since_slot = world.stake_of(&owner).since_slot;
    let deposited = StakeDeposited { owner: owner.pubkey(), old: 0, new: 60, since_slot };
    assert_eq!(events, [Event::StakeDeposited(deposited)]);
    let rent = world.lamports(stake) + world.lamports(tokens);
    assert_eq!(world.lamports(payer), before - rent - 10_000);
    assert_eq!((world.tokens_in(wallet), world.tokens_in(tokens)), (40, 60));

    world.next_slot();
    world.accept(world.deposit(&owner, wallet, 40), &[&owner]);
    let account = world.stake_of(&owner);
    assert_eq!((account.amount, account.since_slot), (100, since_slot + 1));
    assert_eq!(world.lamports(payer), before - rent - 20_000);

    world.refuse(world.withdraw(&owner, wallet, 0), &[&owner], PayoutsError::ZeroAmount);
    world.refuse(world.withdraw(&owner, wallet, 101), &[&owner], PayoutsError::StakeExceeded);
    world.refuse(world.withdraw(&owner, tokens, 1), &[&owner], ErrorCode::ConstraintDuplicateMutableAccount);
    let mut unsigned = world.withdraw(&owner, wallet, 1);
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let mut rent_thief = world.withdraw(&owner, wallet, 100);
    rent_thief.accounts[1].pubkey = owner.pubkey();
    world.refuse(rent_thief, &[&owner], PayoutsError::NotRentPayer);
    let thief = voter(2);
    let mut theft = world.withdraw(&owner, wallet, 1);
    theft.accounts[0].pubkey = thief.pubkey();
    world.refuse(theft, &[&thief], ErrorCode::ConstraintSeeds);

    let events = world.accept(world.withdraw(&owner, wallet, 30), &[&owner]);
    assert_eq!(events, [Event::StakeWithdrawn(StakeWithdrawn { owner: owner.pubkey(), old: 100, new: 70 })]);
    let account = world.stake_of(&owner);
    assert_eq!((account.amount, account.since_slot), (70, since_slot + 1), "a withdrawal does not begin anew");
    assert_eq!((world.tokens_in(wallet), world.tokens_in(tokens)), (30, 70));

    // What somebody sent to the account by mistake goes out with the last of the stake.
    world.set_tokens(tokens, 75);
    let before = world.lamports(payer);
    world.accept(world.withdraw(&owner, wallet, 70), &[&owner]);
    assert_eq!((world.tokens_in(wallet), world.lamports(stake), world.lamports(tokens)), (105, 0, 0));
    assert_eq!(world.lamports(payer), before + rent - 10_000);
    world.refuse(world.withdraw(&owner, wallet, 1), &[&owner], ErrorCode::AccountNotInitialized);
    // And it can be made again.
    world.accept(world.deposit(&owner, wallet, 105), &[&owner]);
    assert_eq!(world.stake_of(&owner).amount, 105);
}

#[test]
fn stake_that_voted_or_proposed_stays_until_the_end_of_the_vote() {
    let mut world = World::governed();
    let (proposer, elector) = (voter(1), voter(2));
    let wallets = [world.stake(&proposer, FOUR_PERCENT), world.stake(&elector, FOUR_PERCENT)];
    let number = world.propose(&proposer, rate(1));
    world.accept(world.vote(&elector, number, VoteChoice::No), &[&elector]);
    world.refuse(world.withdraw(&proposer, wallets[0], 1), &[&proposer], PayoutsError::ProposalOpen);
    world.refuse(world.withdraw(&elector, wallets[1], 1), &[&elector], PayoutsError::StakeLocked);
    world.wait(7 * DAY - 1);
    world.refuse(world.withdraw(&elector, wallets[1], 1), &[&elector], PayoutsError::StakeLocked);
    world.wait(1);
    world.accept(world.withdraw(&elector, wallets[1], 1), &[&elector]);
    // The proposer's is released by whoever concludes the vote.
    world.refuse(world.withdraw(&proposer, wallets[0], 1), &[&proposer], PayoutsError::ProposalOpen);
    world.accept(world.conclude(number), &[]);
    world.accept(world.withdraw(&proposer, wallets[0], FOUR_PERCENT), &[&proposer]);
}

#[test]
fn a_pause_stops_no_stake_and_no_vote_but_puts_the_end_off() {
    let mut world = World::governed();
    let (proposer, elector) = (voter(1), voter(2));
    let wallet = world.stake(&proposer, FOUR_PERCENT);
    let pauser = world.pause_key.insecure_clone();
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    let other = world.stake(&elector, FOUR_PERCENT);
    let number = world.propose(&proposer, rate(1));
    world.accept(world.vote(&elector, number, VoteChoice::Yes), &[&elector]);
    world.accept(world.vote(&proposer, number, VoteChoice::Yes), &[&proposer]);
    world.wait(DAY);
    world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    world.wait(7 * DAY - 1);
    world.refuse(world.conclude(number), &[], PayoutsError::VotingRuns);
    world.refuse(world.withdraw(&elector, other, 1), &[&elector], PayoutsError::StakeLocked);
    world.wait(1);
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    world.accept(world.conclude(number), &[]);
    world.accept(world.withdraw(&elector, other, FOUR_PERCENT), &[&elector]);
    world.accept(world.withdraw(&proposer, wallet, FOUR_PERCENT), &[&proposer]);
}

#[test]
fn pausing_again_and_again_holds_no_vote_up_for_ever() {
    let mut world = World::governed();
    let proposer = voter(1);
    let wallet = world.stake(&proposer, 100_000);
    let successor = Pubkey::new_unique();
    let number = world.propose(&proposer, radio_payouts::state::Action::SetPauseKey(successor));
    world.accept(world.vote(&proposer, number, VoteChoice::Yes), &[&proposer]);
    let pauser = world.pause_key.insecure_clone();
    for _ in 0..2 {
        world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
        world.wait(14 * DAY);
    }
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    world.accept(world.conclude(number), &[]);
    world.accept(world.withdraw(&proposer, wallet, 1), &[&proposer]);
    world.accept(world.execute(number), &[]);
    assert_eq!(world.config().pause_key, successor);
}
