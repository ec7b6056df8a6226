use proptest::prelude::*;

use super::ProposalStatus::{Accepted, Cancelled, Defeated, Executed, Expired, Voting};
use super::*;
use crate::state::VoterStake;

const SETTINGS: GovernanceSettings = GovernanceSettings {
    proposal_threshold_bps: 10,
    voting_seconds: 100,
    quorum_bps: 500,
    live_quorum_bps: 1_000,
    timelock_seconds: 20,
    execution_seconds: 30,
};

fn proposal(base: u64, slot: u64) -> Proposal {
    let someone = Pubkey::new_from_array([1; 32]);
    let new = NewProposal {
        bump: 0,
        number: 7,
        proposer: someone,
        rent_payer: someone,
        authority_nonce: 3,
        slot,
        created: Start { at: 1_000, paused_before: 0 },
        base,
        action: Action::SetDemoFlag(false),
        document_hash: None,
    };
    Proposal::open(new, &SETTINGS)
}

fn governance() -> (Pubkey, Authority) {
    let address = Pubkey::new_from_array([9; 32]);
    (address, Authority { nonce: 3, ..Authority::bootstrap(address).unwrap() })
}

#[test]
fn it_moves_only_forward() {
    let edges =
        [(Voting, Accepted), (Voting, Defeated), (Voting, Cancelled), (Accepted, Executed), (Accepted, Expired)];
    let all = [Voting, Accepted, Defeated, Executed, Expired, Cancelled];
    for from in all {
        for to in all {
            assert_eq!(from.may_become(to), edges.contains(&(from, to)), "{from:?} to {to:?}");
        }
        assert_eq!(from.has_ended(), !edges.iter().any(|(edge, _)| *edge == from), "{from:?}");
    }
}

#[test]
fn its_space_is_what_it_serialises_to() {
    let mut proposal = proposal(1, 1);
    proposal.document_hash = Some([7; 32]);
    let mut bytes = Vec::new();
    proposal.try_serialize(&mut bytes).unwrap();
    assert_eq!(bytes.len(), Proposal::space(&proposal.action));
}

#[test]
fn quorum_and_majority_decide_at_the_end_of_the_vote() {
    let pause = Pause::default();
    let conclude = |yes, no, abstain| {
        let mut proposal = proposal(1_001, 1);
        for (choice, amount) in [(VoteChoice::Yes, yes), (VoteChoice::No, no), (VoteChoice::Abstain, abstain)] {
            proposal.count(choice, amount, &pause, 1_099).unwrap();
        }
        assert_eq!(proposal.conclude(&pause, 1_099), Err(PayoutsError::VotingRuns.into()));
        assert_eq!(proposal.count(VoteChoice::Yes, 1, &pause, 1_100), Err(PayoutsError::VotingEnded.into()));
        assert_eq!(proposal.cancel(&pause, 1_100), Err(PayoutsError::VotingEnded.into()));
        proposal.conclude(&pause, 1_100).unwrap();
        assert_eq!(proposal.conclude(&pause, 1_101), Err(PayoutsError::ProposalNotVoting.into()));
        proposal.status
    };
    // 5 % of 1 001 is 50.05: 51 must vote.
    assert_eq!(conclude(50, 0, 0), Defeated);
    assert_eq!(conclude(51, 0, 0), Accepted);
    assert_eq!(conclude(1, 0, 50), Accepted);
    assert_eq!(conclude(40, 40, 0), Defeated);
    assert_eq!(conclude(40, 39, 0), Accepted);
    assert_eq!(conclude(0, 0, 1_001), Defeated);
}

#[test]
fn it_is_executed_between_timelock_and_window_under_the_same_authority() {
    let (pause, (address, authority)) = (Pause::default(), governance());
    let mut accepted = proposal(100, 1);
    let refuse = |proposal: &mut Proposal, authority: &Authority, now, error: PayoutsError| {
        assert_eq!(proposal.execute(authority, &address, &pause, now), Err(error.into()));
    };
    refuse(&mut accepted, &authority, 1_120, PayoutsError::ProposalNotAccepted);
    accepted.count(VoteChoice::Yes, 100, &pause, 1_000).unwrap();
    accepted.conclude(&pause, 1_100).unwrap();
    refuse(&mut accepted, &authority, 1_119, PayoutsError::TimelockRuns);
    refuse(&mut accepted, &authority, 1_150, PayoutsError::ExecutionWindowOver);
    refuse(&mut accepted, &Authority { nonce: 4, ..authority }, 1_120, PayoutsError::AuthorityMoved);
    let other = Authority { address: Pubkey::new_from_array([8; 32]), ..authority };
    refuse(&mut accepted, &other, 1_120, PayoutsError::GovernanceNotAuthority);
    assert_eq!(accepted.expire(&pause, 1_149), Err(PayoutsError::ExecutionWindowOpen.into()));
    let mut expired = accepted.clone();
    accepted.execute(&authority, &address, &pause, 1_149).unwrap();
    refuse(&mut accepted, &authority, 1_149, PayoutsError::ProposalExecuted);
    expired.expire(&pause, 1_150).unwrap();
    assert_eq!(expired.expire(&pause, 1_150), Err(PayoutsError::ProposalNotAccepted.into()));
}

#[test]
fn pauses_put_its_deadlines_off() {
    let mut pause = Pause::default();
    let mut proposal = proposal(100, 1);
    pause.pause(1_050).unwrap();
    pause.resume(1_060).unwrap();
    proposal.count(VoteChoice::Yes, 100, &pause, 1_109).unwrap();
    proposal.conclude(&pause, 1_110).unwrap();
    let (address, authority) = governance();
    assert_eq!(proposal.execute(&authority, &address, &pause, 1_129), Err(PayoutsError::TimelockRuns.into()));
    proposal.execute(&authority, &address, &pause, 1_159).unwrap();
}

/// What voters do, one after another.
#[derive(Clone, Debug)]
enum Step {
    Deposit { who: usize, amount: u64 },
    Withdraw { who: usize, amount: u64 },
    Move { from: usize, to: usize, amount: u64 },
    Vote { who: usize, choice: u8 },
    Wait { slots: u64, seconds: i64 },
    Pause { seconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (who, amount) = (0..4usize, 0..200u64);
    prop_oneof![
        (who.clone(), amount.clone()).prop_map(|(who, amount)| Step::Deposit { who, amount }),
        (who.clone(), amount.clone()).prop_map(|(who, amount)| Step::Withdraw { who, amount }),
        (who.clone(), who.clone(), amount).prop_map(|(from, to, amount)| Step::Move { from, to, amount }),
        (who, 0..3u8).prop_map(|(who, choice)| Step::Vote { who, choice }),
        (0..3u64, 0..40i64).prop_map(|(slots, seconds)| Step::Wait { slots, seconds }),
        (0..40i64).prop_map(|seconds| Step::Pause { seconds }),
    ]
}

proptest! {
    /// Whatever four holders do with 400 base units, before and during a vote: no more than the base votes, a stake
    /// votes once, what voted stays until the end of the vote, and no token is made or lost.
    #[test]
    fn a_token_votes_once(before in proptest::collection::vec(step(), 0..12), after in proptest::collection::vec(step(), 0..40)) {
        let mut wallets = [100u64; 4];
        let mut stakes: Vec<VoterStake> = (0..4)
            .map(|who| VoterStake::new(0, 0, Pubkey::new_from_array([who + 1; 32]), Pubkey::default()))
            .collect();
        let (mut slot, mut now, mut pause) = (1u64, 1_000i64, Pause::default());
        let mut vote: Option<Proposal> = None;
        let mut voted = [0u64; 4];
        let made = before.len();
        for (position, step) in before.into_iter().chain([Step::Wait { slots: 1, seconds: 0 }]).chain(after).enumerate() {
            if position == made + 1 {
                vote = Some(Proposal { created: Start::now(now, &pause), ..proposal(400, slot) });
            }
            match step {
                Step::Deposit { who, amount } => {
                    let amount = amount.min(wallets[who]);
                    if stakes[who].deposit(amount, slot).is_ok() {
                        wallets[who] -= amount;
                    }
                }
                Step::Withdraw { who, amount } => {
                    if stakes[who].withdraw(amount, &pause, now).is_ok() {
                        wallets[who] += amount;
                    }
                }
                Step::Move { from, to, amount } => {
                    let amount = amount.min(wallets[from]);
                    wallets[from] -= amount;
                    wallets[to] += amount;
                }
                Step::Vote { who, choice } => {
                    let Some(proposal) = &mut vote else { continue };
                    let choice = [VoteChoice::Yes, VoteChoice::No, VoteChoice::Abstain][usize::from(choice)];
                    let weight = stakes[who].weight(proposal.created_slot);
                    // The record of the vote stands for `voted`.
                    if voted[who] == 0
                        && let Ok(weight) = weight
                        && proposal.count(choice, weight, &pause, now).is_ok()
                    {
                        stakes[who].lock(proposal.voting_ends());
                        voted[who] = weight;
                    }
                }
                Step::Wait { slots, seconds } => {
                    slot += slots;
                    now += seconds;
                }
                Step::Pause { seconds } => {
                    pause.pause(now).unwrap();
                    now += seconds;
                    pause.resume(now).unwrap();
                }
            }
            let staked: u64 = stakes.iter().map(|stake| stake.amount).sum();
            prop_assert_eq!(staked + wallets.iter().sum::<u64>(), 400);
            if let Some(proposal) = &vote {
                prop_assert_eq!(proposal.tally.total(), u128::from(voted.iter().sum::<u64>()));
                prop_assert!(proposal.tally.total() <= u128::from(proposal.base));
                if !proposal.voting_ends().has_passed(&pause, now) {
                    for (stake, voted) in stakes.iter().zip(voted) {
                        prop_assert!(stake.amount >= voted);
                    }
                }
            }
        }
    }
}
