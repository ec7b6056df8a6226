//! `prove_leaf`, `prove_duplicate_share`, `close_share_record`: a root with two leaves for one DID falls, an honest one
//! never does.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::OpenDisputeArgs;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Candidate, Config, Epoch, EpochStatement, EpochStatus, Share, ShareRecord};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction};
use radio_payouts_protocol::forest::Forest;
use radio_payouts_protocol::tree::{Node, share_leaf};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::dispute_world::{BOND, EPOCH};
use super::money::{LIVE, Money};
use super::world::{DAY, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, World, key};

/// An epoch whose leaves have these DIDs.
struct Root {
    commitment: [u8; 32],
    epoch: u64,
    shares: Vec<Share>,
    forest: Forest,
}

impl Root {
    /// Posts it on the present head.
    fn post(world: &mut World, epoch: u64, dids: &[u8]) -> Self {
        let (root, statement) = Self::build(world, epoch, dids);
        world.post(0, epoch, statement).unwrap();
        root
    }

    fn build(world: &World, epoch: u64, dids: &[u8]) -> (Self, EpochStatement) {
        let domain = world.domain();
        let share = |(index, did): (u32, &u8)| Share {
            epoch,
            index,
            did_hash: [*did; 32],
            payee: Pubkey::new_from_array([index as u8; 32]),
            amount: 100,
        };
        let shares: Vec<Share> = (0u32..).zip(dids).map(share).collect();
        let leaves: Vec<Node> = shares
            .iter()
            .map(|s| share_leaf(&domain, epoch, s.index, &s.did_hash, &s.payee.to_bytes(), s.amount))
            .collect();
        let forest = Forest::build(&domain, &leaves).unwrap();
        let payouts = forest.roots().into_iter().map(Into::into).collect();
        let statement = EpochStatement { payouts, ..world.statement(0) };
        let commitment = world.args(epoch, statement.clone()).commitment;
        (Self { commitment, epoch, shares, forest }, statement)
    }

    fn leaf(&self, recorder: &Keypair, index: usize) -> Instruction {
        let share = self.shares[index];
        instruction::prove_leaf(recorder.pubkey(), &self.commitment, share, &self.forest.proof(share.index).unwrap())
    }

    fn record(&self, world: &mut World, indices: [usize; 2]) {
        let recorder = world.stranger.insecure_clone();
        for index in indices {
            world.accept(self.leaf(&recorder, index), &[&recorder]);
        }
    }

    fn accuse(&self, world: &World, indices: [u32; 2]) -> Instruction {
        instruction::prove_duplicate_share(self.epoch, &self.commitment, &world.stranger.pubkey(), indices)
    }

    fn candidate(&self, world: &World) -> Candidate {
        world.read(address::candidate_address(self.epoch, &self.commitment))
    }
}

fn world(epoch: u64) -> World {
    let mut world = World::running(2, 1);
    world.go_past(epoch, 600);
    world
}

#[test]
fn a_leaf_is_recorded_only_if_it_is_in_a_root_that_could_be_revoked() {
    let mut world = world(EPOCH);
    let root = Root::post(&mut world, EPOCH, &[1, 2, 2]);
    let recorder = world.stranger.insecure_clone();
    let leaf = root.leaf(&recorder, 1);
    let forge = |change: fn(&mut Share)| {
        let (mut share, proof) = (root.shares[1], root.forest.proof(1).unwrap());
        change(&mut share);
        instruction::prove_leaf(recorder.pubkey(), &root.commitment, share, &proof)
    };
    world.refuse(forge(|share| share.did_hash = [9; 32]), &[&recorder], PayoutsError::RootMismatch);
    world.refuse(forge(|share| share.index = 0), &[&recorder], PayoutsError::RootMismatch);
    world.refuse(forge(|share| share.amount += 1), &[&recorder], PayoutsError::SumMismatch);
    world.refuse(forge(|share| share.index = 3), &[&recorder], PayoutsError::IndexOutOfRange);
    world.refuse(forge(|share| share.epoch += 1), &[&recorder], ErrorCode::AccountNotInitialized);
    let mut elsewhere = leaf.clone();
    elsewhere.accounts[2].pubkey = address::share_record_address(EPOCH, &root.commitment, 1, &world.payer.pubkey());
    world.refuse(elsewhere, &[&recorder], ErrorCode::ConstraintSeeds);
    let at = address::epoch_address(EPOCH);
    for (status, error) in [
        (EpochStatus::Ratified, PayoutsError::EpochRatified),
        (EpochStatus::Closed, PayoutsError::EpochRatified),
        (EpochStatus::Revoked, PayoutsError::NoRootPosted),
    ] {
        world.write(at, |epoch: &mut Epoch| epoch.status = status);
        world.refuse(leaf.clone(), &[&recorder], error);
    }
    world.write(at, |epoch: &mut Epoch| epoch.status = EpochStatus::Posted);
    // Also while paused, and a leaf that is too large to be paid.
    world.write(at, |epoch: &mut Epoch| epoch.share_cap = 1);
    let pauser = world.pause_key.insecure_clone();
    world.accept(instruction::pause(pauser.pubkey()), &[&pauser]);
    let before = world.lamports(recorder.pubkey());
    let events = world.accept(leaf.clone(), &[&recorder]);
    let [Event::LeafProven(event)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.index, event.did_hash, event.recorder), (1, [2; 32], recorder.pubkey()));
    let record = address::share_record_address(EPOCH, &root.commitment, 1, &recorder.pubkey());
    let rent = world.lamports(record);
    assert_eq!(world.lamports(recorder.pubkey()), before - rent);
    // A replay: it is there already.
    world.refuse(leaf, &[&recorder], 0u32);

    // Nobody but the recorder closes it, and the rent goes back to the last lamport.
    let payer = world.payer.insecure_clone();
    let mut anothers = instruction::close_share_record(payer.pubkey(), EPOCH, &root.commitment, 1);
    anothers.accounts[1].pubkey = record;
    world.refuse(anothers, &[&payer], PayoutsError::NotRecorder);
    let close = instruction::close_share_record(recorder.pubkey(), EPOCH, &root.commitment, 1);
    world.accept(close.clone(), &[&recorder]);
    assert_eq!((world.lamports(recorder.pubkey()), world.lamports(record)), (before, 0));
    world.refuse(close, &[&recorder], ErrorCode::AccountNotInitialized);
}

#[test]
fn an_honest_root_survives_every_accusation() {
    let mut world = world(EPOCH);
    let root = Root::post(&mut world, EPOCH, &[1, 2, 3]);
    let recorder = world.stranger.insecure_clone();
    for index in 0..3 {
        world.accept(root.leaf(&recorder, index), &[&recorder]);
    }
    // The same leaf, recorded by another as well.
    let payer = world.payer.insecure_clone();
    world.accept(root.leaf(&payer, 0), &[&payer]);
    // A second epoch with the same DIDs.
    world.go_past(EPOCH + 1, 600);
    let next = Root::post(&mut world, EPOCH + 1, &[1, 2, 3]);
    next.record(&mut world, [0, 1]);
    let before = (world.config().chain, world.epoch(EPOCH).status);
    for first in 0..3 {
        for second in 0..3 {
            let error = if first == second { PayoutsError::SameLeaf } else { PayoutsError::DidsDiffer };
            world.refuse(root.accuse(&world, [first, second]), &[], error);
        }
    }
    let mut twice = root.accuse(&world, [0, 1]);
    twice.accounts[4].pubkey = address::share_record_address(EPOCH, &root.commitment, 0, &payer.pubkey());
    world.refuse(twice, &[], PayoutsError::SameLeaf);
    // One DID, two epochs.
    let mut mixed = root.accuse(&world, [0, 1]);
    mixed.accounts[4].pubkey = address::share_record_address(EPOCH + 1, &next.commitment, 0, &recorder.pubkey());
    world.refuse(mixed.clone(), &[], PayoutsError::NotLeavesOfOneRoot);
    mixed.accounts.swap(3, 4);
    world.refuse(mixed, &[], PayoutsError::NotLeavesOfOneRoot);
    // The candidate or epoch of another root; an account that is no record.
    let mut wrong = next.accuse(&world, [0, 1]);
    wrong.accounts[2].pubkey = address::candidate_address(EPOCH, &root.commitment);
    world.refuse(wrong.clone(), &[], PayoutsError::WrongCandidate);
    wrong.accounts[1].pubkey = address::epoch_address(EPOCH);
    world.refuse(wrong, &[], PayoutsError::NotLeavesOfOneRoot);
    let mut wrong = root.accuse(&world, [0, 1]);
    wrong.accounts[3].pubkey = address::epoch_address(EPOCH);
    world.refuse(wrong, &[], ErrorCode::AccountDiscriminatorMismatch);
    let copy = world.svm.get_account(&address::share_record_address(EPOCH, &root.commitment, 0, &recorder.pubkey()));
    let mut copy = copy.unwrap();
    copy.owner = super::world::TOKEN_PROGRAM;
    let forged = Pubkey::new_from_array([0x66; 32]);
    world.svm.set_account(forged, copy).unwrap();
    let mut wrong = root.accuse(&world, [0, 1]);
    wrong.accounts[3].pubkey = forged;
    world.refuse(wrong, &[], ErrorCode::AccountOwnedByWrongProgram);
    assert_eq!((world.config().chain, world.epoch(EPOCH).status), before);
    assert!(!root.candidate(&world).banned && !next.candidate(&world).banned);
}

#[test]
fn a_duplicate_revokes_the_root_and_bans_it_and_the_honest_one_is_accepted() {
    let mut world = world(EPOCH);
    let (forged, statement) = Root::build(&world, EPOCH, &[1, 2, 2]);
    world.post(0, EPOCH, statement.clone()).unwrap();
    world.go_past(EPOCH + 1, 600);
    world.post(0, EPOCH + 1, world.statement(0)).unwrap();
    // Final already: a proof needs no challenge window.
    world.wait(DAY);
    world.accept(instruction::finalize_epoch(EPOCH, None), &[]);
    forged.record(&mut world, [1, 2]);
    let accuse = forged.accuse(&world, [1, 2]);
    let events = world.accept(accuse.clone(), &[]);
    let [Event::EpochStatusChanged(status), Event::DuplicateShareProven(proven)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((status.old, status.new), (EpochStatus::Final, EpochStatus::Revoked));
    assert_eq!((proven.first_index, proven.second_index, proven.did_hash, proven.revoked), (1, 2, [2; 32], true));
    world.refuse(accuse, &[], PayoutsError::CandidateBanned);
    world.accept(instruction::revoke_orphan(EPOCH + 1), &[]);
    world.accept(instruction::revoke_orphan(EPOCH), &[]);

    for settler in 0..2 {
        let again = world.post(settler, EPOCH, statement.clone()).map(|_| ());
        assert_eq!(again, Err(PayoutsError::CandidateBanned.into()));
    }
    let honest = Root::post(&mut world, EPOCH, &[1, 2, 3]);
    let epoch = world.epoch(EPOCH);
    assert_eq!((epoch.status, epoch.attempt, epoch.commitment), (EpochStatus::Posted, 1, honest.commitment));
    // Records of the old root are worth nothing against the new one.
    let mut turned = honest.accuse(&world, [1, 2]);
    for (account, index) in [(3, 1), (4, 2)] {
        let recorder = world.stranger.pubkey();
        turned.accounts[account].pubkey = address::share_record_address(EPOCH, &forged.commitment, index, &recorder);
    }
    world.refuse(turned, &[], PayoutsError::NotLeavesOfOneRoot);
    world.post(0, EPOCH + 1, world.statement(0)).unwrap();
}

#[test]
fn a_disputed_root_falls_to_a_proof_and_the_bond_goes_back() {
    let mut world = world(EPOCH);
    let root = Root::post(&mut world, EPOCH, &[2, 2]);
    let source = world.give_tokens(world.stranger.pubkey(), BOND);
    world.open_dispute(EPOCH, 0);
    root.record(&mut world, [0, 1]);
    world.accept(root.accuse(&world, [0, 1]), &[]);
    assert_eq!(world.epoch(EPOCH).status, EpochStatus::Revoked);
    let authority = world.authority.insecure_clone();
    world.refuse(world.resolve(EPOCH, 0, false), &[&authority], PayoutsError::EpochNotDisputed);
    world.refuse(instruction::lapse_dispute(EPOCH, 0), &[], PayoutsError::EpochNotDisputed);
    world.accept(world.release(EPOCH, 0), &[]);
    assert_eq!(world.tokens(source), Some(BOND));
}

#[test]
fn a_root_that_has_left_the_chain_is_banned_all_the_same() {
    let mut world = world(EPOCH);
    let (root, statement) = Root::build(&world, EPOCH, &[2, 2]);
    world.post(0, EPOCH, statement.clone()).unwrap();
    root.record(&mut world, [0, 1]);
    world.give_tokens(world.stranger.pubkey(), BOND);
    world.open_dispute(EPOCH, 0);
    let authority = world.authority.insecure_clone();
    world.accept(world.resolve(EPOCH, 0, true), &[&authority]);
    world.accept(instruction::revoke_orphan(EPOCH), &[]);
    let events = world.accept(root.accuse(&world, [0, 1]), &[]);
    let [Event::DuplicateShareProven(event)] = events.as_slice() else { panic!("{events:?}") };
    assert!(!event.revoked);
    let again = world.post(0, EPOCH, statement).map(|_| ());
    assert_eq!(again, Err(PayoutsError::CandidateBanned.into()));
    world.post(0, EPOCH, world.statement(0)).unwrap();
}

#[test]
fn a_ratified_root_and_what_stands_before_one_no_longer_fall() {
    let mut world = world(EPOCH);
    let root = Root::post(&mut world, EPOCH, &[2, 2]);
    root.record(&mut world, [0, 1]);
    world.write(address::epoch_address(EPOCH), |epoch: &mut Epoch| epoch.status = EpochStatus::Ratified);
    world.refuse(root.accuse(&world, [0, 1]), &[], PayoutsError::EpochRatified);
    world.write(address::epoch_address(EPOCH), |epoch: &mut Epoch| epoch.status = EpochStatus::Posted);
    world.write(address::config_address(), |config: &mut Config| config.chain.ratified_through = Some(EPOCH + 1));
    world.refuse(root.accuse(&world, [0, 1]), &[], PayoutsError::LaterEpochRatified);
    assert!(!root.candidate(&world).banned);
    let _: ShareRecord =
        world.read(address::share_record_address(EPOCH, &root.commitment, 0, &world.stranger.pubkey()));
}

/// A root of a deployment whose mint is Token-2022's pays one DID twice: it is disputed, then disproved, and the bond comes back.
#[test]
fn a_duplicate_share_of_a_token_2022_deployment_is_disproved_and_the_bond_goes_back() {
    let mut money = Money::new(TOKEN_2022_PROGRAM);
    let [first, second, third] = [1, 2, 2].map(|did| [did; 32]);
    let payee = key(61).pubkey();
    let forged = money.post(LIVE, &[(first, key(60).pubkey(), 100), (second, payee, 50), (third, payee, 51)]);
    let (recorder, payer) = (money.world.stranger.insecure_clone(), money.world.payer.pubkey());
    let source = money.open(&recorder.pubkey());
    money.mint_to(source, BOND + 7);
    let args = OpenDisputeArgs { epoch: LIVE, attempt: 0, evidence_hash: [0xe1; 32] };
    let open = instruction::open_dispute(payer, recorder.pubkey(), &money.config(), source, args);
    // The bond is of this deployment's mint and token program, and of no other.
    let mut other = open.clone();
    for account in other.accounts.iter_mut().filter(|account| account.pubkey == TOKEN_2022_PROGRAM) {
        account.pubkey = TOKEN_PROGRAM;
    }
    assert!(money.world.send(other, &[&recorder]).is_err());
    money.world.accept(open, &[&recorder]);
    assert_eq!(money.balance(source), 7);

    let leaf = |index: usize| {
        let share = forged.shares[index];
        let proof = forged.forest.proof(share.index).unwrap();
        instruction::prove_leaf(recorder.pubkey(), &forged.commitment, share, &proof)
    };
    money.world.accept(leaf(1), &[&recorder]);
    money.world.accept(leaf(2), &[&recorder]);
    let accuse = instruction::prove_duplicate_share(LIVE, &forged.commitment, &recorder.pubkey(), [1, 2]);
    money.world.accept(accuse, &[]);
    assert_eq!(money.world.epoch(LIVE).status, EpochStatus::Revoked);
    let (config, dispute) = (money.config(), money.world.dispute_of(LIVE, 0));
    let release = instruction::release_bond(&config, &dispute, source);
    let mut other = release.clone();
    for account in other.accounts.iter_mut().filter(|account| account.pubkey == TOKEN_2022_PROGRAM) {
        account.pubkey = TOKEN_PROGRAM;
    }
    money.world.refuse(other, &[], PayoutsError::WrongBondTokenProgram);
    money.world.accept(release, &[]);
    assert_eq!(money.balance(source), BOND + 7);

    // Refused for ever; the honest one is accepted and pays.
    money.world.accept(instruction::revoke_orphan(LIVE), &[]);
    let pool = forged.shares.iter().map(|share| share.amount).sum();
    let payouts = forged.forest.roots().into_iter().map(Into::into).collect();
    let again = EpochStatement { params_version: 2, pool, payouts, ..money.world.statement(0) };
    assert_eq!(money.world.post(0, LIVE, again).map(|_| ()), Err(PayoutsError::CandidateBanned.into()));
    let honest = money.ratified(LIVE, &[(first, key(60).pubkey(), 100), (second, payee, 101)]);
    let paid = money.open(&payee);
    money.claim_own(&honest, 1);
    assert_eq!(money.balance(paid), 101);
}
