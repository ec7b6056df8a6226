//! From the bootstrap authority to a Live deployment by a vote of 10 %.

use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Action, Config, Mode, ParamsChange, ParamsVersion, ProposalStatus, VoteChoice};
use radio_payouts_client::{address, instruction};
use solana_signer::Signer;

use super::voters::{SUPPLY, rate, voter};
use super::world::World;

fn live() -> Action {
    Action::SetParams(ParamsChange { mode: Some(Mode::Live), ..Default::default() })
}

#[test]
fn live_needs_ten_percent_and_every_condition() {
    let mut world = World::running(2, 2);
    // The bootstrap authority cannot make a Live version.
    let bootstrap = world.authority.insecure_clone();
    let alone = ParamsChange { mode: Some(Mode::Live), ..Default::default() };
    let alone = instruction::set_params(world.payer.pubkey(), bootstrap.pubkey(), 1, alone);
    world.refuse(alone, &[&bootstrap], PayoutsError::LiveNeedsAcceptedAuthority);
    world.govern();

    let (elector, helper) = (voter(1), voter(2));
    world.stake(&elector, SUPPLY / 10 - 1);
    world.stake(&helper, 1);
    let missed = world.propose(&elector, live());
    world.accept(world.vote(&elector, missed, VoteChoice::Yes), &[&elector]);
    assert_eq!(world.end_vote(missed), ProposalStatus::Defeated, "enough for a rate, not for Live");
    let number = world.propose(&elector, live());
    world.accept(world.vote(&elector, number, VoteChoice::Yes), &[&elector]);
    world.accept(world.vote(&helper, number, VoteChoice::Yes), &[&helper]);
    assert_eq!(world.end_vote(number), ProposalStatus::Accepted);
    world.wait(2 * 86_400);

    // ProgramData is derived, not chosen; its upgrade authority is still a person.
    let program_data = address::program_data_address();
    let mut without = world.execute(number);
    without.accounts.retain(|account| account.pubkey != program_data);
    world.refuse(without, &[], PayoutsError::ExecutionAccountMissing);
    world.refuse(world.execute(number), &[], PayoutsError::LiveNeedsUpgradeAuthority);
    world.set_upgrade_authority(Some(address::governance_address()));

    let config = address::config_address();
    type Change = fn(&mut Config);
    let cases: [(PayoutsError, Change); 6] = [
        (PayoutsError::LiveNeedsMajority, |config| config.times.attestation_threshold = 1),
        (PayoutsError::LiveNeedsMajority, |config| config.active_settlers = 1),
        (PayoutsError::LiveNeedsVoting, |config| config.governance.voting_seconds = 3 * 86_400 - 1),
        (PayoutsError::LiveNeedsTimelock, |config| config.governance.timelock_seconds = 2 * 86_400 - 1),
        (PayoutsError::LiveNeedsChallenge, |config| config.times.challenge_seconds = 86_400 - 1),
        (PayoutsError::DisputeTooShort, |config| config.times.dispute_seconds = 12 * 86_400),
    ];
    for (error, change) in cases {
        let good = world.svm.get_account(&config).unwrap();
        world.write(config, change);
        world.refuse(world.execute(number), &[], error);
        world.svm.set_account(config, good).unwrap();
    }

    world.accept(world.execute(number), &[]);
    let second: ParamsVersion = world.read(address::params_address(2));
    assert!(second.mode == Mode::Live && world.config().live);
    // Later versions stay Live, and nobody goes back.
    let back = ParamsChange { mode: Some(Mode::Demo), ..Default::default() };
    world.refuse_proposal(&elector, Action::SetParams(back), PayoutsError::LiveIsForGood);
    world.carry_out(&elector, rate(5));
    let third: ParamsVersion = world.read(address::params_address(3));
    assert_eq!((third.mode, third.values.rate), (Mode::Live, 5));
}

#[test]
fn live_is_possible_with_a_program_that_nobody_can_upgrade() {
    let mut world = World::governed();
    let elector = voter(1);
    world.stake(&elector, SUPPLY / 10);
    world.write(address::config_address(), |config: &mut Config| config.times.attestation_threshold = 2);
    world.set_upgrade_authority(None);
    world.carry_out(&elector, live());
    assert!(world.config().live);
}
