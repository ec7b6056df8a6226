use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::CreateProposalArgs;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{
    Action, Config, ConfigTimesDelta, GovernanceSettingsDelta, Mode, ParamsChange, ParamsDelta, ProposalStatus,
    SfuTerms,
};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::voters::{SUPPLY, rate, voter};
use super::world::{DAY, World, sfu_terms};

#[test]
fn proposing_needs_enough_stake_from_an_earlier_slot() {
    let mut world = World::governed();
    let proposer = voter(1);
    let (small, rest) = (999, 1);
    world.refuse_proposal_without_stake();
    let wallet = world.give(proposer.pubkey(), 1_000);
    world.accept(world.deposit(&proposer, wallet, small), &[&proposer]);
    // In the slot of the deposit.
    world.refuse_proposal(&proposer, rate(1), PayoutsError::StakeTooRecent);
    world.next_slot();
    // 0.1 % of 1 000 000 is 1 000.
    world.refuse_proposal(&proposer, rate(1), PayoutsError::StakeBelowThreshold);
    world.accept(world.deposit(&proposer, wallet, rest), &[&proposer]);
    world.refuse_proposal(&proposer, rate(1), PayoutsError::StakeTooRecent);
    world.next_slot();
    let mut unsigned = world.create(&proposer, rate(1));
    unsigned.accounts[1].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    assert_eq!(world.propose(&proposer, rate(1)), 0);
    world.refuse_proposal(&proposer, rate(2), PayoutsError::StakeHasProposal);
    assert_eq!(world.config().next_proposal, 1);
}

impl World {
    fn refuse_proposal_without_stake(&mut self) {
        let nobody = voter(9);
        self.refuse(self.create(&nobody, rate(1)), &[&nobody], ErrorCode::AccountNotInitialized);
    }
}

#[test]
fn the_base_is_what_is_neither_in_the_vault_nor_in_the_treasury() {
    let mut world = World::governed();
    let proposer = voter(1);
    world.stake(&proposer, 10_000);
    world.set_tokens(address::vault_address(), 500_001);
    world.set_tokens(address::treasury_address(), 400_000);
    let args = CreateProposalArgs { action: rate(5), document_hash: Some([7; 32]) };
    let create = instruction::create_proposal(world.payer.pubkey(), proposer.pubkey(), &world.config(), args);
    for (position, place) in [(7, address::treasury_address()), (8, address::vault_address())] {
        let mut wrong = create.clone();
        wrong.accounts[position].pubkey = place;
        world.refuse(wrong, &[&proposer], ErrorCode::ConstraintAddress);
    }
    let mut last = create.clone();
    last.accounts[5].pubkey = address::config_address();
    world.refuse(last, &[&proposer], ErrorCode::AccountDiscriminatorMismatch);

    let before = world.lamports(world.payer.pubkey());
    let events = world.accept(create, &[&proposer]);
    let [Event::ProposalCreated(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.base, event.quorum), (99_999, 5_000), "5 % of 99 999 rounds up");
    assert_eq!((event.number, event.proposer, event.document_hash), (0, proposer.pubkey(), Some([7; 32])));
    let proposal = world.proposal(0);
    assert_eq!((proposal.base, proposal.quorum(), proposal.status), (99_999, 5_000, ProposalStatus::Voting));
    assert_eq!((&proposal.action, proposal.document_hash), (&rate(5), Some([7; 32])));
    let rent = world.lamports(address::proposal_address(0));
    assert_eq!(world.lamports(world.payer.pubkey()), before - rent - 10_000);
}

#[test]
fn without_governance_as_authority_there_is_nothing_to_vote_on() {
    let mut world = World::running(1, 1);
    let proposer = voter(1);
    world.stake(&proposer, 100);
    world.refuse_proposal(&proposer, rate(1), PayoutsError::GovernanceNotAuthority);
}

#[test]
fn what_could_never_be_is_not_voted_on() {
    let mut world = World::governed();
    let proposer = voter(1);
    world.stake(&proposer, SUPPLY / 10);
    let params = |change: fn(&mut ParamsDelta)| {
        let mut delta = ParamsDelta::default();
        change(&mut delta);
        Action::SetParams(ParamsChange { delta, ..Default::default() })
    };
    let times = |delta| Action::SetConfigTimes { times: delta, governance: GovernanceSettingsDelta::default() };
    let votes = |delta| Action::SetConfigTimes { times: ConfigTimesDelta::default(), governance: delta };
    let demo = ParamsChange { mode: Some(Mode::Demo), ..Default::default() };
    let pause_key = world.pause_key.pubkey();
    let mut small_order = [0; 32];
    small_order[0] = 1;
    let cases = [
        (PayoutsError::ParamsOutOfBounds, params(|delta| delta.rate = Some(0))),
        (PayoutsError::ParamsOutOfBounds, params(|delta| delta.max_share_bps = Some(10_001))),
        // Jointly: each value is within its own bounds.
        (
            PayoutsError::TimeProductTooLarge,
            params(|delta| {
                delta.peak_bps = Some(50_000);
                delta.consistency_bps = Some(50_000);
            }),
        ),
        (
            PayoutsError::QualityProductTooLarge,
            params(|delta| {
                delta.popular_bps = Some(50_000);
                delta.high_quality_bps = Some(50_000);
            }),
        ),
        (PayoutsError::ConsistencyWindowTooSmall, params(|delta| delta.consistency_window_epochs = Some(4))),
        (PayoutsError::KbpsRangeEmpty, params(|delta| delta.max_kbps_per_recipient = Some(7))),
        (PayoutsError::NothingChanges, Action::SetParams(demo)),
        (PayoutsError::NothingChanges, times(ConfigTimesDelta::default())),
        (PayoutsError::GraceTooLong, times(ConfigTimesDelta { grace_seconds: Some(8 * 86_400), ..Default::default() })),
        (
            PayoutsError::DisputeTooShort,
            votes(GovernanceSettingsDelta { voting_seconds: Some(20 * 86_400), ..Default::default() }),
        ),
        (
            PayoutsError::BpsOutOfBounds,
            votes(GovernanceSettingsDelta { quorum_bps: Some(10_001), ..Default::default() }),
        ),
        (
            PayoutsError::ThresholdAboveSettlers,
            times(ConfigTimesDelta { attestation_threshold: Some(3), ..Default::default() }),
        ),
        (PayoutsError::NothingChanges, Action::SetDemoFlag(true)),
        (PayoutsError::NothingChanges, Action::SetPauseKey(pause_key)),
        (PayoutsError::ZeroAddress, Action::SetPauseKey(Pubkey::default())),
        (PayoutsError::TooManyRegistrars, Action::SetRegistrars((0..5).map(|_| Pubkey::new_unique()).collect())),
        (PayoutsError::NothingChanges, Action::SetRegistrars(Vec::new())),
        (PayoutsError::KeySmallOrder, Action::RegisterSfu(sfu_terms(small_order))),
        (
            PayoutsError::CapacityOutOfBounds,
            Action::RegisterSfu(SfuTerms { max_bytes_per_epoch: 0, ..sfu_terms([0x53; 32]) }),
        ),
        (
            PayoutsError::OperatorMissing,
            Action::RegisterSettler { key: voter(3).pubkey(), operator: Pubkey::default(), valid_from: 0 },
        ),
        (PayoutsError::SameAuthority, Action::OfferAuthority(Some(address::governance_address()))),
        (PayoutsError::ZeroAddress, Action::OfferAuthority(Some(Pubkey::default()))),
    ];
    for (error, action) in cases {
        let found = world.send(world.create(&proposer, action.clone()), &[&proposer]).map(|_| ());
        assert_eq!(found, Err(error.into()), "{error:?}: {action:?}");
    }
    assert_eq!(world.stake_of(&proposer).open_proposal, None);
}

#[test]
fn the_proposer_cancels_during_the_vote_only() {
    let mut world = World::governed();
    let (proposer, other) = (voter(1), voter(2));
    let wallet = world.stake(&proposer, SUPPLY / 10);
    world.stake(&other, 1_000);
    let number = world.propose(&proposer, rate(1));
    let cancel = instruction::cancel_proposal(proposer.pubkey(), number);
    let mut by_other = cancel.clone();
    by_other.accounts[0].pubkey = other.pubkey();
    world.refuse(by_other, &[&other], PayoutsError::NotProposer);
    let mut unsigned = cancel.clone();
    unsigned.accounts[0].is_signer = false;
    world.refuse(unsigned, &[], ErrorCode::AccountNotSigner);
    let mut other_stake = cancel.clone();
    other_stake.accounts[3].pubkey = address::stake_address(&other.pubkey());
    world.refuse(other_stake, &[&proposer], ErrorCode::ConstraintSeeds);

    let events = world.accept(cancel.clone(), &[&proposer]);
    let [Event::ProposalStatusChanged(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.old, event.new), (ProposalStatus::Voting, ProposalStatus::Cancelled));
    world.refuse(cancel, &[&proposer], PayoutsError::VotingEnded);
    world.refuse(world.conclude(number), &[], PayoutsError::ProposalNotVoting);
    // Its stake may propose again, and is free when the vote would have ended.
    let second = world.propose(&proposer, rate(2));
    assert_eq!(second, 1);
    world.wait(7 * DAY);
    let late = instruction::cancel_proposal(proposer.pubkey(), second);
    world.refuse(late, &[&proposer], PayoutsError::VotingEnded);
    world.accept(world.conclude(second), &[]);
    world.accept(world.withdraw(&proposer, wallet, 1), &[&proposer]);
}

#[test]
fn a_vote_keeps_the_settings_that_it_began_under() {
    let mut world = World::governed();
    let proposer = voter(1);
    world.stake(&proposer, SUPPLY / 10);
    let number = world.propose(&proposer, rate(1));
    world.write(address::config_address(), |config: &mut Config| {
        config.governance.voting_seconds = 1;
        config.governance.quorum_bps = 10_000;
    });
    world.wait(7 * DAY - 1);
    world.refuse(world.conclude(number), &[], PayoutsError::VotingRuns);
    assert_eq!(world.proposal(number).quorum(), SUPPLY / 20);
}
