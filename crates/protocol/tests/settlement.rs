//! Whole epochs by the pure path: verdicts, money and sums, and independence of order (sections 4.4 to 8).

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Contribution, Descriptor, Metadata, Receipt, Rights, Role};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::sha256;
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::registry::{NEVER, Sfu};
use radio_payouts_protocol::settlement::{Parent, Setting, Settlement, settle};
use radio_payouts_protocol::tree::{Kind, share_leaf, verify_proof};

#[path = "../examples/vectors/chain.rs"]
mod chain;

const GENESIS: i64 = 1_000_000;
const GENESIS_MS: u64 = 1_000_000_000;
const DOMAIN: Domain = Domain::from_bytes([7; 32]);

fn did(number: u8) -> String {
    if number.is_multiple_of(3) {
        format!("did:mycelia:listener{number}")
    } else {
        did_of_key(&SigningKey::from_bytes(&[number; 32]).verifying_key().to_bytes())
    }
}

fn sfu_key(number: u8) -> [u8; 32] {
    SigningKey::from_bytes(&[100 + number; 32]).verifying_key().to_bytes()
}

fn sfu(number: u8) -> Sfu {
    Sfu {
        key: sfu_key(number),
        demo: false,
        valid_from: 0,
        valid_until: NEVER,
        max_bytes_per_epoch: 1 << 46,
        stop_seq: NEVER,
    }
}

/// A chain of batches of SFU `number`; each receipt is (track, contributor, role, bytes).
fn chain(number: u8, receipts: &[Vec<(u8, u8, u8, u64)>]) -> Vec<Batch> {
    let metadata = Metadata { title: Some("t".into()), ..Metadata::default() };
    let mut windows = receipts.iter();
    chain::chain(&sfu_key(number), GENESIS_MS, receipts.len(), |_, to| {
        let receipts = windows.next().unwrap();
        let mut tracks: Vec<String> = receipts.iter().map(|(track, ..)| format!("t{track}")).collect();
        tracks.sort();
        tracks.dedup();
        let one = |(room, (track, contributor, role, bytes)): (u64, &(u8, u8, u8, u64))| Receipt {
            acks: None,
            contributors: vec![Contribution {
                bytes_out: *bytes,
                did: did(*contributor),
                role: Some(Role::ALL[usize::from(*role)]),
            }],
            recipients: 50,
            room_id: format!("r{room}"),
            timestamp: to - chain::WINDOW_MS + 1 + room,
            track_id: format!("t{track}"),
        };
        let described = |track_id| Descriptor {
            metadata: Some(metadata.clone()),
            rights: Rights::Original,
            track_id,
            uploader: did(1),
        };
        ((0u64..).zip(receipts).map(one).collect(), tracks.into_iter().map(described).collect())
    })
}

fn settle_epoch(epoch: u64, parent: Option<&Parent>, sfus: &[Sfu], params: &Params, batches: &[Batch]) -> Settlement {
    let setting = Setting {
        domain: &DOMAIN,
        cluster_reference: "cluster",
        calendar: Calendar::new(GENESIS, 300).unwrap(),
        epoch,
        parent,
        params,
        params_version: 1,
        mode_of: &|_| Mode::Demo,
        registry_version: 1,
        sfus,
    };
    let headers: Vec<BatchHeader> = batches.iter().map(chain::header).collect();
    settle(&setting, &headers, |wanted| batches.iter().find(|batch| batch.hash() == wanted.hash).cloned().ok_or(()))
        .unwrap()
}

fn params() -> Params {
    Params { active_min_bytes: 1, ..Params::demo() }
}

#[test]
fn an_empty_epoch_has_a_statement() {
    let settlement = settle_epoch(0, None, &[sfu(1)], &params(), &[]);
    assert_eq!((settlement.statement.pool, settlement.statement.batches.count), (0, 0));
    assert!(settlement.statement.payouts.is_empty());
    assert_eq!(settlement.statement.check(1, 1), Ok(()));
}

#[test]
fn bytes_become_bloom_at_the_base_rate() {
    let params = Params { peak_hours_utc: 0, high_quality_bps: 10_000, ..params() };
    let settlement = settle_epoch(0, None, &[sfu(1)], &params, &chain(1, &[vec![(1, 1, 0, 1_000_000)]]));
    assert_eq!(settlement.allocation.shares[0].amount, 1_000_000_000);
    assert_eq!(settlement.statement.batches.sum, 1_000_000);
    assert_eq!(settlement.statement.check(params.rate, params.epoch_cap), Ok(()));
    let proof = settlement.forest.proof(0).unwrap();
    let leaf =
        share_leaf(&DOMAIN, 0, 0, &settlement.cells.contributors[0].did_hash, &settlement.payees[0], 1_000_000_000);
    assert_eq!(verify_proof(Kind::Payouts, leaf, 0, proof.into_iter(), &settlement.statement.payouts[0]), Ok(()));
}

#[test]
fn capacity_cuts_in_order_and_stays_cut() {
    let small = Sfu { max_bytes_per_epoch: 150, ..sfu(1) };
    let receipts = vec![(1, 1, 0, 100), (1, 2, 0, 100), (1, 4, 0, 10)];
    let settlement = settle_epoch(0, None, &[small], &params(), &chain(1, &[receipts]));
    let verdicts = &settlement.batches[0].receipts.verdicts;
    let over = Some(radio_payouts_protocol::batch::ReceiptVerdict::SfuOverCapacity);
    assert_eq!(verdicts, &[None, over, over]);
    assert_eq!(settlement.statement.batches.sum, 100);
}

#[test]
fn each_receipt_verdict_is_given_in_its_order() {
    use radio_payouts_protocol::batch::ReceiptVerdict as V;
    let mut batch = chain(1, &[vec![(1, 1, 0, 100); 7]]).remove(0);
    batch.receipts[0].contributors[0].did = "nobody".into();
    batch.receipts[1].timestamp = batch.to + 1;
    batch.receipts[2].room_id = batch.receipts[0].room_id.clone();
    batch.receipts[3].contributors.clear();
    batch.receipts[4].recipients = 0;
    batch.receipts[5].timestamp = batch.from;
    let mut licensed = batch.receipts[6].clone();
    licensed.track_id = "licensed".into();
    batch.receipts.push(licensed);
    batch.tracks.push(Descriptor { rights: Rights::Licensed, track_id: "licensed".into(), ..batch.tracks[0].clone() });
    let settlement = settle_epoch(0, None, &[sfu(1)], &params(), &[batch]);
    assert_eq!(
        settlement.batches[0].receipts.verdicts,
        [
            Some(V::BadDid),
            Some(V::BadTime),
            Some(V::Duplicate),
            Some(V::NoContributors),
            Some(V::BytesOverBound),
            Some(V::BadTime),
            None,
            Some(V::Unlicensed)
        ]
    );
}

#[test]
fn consistency_counts_posted_epochs_this_one_included() {
    let params = Params { consistency_window_epochs: 3, consistency_min_epochs: 2, ..params() };
    let all: Vec<Batch> = chain(1, &vec![vec![(1, 1, 0, 1_000)]; 60]);
    let first = settle_epoch(0, None, &[sfu(1)], &params, &all[..30]);
    let parent = first.to_parent();
    let second = settle_epoch(1, Some(&parent), &[sfu(1)], &params, &all[30..]);
    let factors = |settlement: &Settlement| settlement.weights.effective[0] as f64 / 30_000.0;
    assert!(factors(&second) > factors(&first) * 1.19);
    assert_eq!(second.statement.parent, first.commitment);
    assert_eq!(second.history.get(&second.cells.contributors[0].did_hash).unwrap().activity, 0b11);
}

/// By SFU and batch: receipts as (track, contributor, role, bytes).
type Measured = Vec<Vec<Vec<(u8, u8, u8, u64)>>>;

fn epochs() -> impl Strategy<Value = Measured> {
    let receipt = (0u8..4, 1u8..12, 0u8..4, 0u64..5_000_000);
    prop::collection::vec(prop::collection::vec(prop::collection::vec(receipt, 0..6), 0..20), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn independent_of_input_order_partitioning_and_arrival(sfus in epochs(), seed: u64) {
        let mut batches: Vec<Batch> = (1u8..).zip(&sfus).flat_map(|(number, receipts)| chain(number, receipts)).collect();
        let registry: Vec<Sfu> = (1u8..).zip(&sfus).map(|(number, _)| sfu(number)).collect();
        let settlement = settle_epoch(0, None, &registry, &params(), &batches);
        // A shuffle by hash, another registry order, everything offered twice.
        batches.sort_by_key(|batch| sha256(&[&batch.hash(), &seed.to_le_bytes()]));
        let again = batches.clone();
        batches.extend(again);
        let mut reversed = registry.clone();
        reversed.reverse();
        prop_assert_eq!(settle_epoch(0, None, &reversed, &params(), &batches), settlement);
    }

    #[test]
    fn accepted_bytes_and_money_add_up(sfus in epochs()) {
        let batches: Vec<Batch> = (1u8..).zip(&sfus).flat_map(|(number, receipts)| chain(number, receipts)).collect();
        let registry: Vec<Sfu> = (1u8..).zip(&sfus).map(|(number, _)| sfu(number)).collect();
        let params = params();
        let settlement = settle_epoch(0, None, &registry, &params, &batches);
        let cells: u64 = settlement.cells.cells.iter().map(|cell| cell.bytes).sum();
        let tracks: u64 = settlement.cells.tracks.iter().map(|track| track.bytes).sum();
        let contributors: u64 = settlement.cells.contributors.iter().map(|one| one.bytes).sum();
        prop_assert_eq!([cells, tracks, contributors], [settlement.statement.batches.sum; 3]);
        prop_assert_eq!(settlement.statement.check(params.rate, params.epoch_cap), Ok(()));
        prop_assert_eq!(settlement.statement.payouts_sum().unwrap(), settlement.allocation.allocated);
        prop_assert!(settlement.cells.contributors.is_sorted_by(|a, b| a.did_hash < b.did_hash));
    }
}
