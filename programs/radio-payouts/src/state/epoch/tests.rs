use super::*;
use crate::state::{ParamsDelta, TreeRoot};

const ALL: [EpochStatus; 7] = [
    EpochStatus::Open,
    EpochStatus::Posted,
    EpochStatus::Disputed,
    EpochStatus::Final,
    EpochStatus::Ratified,
    EpochStatus::Closed,
    EpochStatus::Revoked,
];

fn posted(parent: Option<Head>) -> Epoch {
    let params = ParamsVersion::first(0, ParamsDelta::default(), 0).unwrap();
    let mut epoch = Epoch::open(0, 7, [1; 32], Pubkey::default(), ConfigTimes::default());
    let statement =
        EpochStatement { parent: parent.map_or([0; 32], |head| head.commitment), pool: 100, ..Default::default() };
    let root = PostedRoot { statement, commitment: [7; 32], params: &params, times: ConfigTimes::default() };
    epoch.post(root, parent, Start::default()).unwrap();
    epoch
}

#[test]
fn the_state_machine_has_exactly_the_edges_of_the_drawing() {
    use EpochStatus::{Closed, Disputed, Final, Open, Posted, Ratified, Revoked};
    let edges = [
        (Open, Posted),
        (Posted, Disputed),
        (Posted, Final),
        (Posted, Revoked),
        (Posted, Open),
        (Disputed, Posted),
        (Disputed, Revoked),
        (Disputed, Open),
        (Final, Ratified),
        (Final, Revoked),
        (Final, Open),
        (Ratified, Closed),
        (Revoked, Open),
    ];
    for from in ALL {
        for to in ALL {
            assert_eq!(from.may_become(to), edges.contains(&(from, to)), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn becomes_final_after_the_window_in_unpaused_seconds() {
    let mut pause = Pause::default();
    let mut epoch = posted(None);
    assert_eq!(epoch.finalize(None, &pause, 86_399), Err(PayoutsError::ChallengeWindowOpen.into()));
    pause.pause(10).unwrap();
    pause.resume(110).unwrap();
    assert_eq!(epoch.finalize(None, &pause, 86_499), Err(PayoutsError::ChallengeWindowOpen.into()));
    epoch.finalize(None, &pause, 86_500).unwrap();
    assert_eq!(epoch.finalize(None, &pause, 86_500), Err(PayoutsError::EpochNotPosted.into()));
}

#[test]
fn becomes_final_only_on_a_final_parent_of_the_same_commitment() {
    let pause = Pause::default();
    let now = 100_000;
    let mut parent = posted(None);
    let mut child = posted(Some(Head { epoch: 7, commitment: [7; 32] }));
    assert_eq!(child.finalize(None, &pause, now), Err(PayoutsError::ParentMissing.into()));
    assert_eq!(child.finalize(Some(&parent), &pause, now), Err(PayoutsError::ParentNotFinal.into()));
    parent.finalize(None, &pause, now).unwrap();
    let other = Epoch { epoch: 8, ..parent.clone() };
    assert_eq!(child.finalize(Some(&other), &pause, now), Err(PayoutsError::NotTheParent.into()));
    let other = Epoch { commitment: [8; 32], ..parent.clone() };
    assert_eq!(child.finalize(Some(&other), &pause, now), Err(PayoutsError::ParentNotFinal.into()));
    child.finalize(Some(&parent), &pause, now).unwrap();
}

#[test]
fn a_rejected_epoch_reopens_with_the_next_attempt_and_its_parent_as_head() {
    let parent = Head { epoch: 6, commitment: [6; 32] };
    let mut epoch = posted(Some(parent));
    assert_eq!(epoch.reject(), Err(PayoutsError::EpochNotFinal.into()));
    epoch.status = EpochStatus::Final;
    epoch.reject().unwrap();
    assert!(!epoch.status.has_root());
    assert_eq!(epoch.parent(), Some(parent));
    epoch.reopen().unwrap();
    assert_eq!((epoch.status, epoch.attempt), (EpochStatus::Open, 1));
    assert_eq!(epoch.reopen(), Err(PayoutsError::WrongTransition.into()));
}

#[test]
fn a_share_is_proven_against_the_root_in_force_only() {
    let mut epoch = posted(None);
    let share = Share { epoch: 7, index: 0, did_hash: [3; 32], payee: Pubkey::default(), amount: 60 };
    let leaf = share_leaf(&Domain::from_bytes([1; 32]), 7, 0, &share.did_hash, &[0; 32], 60);
    epoch.statement.payouts = vec![TreeRoot { root: leaf.hash, sum: 60, count: 1 }];
    epoch.verify_share(&share, &[]).unwrap();
    let refuse = |epoch: &Epoch, share: Share, error: PayoutsError| {
        assert_eq!(epoch.verify_share(&share, &[]), Err(error.into()))
    };
    refuse(&epoch, Share { epoch: 8, ..share }, PayoutsError::WrongEpoch);
    refuse(&epoch, Share { index: 1, ..share }, PayoutsError::IndexOutOfRange);
    refuse(&epoch, Share { index: 1 << 20, ..share }, PayoutsError::IndexOutOfRange);
    refuse(&epoch, Share { amount: 61, ..share }, PayoutsError::SumMismatch);
    refuse(&epoch, Share { did_hash: [4; 32], ..share }, PayoutsError::RootMismatch);
    let node = ProofNode { hash: [0; 32], sum: 0 };
    assert_eq!(epoch.verify_share(&share, &[node]), Err(PayoutsError::WrongProofLength.into()));
    epoch.share_cap = 59;
    refuse(&epoch, share, PayoutsError::AmountOverShareCap);
    epoch.status = EpochStatus::Revoked;
    refuse(&epoch, share, PayoutsError::NoRootPosted);
}

fn live_final() -> Epoch {
    let mut epoch = posted(None);
    epoch.mode = Mode::Live;
    epoch.payouts_sum = 100;
    epoch.finalize(None, &Pause::default(), 86_400).unwrap();
    epoch
}

#[test]
fn is_ratified_once_if_final_live_and_no_orphan() {
    let mut chain = EpochChain::default();
    let start = Start { at: 90_000, paused_before: 0 };
    let mut epoch = posted(None);
    assert_eq!(epoch.ratify(&chain, start), Err(PayoutsError::EpochNotFinal.into()));
    epoch = Epoch { mode: Mode::Demo, ..live_final() };
    assert_eq!(epoch.ratify(&chain, start), Err(PayoutsError::DemoIsNeverPaid.into()));
    epoch = live_final();
    chain.advance(7, [7; 32]);
    chain.revoke(6).unwrap();
    assert_eq!(epoch.ratify(&chain, start), Err(PayoutsError::EpochOrphaned.into()));
    assert_eq!(epoch.ratify(&EpochChain::default(), start), Ok(100));
    assert_eq!(epoch.ratified, start);
    assert_eq!(epoch.ratify(&EpochChain::default(), start), Err(PayoutsError::AlreadyRatified.into()));
}

#[test]
fn claims_add_up_to_the_sum_at_most_and_end_with_the_window() {
    let pause = Pause::default();
    let mut epoch = live_final();
    let window = i64::from(epoch.times.claim_seconds);
    assert_eq!(epoch.check_claimable(&pause, 0), Err(PayoutsError::EpochNotRatified.into()));
    assert_eq!(epoch.end_claims(&pause, i64::MAX), Err(PayoutsError::EpochNotRatified.into()));
    epoch.ratify(&EpochChain::default(), Start { at: 90_000, paused_before: 0 }).unwrap();
    epoch.check_claimable(&pause, 90_000 + window - 1).unwrap();
    epoch.claim(99).unwrap();
    assert_eq!(epoch.claim(2), Err(PayoutsError::ClaimsOverSum.into()));
    assert_eq!(epoch.claim(u64::MAX), Err(PayoutsError::ArithmeticOverflow.into()));
    assert_eq!(epoch.end_claims(&pause, 90_000 + window - 1), Err(PayoutsError::ClaimWindowOpen.into()));
    assert_eq!(epoch.check_claimable(&pause, 90_000 + window), Err(PayoutsError::ClaimWindowOver.into()));
    assert_eq!(epoch.check_closed(), Err(PayoutsError::EpochNotClosed.into()));
    assert_eq!(epoch.end_claims(&pause, 90_000 + window), Ok(1));
    epoch.check_closed().unwrap();
    assert_eq!(epoch.end_claims(&pause, i64::MAX), Err(PayoutsError::EpochClosed.into()));
    assert_eq!(epoch.check_claimable(&pause, 90_000), Err(PayoutsError::EpochClosed.into()));
}

#[test]
fn the_nearest_contested_ancestor_is_handed_down() {
    let (pause, now) = (Pause::default(), 100_000);
    let mut parent = posted(None);
    parent.contested = true;
    parent.finalize(None, &pause, now).unwrap();
    let child = |epoch: u64, parent: &Epoch| {
        let mut child = Epoch { epoch, ..posted(Some(Head { epoch: parent.epoch, commitment: parent.commitment })) };
        child.finalize(Some(parent), &pause, now).unwrap();
        child
    };
    let first = child(8, &parent);
    let second = child(9, &first);
    assert_eq!((parent.contested_before, first.contested_before, second.contested_before), (None, Some(7), Some(7)));
    assert_eq!(child(10, &Epoch { contested: true, ..second }).contested_before, Some(9));
    // Posted anew, nothing of an earlier attempt is left.
    let params = ParamsVersion::first(0, ParamsDelta::default(), 0).unwrap();
    let mut again = Epoch { status: EpochStatus::Open, ..first };
    let statement = EpochStatement::default();
    let root = PostedRoot { statement, commitment: [9; 32], params: &params, times: ConfigTimes::default() };
    again.post(root, None, Start::default()).unwrap();
    assert_eq!(again.contested_before, None);
}
