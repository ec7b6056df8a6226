//! How much stake a vote needs (section 11).
//!
//! A share of the base (supply − vault − treasury at a proposal's creation) rounds up: what falls short of the exact share
//! by a fraction of a base unit does not reach it.

/// `ceil(base * bps / 10^4)`: the least stake that is at least `bps` of `base`.
///
/// `bps` is at most 10_000 (section 9); a larger value yields the base itself. The result is at most `base`, so full
/// participation reaches every quorum.
#[must_use]
#[expect(clippy::arithmetic_side_effects, reason = "u64 * u16 fits u128")]
pub fn votes_needed(base: u64, bps: u16) -> u64 {
    let needed = (u128::from(base) * u128::from(bps)).div_ceil(10_000);
    u64::try_from(needed).unwrap_or(base).min(base)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::votes_needed;

    #[test]
    fn rounds_up() {
        assert_eq!(votes_needed(10_000, 500), 500);
        assert_eq!(votes_needed(10_001, 500), 501);
        assert_eq!(votes_needed(1, 1), 1);
        assert_eq!((votes_needed(0, 500), votes_needed(u64::MAX, 0)), (0, 0));
        assert_eq!(votes_needed(u64::MAX, 10_000), u64::MAX);
        assert_eq!(votes_needed(7, u16::MAX), 7);
    }

    proptest! {
        #[test]
        fn it_is_the_least_stake_that_reaches_the_share(base: u64, bps in 0u16..=10_000) {
            let needed = votes_needed(base, bps);
            let reaches = |stake: u64| u128::from(stake) * 10_000 >= u128::from(base) * u128::from(bps);
            prop_assert!(needed <= base && reaches(needed));
            prop_assert!(needed == 0 || !reaches(needed - 1));
        }
    }
}
