//! What a vote decides about money: mandates, ratification, the treasury.

use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Action, Epoch, EpochStatus, Mandate, MandateTerms, ProposalStatus, VoteChoice};
use radio_payouts_client::address;
use radio_payouts_client::event::Event;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::money::{LIVE, Money, entries};
use super::voters::voter;
use super::world::DAY;

/// What the only voter has staked, in base units.
const STAKE: u64 = 10_000;

/// A Live deployment whose authority is the governance PDA, and who decides everything there.
fn governed() -> (Money, Keypair) {
    let (mut money, elector) = (Money::spl(), voter(1));
    let wallet = money.open(&elector.pubkey());
    money.mint_to(wallet, STAKE);
    let deposit = money.world.deposit(&elector, wallet, STAKE);
    money.world.accept(deposit, &[&elector]);
    money.world.hand_over();
    (money, elector)
}

/// The same instruction with another account in the place of one.
fn swap(instruction: &Instruction, from: Pubkey, to: Pubkey) -> Instruction {
    let mut instruction = instruction.clone();
    for account in instruction.accounts.iter_mut().filter(|account| account.pubkey == from) {
        account.pubkey = to;
    }
    instruction
}

#[test]
fn a_vote_ratifies_the_root_that_it_was_about() {
    let (mut money, elector) = governed();
    let posted = money.finalized(LIVE, &entries(60, 3));
    let ratify = |commitment| Action::RatifyEpoch { epoch: LIVE, commitment };
    let (other, meant) =
        (money.world.decide(&elector, ratify([9; 32])), money.world.decide(&elector, ratify(posted.commitment)));
    money.world.refuse(money.world.execute(meant), &[], PayoutsError::VaultTooSmall);
    money.fund(303);
    money.world.refuse(money.world.execute(other), &[], PayoutsError::RootHasChanged);
    // The vault is Config's, not the executor's.
    let elsewhere = swap(&money.world.execute(meant), address::vault_address(), address::treasury_address());
    money.world.refuse(elsewhere, &[], PayoutsError::ExecutionAccountMissing);
    money.world.accept(money.world.execute(meant), &[]);
    let epoch: Epoch = money.world.read(address::epoch_address(LIVE));
    assert_eq!((epoch.status, money.config().reserved), (EpochStatus::Ratified, 303));
}

#[test]
fn a_vote_of_ten_percent_makes_a_mandate_and_any_quorum_cancels_it() {
    let (mut money, elector) = governed();
    let terms = MandateTerms { first_epoch: LIVE, last_epoch: LIVE + 9, budget: 500, delay_seconds: 2 * DAY as u32 };
    let (short, empty) = (MandateTerms { delay_seconds: 1, ..terms }, MandateTerms { last_epoch: 1, ..terms });
    let refused = PayoutsError::MandateDelayTooShort;
    money.world.refuse_proposal(&elector, Action::MakeMandate(short), refused);
    money.world.refuse_proposal(&elector, Action::MakeMandate(empty), PayoutsError::MandateRangeEmpty);

    // Others hold so much that this stake is 9.9 % of the base: enough for a rate, not for a mandate.
    let crowd = money.open(&voter(2).pubkey());
    money.mint_to(crowd, 91_010);
    let number = money.world.propose(&elector, Action::MakeMandate(terms));
    money.world.accept(money.world.vote(&elector, number, VoteChoice::Yes), &[&elector]);
    assert_eq!(money.world.end_vote(number), ProposalStatus::Defeated);
    // What lies in the vault is not part of the base.
    money.world.set_tokens(crowd, 0);
    money.world.set_tokens(address::vault_address(), 91_010);

    for expected in 0..2 {
        let events = money.world.carry_out(&elector, Action::MakeMandate(terms));
        let [Event::MandateMade(event)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.number, event.terms), (expected, terms));
    }
    let cancel = money.world.decide(&elector, Action::CancelMandate { number: 0 });
    let (first, second) = (address::mandate_address(0), address::mandate_address(1));
    let other = swap(&money.world.execute(cancel), first, second);
    money.world.refuse(other, &[], PayoutsError::ExecutionAccountMissing);
    money.world.accept(money.world.execute(cancel), &[]);
    let cancelled = |address| money.world.read::<Mandate>(address).cancelled;
    assert!(cancelled(first) && !cancelled(second));
}

#[test]
fn a_vote_pays_whom_it_named_and_never_what_is_reserved() {
    let (mut money, elector) = governed();
    let (payee, thief) = (money.open(&voter(3).pubkey()), money.open(&voter(4).pubkey()));
    money.fund(500);
    let pay = |amount| Action::TransferTreasury { to: payee, amount };
    money.world.refuse_proposal(&elector, pay(0), PayoutsError::NothingTransferred);
    let (much, some) = (money.world.decide(&elector, pay(501)), money.world.decide(&elector, pay(200)));
    money.world.refuse(money.world.execute(much), &[], PayoutsError::TransferTakesReserved);
    let theft = swap(&money.world.execute(some), payee, thief);
    money.world.refuse(theft, &[], PayoutsError::ExecutionAccountMissing);
    money.world.accept(money.world.execute(some), &[]);
    assert_eq!((money.balance(payee), money.balance(thief), money.vault()), (200, 0, 300));
    money.world.refuse(money.world.execute(some), &[], PayoutsError::ProposalExecuted);
}
