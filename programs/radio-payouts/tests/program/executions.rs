use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::event::{DemoFlagChanged, PauseKeyChanged, RegistrarsChanged};
use radio_payouts::state::{
    Action, Config, ConfigTimesDelta, DisputeOutcome, Epoch, EpochStatus, GovernanceSettingsDelta, ParamsChange,
    ParamsDelta, ParamsVersion, ProposalStatus, Settler, Sfu,
};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::dispute_world::BOND;
use super::voters::{SUPPLY, rate, voter};
use super::world::{DAY, World, sfu_terms};

/// A world in which `voter(1)` alone can decide everything.
fn world() -> (World, Keypair) {
    let (mut world, elector) = (World::governed(), voter(1));
    world.stake(&elector, SUPPLY / 10);
    (world, elector)
}

fn delta(change: impl FnOnce(&mut ParamsDelta)) -> Action {
    let mut delta = ParamsDelta::default();
    change(&mut delta);
    Action::SetParams(ParamsChange { delta, ..Default::default() })
}

#[test]
fn a_decision_is_executed_once_between_timelock_and_window() {
    let (mut world, elector) = world();
    let number = world.propose(&elector, rate(7));
    world.accept(world.vote(&elector, number, radio_payouts::state::VoteChoice::Yes), &[&elector]);
    world.refuse(world.execute(number), &[], PayoutsError::ProposalNotAccepted);
    world.wait(7 * DAY);
    world.refuse(world.execute(number), &[], PayoutsError::ProposalNotAccepted);
    world.accept(world.conclude(number), &[]);
    world.wait(2 * DAY - 1);
    world.refuse(world.execute(number), &[], PayoutsError::TimelockRuns);
    world.refuse(instruction::expire_proposal(number), &[], PayoutsError::ExecutionWindowOpen);
    world.wait(1);
    let again = world.execute(number);

    let (payer, next_epoch) = (world.payer.pubkey(), world.config().next_epoch(world.now()).unwrap());
    let before = world.lamports(payer);
    let events = world.accept(world.execute(number), &[]);
    let [Event::ProposalStatusChanged(status), Event::ParamsVersionCreated(version)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((status.old, status.new), (ProposalStatus::Accepted, ProposalStatus::Executed));
    assert_eq!((version.number, version.new.rate, version.effective_epoch), (2, 7, next_epoch));
    // Config is what the inner instruction made of it.
    assert_eq!((world.config().params_version, world.config().params_effective_epoch), (2, next_epoch));
    assert_eq!(world.lamports(payer), before - world.lamports(address::params_address(2)) - 5_000);
    world.refuse(again, &[], PayoutsError::ProposalExecuted);
    world.refuse(world.execute(number), &[], PayoutsError::ProposalExecuted);
    let second: ParamsVersion = world.read(address::params_address(2));
    assert_eq!((second.values.rate, world.config().params_version), (7, 2));
}

#[test]
fn what_is_not_executed_in_time_expires() {
    let (mut world, elector) = world();
    let number = world.decide(&elector, rate(7));
    world.wait(14 * DAY - 1);
    world.refuse(instruction::expire_proposal(number), &[], PayoutsError::ExecutionWindowOpen);
    world.wait(1);
    world.refuse(world.execute(number), &[], PayoutsError::ExecutionWindowOver);
    let events = world.accept(instruction::expire_proposal(number), &[]);
    let [Event::ProposalStatusChanged(status)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((status.old, status.new), (ProposalStatus::Accepted, ProposalStatus::Expired));
    world.refuse(world.execute(number), &[], PayoutsError::ProposalNotAccepted);
    assert_eq!(world.config().params_version, 1);
}

#[test]
fn a_decision_falls_with_the_authority_that_it_was_made_under() {
    let (mut world, elector) = world();
    let holder = world.stranger.insecure_clone();
    let stale = world.decide(&elector, rate(7));
    let offered = world.carry_out(&elector, Action::OfferAuthority(Some(holder.pubkey())));
    let [Event::AuthorityOffered(event)] = offered.as_slice() else { panic!("{offered:?}") };
    assert_eq!(event.new.unwrap().to, holder.pubkey());
    // Offered is not accepted: governance still decides.
    assert_eq!(world.config().authority.address, address::governance_address());
    world.accept(instruction::accept_authority(holder.pubkey()), &[&holder]);
    world.refuse(world.execute(stale), &[], PayoutsError::GovernanceNotAuthority);
    // Back again: the same address, another number.
    let offer = instruction::offer_authority(holder.pubkey(), Some(address::governance_address()));
    world.accept(offer, &[&holder]);
    world.accept(instruction::accept_authority_for_governance(), &[]);
    world.refuse(world.execute(stale), &[], PayoutsError::AuthorityMoved);
    world.carry_out(&elector, rate(8));
}

#[test]
fn bounds_are_checked_again_when_it_is_executed() {
    let (mut world, elector) = world();
    let second = voter(2);
    world.stake(&second, SUPPLY / 10);
    // Each is within the joint bound of 10.0 when proposed; together they are not.
    let first = world.propose(&elector, delta(|delta| delta.peak_bps = Some(50_000)));
    let other = world.propose(&second, delta(|delta| delta.consistency_bps = Some(30_000)));
    for number in [first, other] {
        world.accept(world.vote(&elector, number, radio_payouts::state::VoteChoice::Yes), &[&elector]);
    }
    world.end_vote(first);
    world.accept(world.conclude(other), &[]);
    world.wait(2 * DAY);
    world.accept(world.execute(first), &[]);
    world.refuse(world.execute(other), &[], PayoutsError::TimeProductTooLarge);
    assert_eq!(world.proposal(other).status, ProposalStatus::Accepted);
    // Made moot by a like decision.
    let (twice, again) = (world.propose(&elector, rate(7)), world.propose(&second, rate(7)));
    for number in [twice, again] {
        world.accept(world.vote(&elector, number, radio_payouts::state::VoteChoice::Yes), &[&elector]);
    }
    world.end_vote(twice);
    world.accept(world.conclude(again), &[]);
    world.wait(2 * DAY);
    world.accept(world.execute(twice), &[]);
    world.refuse(world.execute(again), &[], PayoutsError::NothingChanges);
}

#[test]
fn an_executor_chooses_no_account() {
    let (mut world, elector) = world();
    world.stake(&voter(2), SUPPLY / 10);
    let terms = sfu_terms([0x52; 32]);
    world.carry_out(&elector, Action::RegisterSfu(terms));
    let stop = world.decide(&elector, Action::StopSfu { key: [0x51; 32], stop_seq: Some(3) });
    let good = world.execute(stop);
    let swap = |from: Pubkey, to: Pubkey| {
        let mut instruction = good.clone();
        for account in instruction.accounts.iter_mut().filter(|account| account.pubkey == from) {
            account.pubkey = to;
        }
        instruction
    };
    // Another SFU in the place of the one that was voted on, or none.
    let (meant, other) = (address::sfu_address(&[0x51; 32]), address::sfu_address(&[0x52; 32]));
    world.refuse(swap(meant, other), &[], PayoutsError::ExecutionAccountMissing);
    let mut without = good.clone();
    without.accounts.truncate(5);
    world.refuse(without, &[], PayoutsError::ExecutionAccountMissing);
    // Another signer than the governance PDA, another program, another account in the place of Config.
    let thief = world.stranger.pubkey();
    world.refuse(swap(address::governance_address(), thief), &[], ErrorCode::ConstraintSeeds);
    world.refuse(swap(radio_payouts::ID, anchor_spl::token::ID), &[], ErrorCode::InvalidProgramId);
    world.refuse(swap(address::config_address(), meant), &[], ErrorCode::AccountDiscriminatorMismatch);
    // Another proposal, which nobody accepted.
    let pending = world.propose(&elector, Action::StopSfu { key: [0x52; 32], stop_seq: None });
    let proposal = swap(address::proposal_address(stop), address::proposal_address(pending));
    world.refuse(proposal, &[], PayoutsError::ProposalNotAccepted);
    let mut unsigned = good.clone();
    unsigned.accounts[0].is_signer = false;
    unsigned.accounts[0].pubkey = thief;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    // The role of governance cannot be claimed without a vote.
    let direct = instruction::set_demo_flag(thief, false);
    let stranger = world.stranger.insecure_clone();
    world.refuse(direct, &[&stranger], PayoutsError::NotAuthority);

    // In any order, with more than is needed, it does what was voted.
    let mut shuffled = good.clone();
    shuffled.accounts[5..].reverse();
    shuffled.accounts.push(solana_instruction::AccountMeta::new(other, false));
    world.accept(shuffled, &[]);
    let (stopped, kept): (Sfu, Sfu) = (world.read(meant), world.read(other));
    assert_eq!((stopped.stop_seq, kept.stop_seq), (3, u64::MAX));
}

#[test]
fn every_action_does_what_the_authority_could() {
    let (mut world, elector) = world();
    let key = Pubkey::new_unique();
    let old_pause = world.pause_key.pubkey();
    assert_eq!(
        world.carry_out(&elector, Action::SetDemoFlag(false)),
        [Event::DemoFlagChanged(DemoFlagChanged { old: true, new: false })]
    );
    assert_eq!(
        world.carry_out(&elector, Action::SetPauseKey(key)),
        [Event::PauseKeyChanged(PauseKeyChanged { old: old_pause, new: key })]
    );
    assert_eq!(
        world.carry_out(&elector, Action::SetRegistrars(vec![key])),
        [Event::RegistrarsChanged(RegistrarsChanged { old: vec![], new: vec![key] })]
    );
    world.carry_out(&elector, Action::RegisterSfu(sfu_terms([0x52; 32])));
    let sfu: Sfu = world.read(address::sfu_address(&[0x52; 32]));
    assert_eq!(sfu.operator, world.operator.pubkey());
    let settler = world.settlers[2].pubkey();
    world.carry_out(&elector, Action::RegisterSettler { key: settler, operator: key, valid_from: 0 });
    assert_eq!(world.read::<Settler>(address::settler_address(&settler)).operator, key);
    let stopped = world.settlers[0].pubkey();
    world.carry_out(&elector, Action::StopSettler { key: stopped });
    assert!(world.read::<Settler>(address::settler_address(&stopped)).stopped_at.is_some());
    assert_eq!(world.config().active_settlers, 2);

    let times = ConfigTimesDelta { grace_seconds: Some(1), ..Default::default() };
    let governance = GovernanceSettingsDelta { timelock_seconds: Some(3), ..Default::default() };
    let events = world.carry_out(&elector, Action::SetConfigTimes { times, governance });
    let [Event::ConfigTimesChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.new.grace_seconds, event.new_governance.timelock_seconds), (1, 3));
    world.carry_out(&elector, Action::OfferAuthority(Some(key)));
    world.carry_out(&elector, Action::OfferAuthority(None));
    assert_eq!(world.config().authority.offer, None);
}

#[test]
fn a_vote_rejects_the_root_that_it_was_about() {
    let mut world = World::running(2, 1);
    world.post_all([10, 11]);
    world.govern();
    let elector = voter(1);
    world.stake(&elector, SUPPLY / 10);
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(10, None), &[]);
    world.accept(instruction::finalize_epoch(11, Some(10)), &[]);
    let commitment = world.read::<Epoch>(address::epoch_address(11)).commitment;
    let reject = |commitment| Action::RejectEpoch { epoch: 11, commitment };
    let (other, wanted) = (world.decide(&elector, reject([9; 32])), world.decide(&elector, reject(commitment)));
    world.refuse(world.execute(other), &[], PayoutsError::RootHasChanged);
    world.accept(world.execute(wanted), &[]);
    let epoch: Epoch = world.read(address::epoch_address(11));
    assert_eq!(epoch.status, EpochStatus::Revoked);
    // Posted anew with another commitment, it is not what was voted on.
    world.accept(instruction::revoke_orphan(11), &[]);
    world.post(0, 11, world.statement(5)).unwrap();
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(11, Some(10)), &[]);
    world.write(address::proposal_address(wanted), |proposal: &mut radio_payouts::state::Proposal| {
        proposal.status = ProposalStatus::Accepted;
    });
    world.refuse(world.execute(wanted), &[], PayoutsError::RootHasChanged);
}

#[test]
fn rent_goes_back_to_who_paid_once_it_is_over() {
    let (mut world, elector) = world();
    let (payer, stranger) = (world.payer.pubkey(), world.stranger.insecure_clone());
    let number = world.propose(&elector, rate(7));
    world.accept(world.vote(&elector, number, radio_payouts::state::VoteChoice::Yes), &[&elector]);
    let (vote, proposal) = (address::vote_address(number, &elector.pubkey()), address::proposal_address(number));
    let close_vote = instruction::close_vote(payer, number, &elector.pubkey());
    let close_proposal = instruction::close_proposal(payer, number);
    world.refuse(close_vote.clone(), &[], PayoutsError::ProposalNotEnded);
    world.refuse(close_proposal.clone(), &[], PayoutsError::ProposalNotEnded);
    world.end_vote(number);
    // Accepted: votes are over, the proposal is not.
    world.refuse(close_proposal.clone(), &[], PayoutsError::ProposalNotEnded);
    let theft = instruction::close_vote(stranger.pubkey(), number, &elector.pubkey());
    world.refuse(theft, &[&stranger], PayoutsError::NotRentPayer);
    let mut other = close_vote.clone();
    other.accounts[1].pubkey = address::proposal_address(number + 1);
    world.refuse(other, &[], ErrorCode::ConstraintSeeds);

    let (before, rent) = (world.lamports(payer), world.lamports(vote));
    let events = world.accept(close_vote.clone(), &[]);
    let [Event::VoteClosed(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.proposal, event.owner, event.rent_payer), (number, elector.pubkey(), payer));
    assert_eq!((world.lamports(payer), world.lamports(vote)), (before + rent - 5_000, 0));
    world.refuse(close_vote, &[], ErrorCode::AccountNotInitialized);
    // The record is gone, the vote is over all the same.
    let again = world.vote(&elector, number, radio_payouts::state::VoteChoice::Yes);
    world.refuse(again, &[&elector], PayoutsError::VotingEnded);

    world.wait(2 * DAY);
    world.accept(world.execute(number), &[]);
    let theft = instruction::close_proposal(stranger.pubkey(), number);
    world.refuse(theft, &[&stranger], PayoutsError::NotRentPayer);
    let (before, rent) = (world.lamports(payer), world.lamports(proposal));
    world.accept(close_proposal.clone(), &[]);
    assert_eq!((world.lamports(payer), world.lamports(proposal)), (before + rent - 5_000, 0));
    world.refuse(close_proposal, &[], ErrorCode::AccountNotInitialized);

    // A record outlives its proposal if its owner is slow.
    let number = world.propose(&elector, rate(8));
    world.accept(world.vote(&elector, number, radio_payouts::state::VoteChoice::No), &[&elector]);
    assert_eq!(world.end_vote(number), ProposalStatus::Defeated);
    world.accept(instruction::close_proposal(payer, number), &[]);
    world.accept(instruction::close_vote(payer, number, &elector.pubkey()), &[]);
}

#[test]
fn a_decision_to_register_waits_for_the_end_of_a_pause() {
    let (mut world, elector) = world();
    let number = world.decide(&elector, Action::RegisterSfu(sfu_terms([0x52; 32])));
    let pauser = world.pause_key.insecure_clone();
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    world.refuse(world.execute(number), &[], PayoutsError::Paused);
    world.wait(13 * DAY);
    world.accept(instruction::resume(pauser.pubkey()), &[&pauser]);
    // The window is longer by the pause.
    world.wait(14 * DAY - 1);
    world.accept(world.execute(number), &[]);
    let config: Config = world.config();
    assert_eq!(config.sfu_count, 2);
}

#[test]
fn a_vote_resolves_the_dispute_that_it_names_and_appoints_an_arbiter() {
    let mut world = World::governed();
    let elector = voter(1);
    world.stake(&elector, SUPPLY / 10);
    world.post_all([10]);
    world.give_tokens(world.stranger.pubkey(), BOND);
    world.open_dispute(10, 0);
    // Another attempt has no dispute; the one that was voted on is not turned to it.
    let other = world.decide(&elector, Action::ResolveDispute { epoch: 10, attempt: 1, upheld: true });
    world.refuse(world.execute(other), &[], ErrorCode::AccountNotInitialized);
    let upheld = world.carry_out(&elector, Action::ResolveDispute { epoch: 10, attempt: 0, upheld: true });
    let [Event::DisputeClosed(closed), Event::EpochStatusChanged(status)] = upheld.as_slice() else {
        panic!("{upheld:?}")
    };
    assert_eq!((closed.new, closed.by), (DisputeOutcome::Upheld, Some(address::governance_address())));
    assert_eq!(status.new, EpochStatus::Revoked);

    let arbiter = Some(world.stranger.pubkey());
    world.refuse_proposal(&elector, Action::AppointArbiter(None), PayoutsError::NothingChanges);
    world.refuse_proposal(&elector, Action::AppointArbiter(Some(Pubkey::default())), PayoutsError::ZeroAddress);
    let appointed = world.carry_out(&elector, Action::AppointArbiter(arbiter));
    let [Event::ArbiterAppointed(event)] = appointed.as_slice() else { panic!("{appointed:?}") };
    assert_eq!((event.old, event.new), (None, arbiter));
}
