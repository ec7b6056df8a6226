use alloc::string::ToString as _;

use proptest::prelude::*;

use super::*;
use crate::batch::Contribution;
use crate::did::Did;

/// Noon, so that no hour is a peak one.
const NOON: u64 = 1_760_011_200_000;

fn receipt(track: &str, timestamp: u64, bytes: &[(&str, u64)]) -> BareReceipt {
    BareReceipt {
        room_id: "room".into(),
        track_id: track.into(),
        timestamp,
        contributors: bytes
            .iter()
            .map(|(did, bytes_out)| Contribution { bytes_out: *bytes_out, did: (*did).into(), role: None })
            .collect(),
        recipients: None,
        acks: None,
    }
}

fn shares(calculation: &Calculation) -> Vec<(&str, u64)> {
    calculation.shares.iter().map(|share| (share.did.as_str(), share.amount)).collect()
}

#[test]
fn the_key_is_one_that_an_sfu_could_have() {
    assert_eq!(Did::parse(&did_of_key(&SFU_KEY)).unwrap().ed25519_key(), Some(SFU_KEY));
}

#[test]
fn refuses_parameters_and_receipts_by_name() {
    let params = Params { rate: 0, ..Params::demo() };
    assert_eq!(calculate(&params, Vec::new()), Err(ParamsError::OutOfBounds("rate").into()));
    let bad = alloc::vec![receipt("a", NOON + 20_000, &[("did:web:a", 1)]), receipt("", NOON, &[("did:web:a", 1)])];
    let error = calculate(&Params::demo(), bad).unwrap_err();
    assert!(error.to_string().starts_with("receipts[1]: the receipt would break a limit"), "{error}");
    let zero = calculate(&Params::demo(), alloc::vec![receipt("a", 0, &[])]).unwrap_err();
    assert!(matches!(zero, CalculatorError::Receipt { position: 0, .. }), "{zero}");
}

#[test]
fn nothing_comes_to_nothing() {
    let nothing = calculate(&Params::demo(), Vec::new()).unwrap();
    assert_eq!((nothing.shares.len(), nothing.pool, nothing.unallocated), (0, 0, 0));
}

#[test]
fn at_multipliers_of_one_each_byte_earns_the_rate() {
    // 192 kbit/s measured, no metadata, few listeners, noon: every multiplier is 1.0.
    let receipts = alloc::vec![
        receipt("a", NOON, &[("did:web:b", 20_000), ("did:web:a", 10_000)]),
        receipt("b", NOON + 1, &[("did:web:c", 10_000)]),
    ];
    let calculation = calculate(&Params::demo(), receipts).unwrap();
    let millionth = 1_000;
    assert_eq!(
        shares(&calculation),
        [("did:web:b", 20_000 * millionth), ("did:web:a", 10_000 * millionth), ("did:web:c", 10_000 * millionth)]
    );
    assert_eq!((calculation.accepted_bytes, calculation.effective_bytes), (40_000, 40_000));
}

#[test]
fn what_does_not_count_is_told() {
    let receipts = alloc::vec![
        receipt("a", NOON, &[("did:web:a", 10_000), ("nobody", 10_000)]),
        receipt("b", NOON, &[("did:web:a", 10_000)]),
        receipt("c", NOON, &[("nobody", 7)]),
    ];
    let params = Params { min_payout: 10_000_001, ..Params::demo() };
    let calculation = calculate(&params, receipts).unwrap();
    assert_eq!(calculation.rejected, BTreeMap::from([(ReceiptVerdict::BadDid, 1)]));
    assert_eq!((calculation.left_out.len(), calculation.left_out[0].bytes), (1, 7));
    assert_eq!(shares(&calculation), []);
    assert_eq!(calculation.below_minimum, [ProvisionalShare { did: "did:web:a".into(), amount: 10_000_000 }]);
    assert_eq!(calculation.unallocated, calculation.pool);
}

#[test]
fn receipts_of_many_days_are_one_epoch() {
    let day = 86_400_000;
    let receipts = (0..9).map(|number| receipt("a", NOON + number * day, &[("did:web:a", 10_000)])).collect();
    let calculation = calculate(&Params::demo(), receipts).unwrap();
    assert_eq!(shares(&calculation), [("did:web:a", 90_000_000)]);
}

proptest! {
    #[test]
    fn the_order_of_windows_is_irrelevant(
        steps in prop::collection::vec((0u64..6, 0usize..3, 1u64..5_000_000), 1..30),
        turn in 0usize..30,
    ) {
        let dids = ["did:web:a", "did:web:b", "did:web:c"];
        let mut receipts: Vec<_> = steps
            .iter()
            .enumerate()
            .map(|(number, (window, did, bytes))| {
                receipt(&alloc::format!("{number}"), NOON + 1 + window * 10_000, &[(dids[*did], *bytes)])
            })
            .collect();
        let in_order = calculate(&Params::demo(), receipts.clone()).unwrap();
        let middle = turn % receipts.len();
        receipts.rotate_left(middle);
        prop_assert_eq!(calculate(&Params::demo(), receipts).unwrap(), in_order);
    }

    #[test]
    fn shares_and_unallocated_add_up_to_the_pool(
        steps in prop::collection::vec((0u64..100_000, 0usize..3, 0u64..50_000_000), 0..30),
        max_share_bps in 1u32..=10_000,
    ) {
        let dids = ["did:web:a", "did:web:b", "did:web:c"];
        let receipts = steps.iter().map(|(at, did, bytes)| receipt("a", NOON + at, &[(dids[*did], *bytes)])).collect();
        let calculation = calculate(&Params { max_share_bps, ..Params::demo() }, receipts).unwrap();
        let sum: u64 = calculation.shares.iter().map(|share| share.amount).sum();
        prop_assert_eq!(sum, calculation.allocated);
        prop_assert_eq!(sum + calculation.unallocated, calculation.pool);
        prop_assert!(calculation.shares.iter().all(|share| share.amount <= calculation.cap));
    }
}
