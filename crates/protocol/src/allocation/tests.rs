use super::*;
use crate::params::Params;
use crate::weights::Weights;
use alloc::vec::Vec;
use proptest::prelude::*;

fn weights(effective: Vec<u64>, paid_bytes: u64) -> Weights {
    let total = effective.iter().sum();
    Weights { effective, paid_bytes, total }
}

fn cases() -> impl Strategy<Value = (Params, Weights)> {
    let params = (1u64..2_000_000_000_000, 0u64..1 << 60, 1u32..=10_000, 1u64..1_000_000).prop_map(
        |(rate, epoch_cap, max_share_bps, min_payout)| Params {
            rate,
            epoch_cap,
            max_share_bps,
            min_payout,
            ..Params::demo()
        },
    );
    let effective = prop::collection::vec(prop_oneof![Just(0), 0u64..1 << 20, 0u64..1 << 56], 0..40);
    (params, effective, 0u64..1 << 57).prop_map(|(params, effective, paid)| (params, weights(effective, paid)))
}

proptest! {
    #[test]
    fn parts_and_unallocated_add_up_to_the_pool((params, weights) in cases()) {
        let allocation = split(&params, &weights).unwrap();
        let paid: u64 = allocation.shares.iter().filter(|share| share.no_leaf.is_none()).map(|share| share.amount).sum();
        prop_assert_eq!(paid, allocation.allocated);
        prop_assert_eq!(paid + allocation.unallocated, allocation.pool);
        prop_assert!(allocation.pool <= params.epoch_cap);
        prop_assert!(u128::from(allocation.pool) <= pool_limit(weights.paid_bytes, params.rate));
    }

    #[test]
    fn nobody_exceeds_the_cap((params, weights) in cases()) {
        let allocation = split(&params, &weights).unwrap();
        for share in &allocation.shares {
            prop_assert!(share.amount <= allocation.cap);
            prop_assert!(u128::from(share.amount) * 10_000 <= u128::from(allocation.pool) * u128::from(params.max_share_bps));
        }
    }

    #[test]
    fn equal_weights_get_equal_amounts((params, weights) in cases()) {
        let shares = split(&params, &weights).unwrap().shares;
        for (i, a) in weights.effective.iter().enumerate() {
            for (j, b) in weights.effective.iter().enumerate() {
                if a == b {
                    prop_assert_eq!(shares[i], shares[j]);
                }
            }
        }
    }

    #[test]
    fn more_weight_never_gets_less((params, weights) in cases()) {
        let shares = split(&params, &weights).unwrap().shares;
        let mut pairs: Vec<_> = weights.effective.iter().zip(&shares).collect();
        pairs.sort_by_key(|(effective, _)| **effective);
        for pair in pairs.windows(2) {
            prop_assert!(pair[0].1.amount <= pair[1].1.amount);
        }
    }

    #[test]
    fn no_weight_pays_nobody(params in cases().prop_map(|(params, _)| params), count in 0usize..10, paid in 0u64..1 << 57) {
        let allocation = split(&params, &weights(alloc::vec![0; count], paid)).unwrap();
        prop_assert_eq!(allocation.allocated, 0);
        prop_assert_eq!(allocation.unallocated, allocation.pool);
    }

    #[test]
    fn a_raised_minimum_leaves_at_most_so_many_and_is_the_least((params, weights) in cases(), most in 1usize..20) {
        let free = split(&params, &weights).unwrap();
        let raised = super::split::split_within(&params, &weights, most).unwrap();
        let leaves = |minimum: u64| free.shares.iter().filter(|share| share.amount >= minimum).count();
        prop_assert!(leaves(raised.minimum) <= most);
        if raised.minimum > params.min_payout {
            prop_assert!(leaves(raised.minimum - 1) > most);
        }
        prop_assert_eq!(raised.shares.iter().filter(|share| share.no_leaf.is_none()).count(), leaves(raised.minimum));
    }
}

#[test]
fn at_multipliers_of_one_each_byte_earns_the_base_rate() {
    let params = Params::demo();
    let weights = weights(alloc::vec![1_000_000, 3_000_000], 4_000_000);
    let allocation = split(&params, &weights).unwrap();
    // 10^9 femto-BLOOM a byte are 1_000 base units a byte.
    assert_eq!(allocation.shares.iter().map(|share| share.amount).collect::<Vec<_>>(), [1_000_000_000, 3_000_000_000]);
    assert_eq!(allocation.unallocated, 0);
}

#[test]
fn the_literal_formula_floors_and_needs_bytes() {
    assert_eq!(literal_formula(1_000_000_000, 1_500, 1_000), Some(1_500));
    assert_eq!(literal_formula(1, 1, 0), None);
}

#[test]
fn a_dispute_bond_is_floored_and_never_below_the_least() {
    assert_eq!(dispute_bond(0, 100, 100), 100);
    assert_eq!(dispute_bond(10_099, 100, 100), 100);
    assert_eq!(dispute_bond(10_199, 100, 100), 101);
    assert_eq!(dispute_bond(u64::MAX, 0, 10_000), u64::MAX);
}
