//! `verify_share` and `verify_batch`: each lie by its own error, then the truth.

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::Pubkey;
use radio_payouts::error::PayoutsError;
use radio_payouts::state::{Batch, Epoch, EpochStatement, EpochStatus, Mode, ParamsChange, ParamsDelta, Share};
use radio_payouts_client::event::Event;
use radio_payouts_client::{address, instruction, return_data};
use radio_payouts_protocol::forest::{Forest, MerkleSumTree};
use radio_payouts_protocol::tree::{Kind, Node, batch_leaf, share_leaf};
use solana_signer::Signer;

use super::world::{DAY, World};

pub const EPOCH: u64 = 10;

/// A posted epoch with the shares and batches that its roots were built from.
pub struct Posted {
    pub world: World,
    pub shares: Vec<Share>,
    pub batches: Vec<Batch>,
    pub forest: Forest,
    pub batch_tree: MerkleSumTree,
}

impl Posted {
    /// `count` shares of 100, 101, … base units and as many batches.
    pub fn new(count: u32) -> Self {
        let mut world = World::running(1, 1);
        let domain = world.domain();
        let share = |index: u32| Share {
            epoch: EPOCH,
            index,
            did_hash: [u8::try_from(index).unwrap(); 32],
            payee: Pubkey::new_from_array([0x70; 32]),
            amount: 100 + u64::from(index),
        };
        let batch = |index: u32| Batch {
            epoch: EPOCH,
            index,
            sfu_key: [0x51; 32],
            seq: u64::from(index) + 1,
            batch_hash: [3; 32],
            accepted_bytes: 1_000,
        };
        let shares: Vec<_> = (0..count).map(share).collect();
        let batches: Vec<_> = (0..count).map(batch).collect();
        let leaves: Vec<Node> = shares
            .iter()
            .map(|s| share_leaf(&domain, EPOCH, s.index, &s.did_hash, &s.payee.to_bytes(), s.amount))
            .collect();
        let forest = Forest::build(&domain, &leaves).unwrap();
        let leaves = batches
            .iter()
            .map(|b| batch_leaf(&domain, EPOCH, b.index, &b.sfu_key, b.seq, &b.batch_hash, b.accepted_bytes))
            .collect();
        let batch_tree = MerkleSumTree::build(Kind::Batches, &domain, leaves).unwrap();
        world.go_past(EPOCH, 600);
        let pool = shares.iter().map(|share| share.amount).sum();
        let payouts = forest.roots().into_iter().map(Into::into).collect();
        let batches_root = batch_tree.root().into();
        let statement = EpochStatement { pool, payouts, batches: batches_root, ..world.statement(0) };
        world.post(0, EPOCH, statement).unwrap();
        Self { world, shares, batches, forest, batch_tree }
    }

    pub fn share_proof(&self, index: u32) -> Vec<Node> {
        self.forest.proof(index).unwrap()
    }

    pub fn batch_proof(&self, index: u32) -> Vec<Node> {
        self.batch_tree.proof(index).unwrap()
    }

    #[track_caller]
    pub fn refuse_share(&mut self, share: Share, siblings: &[Node], error: impl Into<u32>) {
        let mut instruction = instruction::verify_share(share, siblings);
        instruction.accounts[0].pubkey = address::epoch_address(EPOCH);
        self.world.refuse(instruction, &[], error);
    }

    #[track_caller]
    pub fn refuse_batch(&mut self, batch: Batch, siblings: &[Node], error: impl Into<u32>) {
        let mut instruction = instruction::verify_batch(batch, siblings);
        instruction.accounts[0].pubkey = address::epoch_address(EPOCH);
        self.world.refuse(instruction, &[], error);
    }
}

#[test]
fn a_changed_share_is_refused_by_its_own_error() {
    let mut posted = Posted::new(5);
    let (share, proof) = (posted.shares[2], posted.share_proof(2));
    let wrong_epoch = Share { epoch: EPOCH + 1, ..share };
    posted.refuse_share(wrong_epoch, &proof, PayoutsError::WrongEpoch);
    posted.world.refuse(instruction::verify_share(wrong_epoch, &proof), &[], ErrorCode::AccountNotInitialized);
    posted.refuse_share(Share { amount: share.amount + 1, ..share }, &proof, PayoutsError::SumMismatch);
    posted.refuse_share(Share { amount: u64::MAX, ..share }, &proof, PayoutsError::SumOverflow);
    posted.refuse_share(Share { did_hash: [9; 32], ..share }, &proof, PayoutsError::RootMismatch);
    posted.refuse_share(Share { payee: Pubkey::default(), ..share }, &proof, PayoutsError::RootMismatch);
    posted.refuse_share(Share { index: 3, ..share }, &proof, PayoutsError::RootMismatch);
    posted.refuse_share(Share { index: 5, ..share }, &proof, PayoutsError::IndexOutOfRange);
    posted.refuse_share(Share { index: 2 + 8, ..share }, &proof, PayoutsError::IndexOutOfRange);
    posted.refuse_share(Share { index: 2 + (1 << 20), ..share }, &proof, PayoutsError::IndexOutOfRange);
    posted.refuse_share(share, &proof[1..], PayoutsError::WrongProofLength);
    let longer = [proof.as_slice(), &proof[..1]].concat();
    posted.refuse_share(share, &longer, PayoutsError::WrongProofLength);
    // An account of another kind, and one of another program.
    let mut config = instruction::verify_share(share, &proof);
    config.accounts[0].pubkey = address::config_address();
    posted.world.refuse(config, &[], ErrorCode::AccountDiscriminatorMismatch);
    let mut mint = instruction::verify_share(share, &proof);
    mint.accounts[0].pubkey = posted.world.mint;
    posted.world.refuse(mint, &[], ErrorCode::AccountOwnedByWrongProgram);
}

#[test]
fn every_share_and_batch_is_proven_and_nothing_moves() {
    let mut posted = Posted::new(5);
    let commitment = posted.world.config().chain.head.unwrap().commitment;
    for index in 0..5u32 {
        let (share, proof) = (posted.shares[index as usize], posted.share_proof(index));
        let before = posted.world.svm.get_account(&address::epoch_address(EPOCH));
        let payer = posted.world.lamports(posted.world.payer.pubkey());
        let meta = posted.world.send(instruction::verify_share(share, &proof), &[]).unwrap();
        let verified = return_data::verified_share(&meta.return_data.program_id, &meta.return_data.data).unwrap();
        assert_eq!((verified.share, verified.commitment), (share, commitment));
        assert_eq!((verified.status, verified.mode), (EpochStatus::Posted, Mode::Demo));
        let events = radio_payouts_client::event::events(&meta.logs);
        let [Event::ShareVerified(event)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.index, event.amount, event.did_hash), (index, share.amount, share.did_hash));
        assert_eq!(posted.world.svm.get_account(&address::epoch_address(EPOCH)), before);
        assert_eq!(posted.world.lamports(posted.world.payer.pubkey()), payer - 5_000);

        let (batch, proof) = (posted.batches[index as usize], posted.batch_proof(index));
        let meta = posted.world.send(instruction::verify_batch(batch, &proof), &[]).unwrap();
        let verified = return_data::verified_batch(&meta.return_data.program_id, &meta.return_data.data).unwrap();
        assert_eq!((verified.batch, verified.commitment), (batch, commitment));
    }
}

#[test]
fn a_changed_batch_is_refused_by_its_own_error() {
    let mut posted = Posted::new(5);
    let (batch, proof) = (posted.batches[4], posted.batch_proof(4));
    posted.refuse_batch(Batch { epoch: EPOCH + 1, ..batch }, &proof, PayoutsError::WrongEpoch);
    posted.refuse_batch(Batch { accepted_bytes: 999, ..batch }, &proof, PayoutsError::SumMismatch);
    posted.refuse_batch(Batch { accepted_bytes: u64::MAX, ..batch }, &proof, PayoutsError::SumOverflow);
    posted.refuse_batch(Batch { seq: 9, ..batch }, &proof, PayoutsError::RootMismatch);
    posted.refuse_batch(Batch { sfu_key: [1; 32], ..batch }, &proof, PayoutsError::RootMismatch);
    posted.refuse_batch(Batch { batch_hash: [1; 32], ..batch }, &proof, PayoutsError::RootMismatch);
    posted.refuse_batch(Batch { index: 5, ..batch }, &proof, PayoutsError::IndexOutOfRange);
    posted.refuse_batch(batch, &proof[..2], PayoutsError::WrongProofLength);
}

#[test]
fn proofs_need_a_root_in_force() {
    let mut posted = Posted::new(5);
    let (share, proof) = (posted.shares[2], posted.share_proof(2));
    let verify = instruction::verify_share(share, &proof);
    posted.world.wait(DAY);
    posted.world.accept(instruction::finalize_epoch(EPOCH, None), &[]);
    posted.world.accept(verify.clone(), &[]);
    for status in [EpochStatus::Disputed, EpochStatus::Ratified, EpochStatus::Closed] {
        posted.world.write(address::epoch_address(EPOCH), |epoch: &mut Epoch| epoch.status = status);
        posted.world.accept(verify.clone(), &[]);
    }
    posted.world.write(address::epoch_address(EPOCH), |epoch: &mut Epoch| epoch.status = EpochStatus::Final);
    let authority = posted.world.authority.insecure_clone();
    let root = posted.world.read::<Epoch>(address::epoch_address(EPOCH)).commitment;
    posted.world.accept(instruction::reject_epoch(authority.pubkey(), EPOCH, root), &[&authority]);
    posted.world.refuse(verify.clone(), &[], PayoutsError::NoRootPosted);
    posted.world.accept(instruction::revoke_orphan(EPOCH), &[]);
    posted.world.refuse(verify, &[], PayoutsError::NoRootPosted);
}

#[test]
fn a_share_above_the_cap_is_refused_though_it_is_in_the_tree() {
    let mut world = World::running(1, 1);
    let authority = world.authority.insecure_clone();
    let delta = ParamsDelta { max_share_bps: Some(5_000), ..Default::default() };
    let change = ParamsChange { delta, ..Default::default() };
    world.accept(instruction::set_params(world.payer.pubkey(), authority.pubkey(), 1, change), &[&authority]);
    world.go_past(11, 600);
    let share = Share { epoch: 11, index: 0, did_hash: [1; 32], payee: world.mint, amount: 501 };
    let leaf = share_leaf(&world.domain(), 11, 0, &share.did_hash, &share.payee.to_bytes(), 501);
    let payouts = Forest::build(&world.domain(), &[leaf]).unwrap().roots().into_iter().map(Into::into).collect();
    let statement = EpochStatement { params_version: 2, pool: 1_001, payouts, ..world.statement(0) };
    world.post(0, 11, statement).unwrap();
    world.refuse(instruction::verify_share(share, &[]), &[], PayoutsError::AmountOverShareCap);
}
