use anchor_lang::error::ErrorCode;
use radio_payouts::error::PayoutsError;
use radio_payouts::event::VoteCast;
use radio_payouts::state::{Action, ProposalStatus, Tally, VoteChoice, VoteRecord};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::voters::{FOUR_PERCENT, rate, voter};
use super::world::{DAY, World};

#[test]
fn a_stake_votes_once_with_all_that_it_had_before_the_proposal() {
    let mut world = World::governed();
    let (first, second) = (voter(1), voter(2));
    world.stake(&first, FOUR_PERCENT);
    world.stake(&second, FOUR_PERCENT);
    let number = world.propose(&first, rate(1));
    let payer = world.payer.pubkey();
    let before = world.lamports(payer);
    let events = world.accept(world.vote(&first, number, VoteChoice::Yes), &[&first]);
    let new = Tally { yes: FOUR_PERCENT, ..Tally::default() };
    let cast = VoteCast {
        proposal: number,
        owner: first.pubkey(),
        choice: VoteChoice::Yes,
        amount: FOUR_PERCENT,
        old: Tally::default(),
        new,
    };
    assert_eq!(events, [Event::VoteCast(cast)]);
    let record = address::vote_address(number, &first.pubkey());
    assert_eq!(world.lamports(payer), before - world.lamports(record) - 10_000);
    let found: VoteRecord = world.read(record);
    assert_eq!((found.amount, found.choice, found.rent_payer), (FOUR_PERCENT, VoteChoice::Yes, payer));

    for choice in [VoteChoice::Yes, VoteChoice::No, VoteChoice::Abstain] {
        world.refuse(world.vote(&first, number, choice), &[&first], PayoutsError::AlreadyVoted);
    }
    let mut unsigned = world.vote(&second, number, VoteChoice::No);
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    // Another's stake, and another's record.
    let mut stolen = world.vote(&second, number, VoteChoice::No);
    stolen.accounts[3].pubkey = address::stake_address(&first.pubkey());
    world.refuse(stolen, &[&second], ErrorCode::ConstraintSeeds);
    let mut elsewhere = world.vote(&second, number, VoteChoice::No);
    elsewhere.accounts[5].pubkey = address::vote_address(number + 1, &second.pubkey());
    world.refuse(elsewhere, &[&second], ErrorCode::ConstraintSeeds);
    assert_eq!(world.proposal(number).tally, new);
}

#[test]
fn stake_deposited_or_topped_up_at_or_after_the_creation_does_not_count() {
    let mut world = World::governed();
    let (first, same, later, topped) = (voter(1), voter(2), voter(3), voter(4));
    world.stake(&first, FOUR_PERCENT);
    let wallet = world.stake(&topped, FOUR_PERCENT);
    // In the slot of the proposal, before it.
    let tokens = world.give(same.pubkey(), FOUR_PERCENT);
    world.accept(world.deposit(&same, tokens, FOUR_PERCENT), &[&same]);
    let number = world.propose(&first, rate(1));
    world.refuse(world.vote(&same, number, VoteChoice::No), &[&same], PayoutsError::StakeTooRecent);
    world.next_slot();
    world.refuse(world.vote(&same, number, VoteChoice::No), &[&same], PayoutsError::StakeTooRecent);
    world.stake(&later, FOUR_PERCENT);
    world.refuse(world.vote(&later, number, VoteChoice::No), &[&later], PayoutsError::StakeTooRecent);
    world.set_tokens(wallet, 1);
    world.accept(world.deposit(&topped, wallet, 1), &[&topped]);
    world.next_slot();
    world.refuse(world.vote(&topped, number, VoteChoice::No), &[&topped], PayoutsError::StakeTooRecent);
    assert_eq!(world.proposal(number).tally, Tally::default());
}

#[test]
fn tokens_that_move_on_do_not_vote_again() {
    let mut world = World::governed();
    let (proposer, voted, idle, accomplice) = (voter(1), voter(2), voter(3), voter(4));
    world.stake(&proposer, FOUR_PERCENT);
    let (kept, moved) = (world.stake(&voted, FOUR_PERCENT), world.stake(&idle, FOUR_PERCENT));
    let number = world.propose(&proposer, rate(1));
    // What voted stays where it is.
    world.accept(world.vote(&voted, number, VoteChoice::Yes), &[&voted]);
    world.refuse(world.withdraw(&voted, kept, FOUR_PERCENT), &[&voted], PayoutsError::StakeLocked);
    // What did not vote may go, and then counts for later proposals only: in another wallet as in its own.
    let wallet = world.give(accomplice.pubkey(), 0);
    world.accept(world.withdraw(&idle, wallet, FOUR_PERCENT / 2), &[&idle]);
    world.accept(world.withdraw(&idle, moved, FOUR_PERCENT / 2), &[&idle]);
    world.accept(world.deposit(&accomplice, wallet, FOUR_PERCENT / 2), &[&accomplice]);
    world.accept(world.deposit(&idle, moved, FOUR_PERCENT / 2), &[&idle]);
    world.next_slot();
    world.refuse(world.vote(&accomplice, number, VoteChoice::Yes), &[&accomplice], PayoutsError::StakeTooRecent);
    world.refuse(world.vote(&idle, number, VoteChoice::Yes), &[&idle], PayoutsError::StakeTooRecent);
}

#[test]
fn a_vote_ends_on_time_and_is_concluded_once() {
    let mut world = World::governed();
    let (first, second) = (voter(1), voter(2));
    world.stake(&first, FOUR_PERCENT);
    world.stake(&second, FOUR_PERCENT);
    let number = world.propose(&first, rate(1));
    world.accept(world.vote(&first, number, VoteChoice::Yes), &[&first]);
    world.wait(7 * DAY - 1);
    world.refuse(world.conclude(number), &[], PayoutsError::VotingRuns);
    let mut other = world.conclude(number);
    other.accounts[2].pubkey = address::stake_address(&second.pubkey());
    world.refuse(other, &[], ErrorCode::ConstraintSeeds);
    world.accept(world.vote(&second, number, VoteChoice::Yes), &[&second]);
    world.wait(1);
    let late = world.vote(&second, number, VoteChoice::Yes);
    world.refuse(late, &[&second], PayoutsError::AlreadyVoted);
    let events = world.accept(world.conclude(number), &[]);
    let [Event::ProposalStatusChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new), (ProposalStatus::Voting, ProposalStatus::Accepted));
    assert_eq!((event.tally.yes, event.quorum), (2 * FOUR_PERCENT, 50_000));
    world.refuse(world.conclude(number), &[], PayoutsError::ProposalNotVoting);
}

#[test]
fn a_late_vote_is_refused() {
    let mut world = World::governed();
    let (first, second) = (voter(1), voter(2));
    world.stake(&first, FOUR_PERCENT);
    world.stake(&second, FOUR_PERCENT);
    let number = world.propose(&first, rate(1));
    world.wait(7 * DAY);
    world.refuse(world.vote(&second, number, VoteChoice::Yes), &[&second], PayoutsError::VotingEnded);
    world.accept(world.conclude(number), &[]);
    world.refuse(world.vote(&second, number, VoteChoice::Yes), &[&second], PayoutsError::VotingEnded);
}

/// How a vote ends in which three stakes vote so.
fn outcome(action: Action, votes: [(u64, VoteChoice); 3]) -> ProposalStatus {
    let mut world = World::governed();
    let proposer = voter(9);
    world.stake(&proposer, 1_000);
    for ((amount, _), number) in votes.iter().zip(1..) {
        if *amount > 0 {
            world.stake(&voter(number), *amount);
        }
    }
    let proposal = world.propose(&proposer, action);
    for ((amount, choice), number) in votes.into_iter().zip(1..) {
        if amount > 0 {
            world.accept(world.vote(&voter(number), proposal, choice), &[&voter(number)]);
        }
    }
    let status = world.end_vote(proposal);
    if status == ProposalStatus::Defeated {
        world.wait(2 * DAY);
        world.refuse(world.execute(proposal), &[], PayoutsError::ProposalNotAccepted);
        world.refuse(instruction::expire_proposal(proposal), &[], PayoutsError::ProposalNotAccepted);
    }
    status
}

#[test]
fn quorum_and_majority_decide() {
    use VoteChoice::{Abstain, No, Yes};
    let (accepted, defeated) = (ProposalStatus::Accepted, ProposalStatus::Defeated);
    // The quorum of 5 % is 50 000.
    assert_eq!(outcome(rate(1), [(49_999, Yes), (0, No), (0, No)]), defeated, "quorum missed by one");
    assert_eq!(outcome(rate(1), [(49_999, Yes), (1, No), (0, No)]), accepted, "those against count for the quorum");
    assert_eq!(outcome(rate(1), [(1, Yes), (49_999, Abstain), (0, No)]), accepted, "and so do abstentions");
    assert_eq!(outcome(rate(1), [(30_000, Yes), (30_000, No), (5_000, Abstain)]), defeated, "a tie fails");
    assert_eq!(outcome(rate(1), [(30_001, Yes), (30_000, No), (0, No)]), accepted);
    assert_eq!(outcome(rate(1), [(0, Yes), (0, No), (90_000, Abstain)]), defeated, "nobody is for it");
    // A move of the authority needs 10 %.
    let offer = || Action::OfferAuthority(Some(voter(1).pubkey()));
    assert_eq!(outcome(offer(), [(99_999, Yes), (0, No), (0, No)]), defeated);
    assert_eq!(outcome(offer(), [(100_000, Yes), (0, No), (0, No)]), accepted);
}
