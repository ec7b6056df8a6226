//! Pool and cap: the two bounds of section 7 that the program checks as well as the settler.
//!
//! Both round down, in favour of the treasury; what rounding leaves is reported as `unallocated`.

/// Femto-BLOOM per base unit.
pub const FEMTO_PER_BASE_UNIT: u128 = 1_000_000;

/// `floor(bytes * rate / 10^6)` in base units: what `bytes` are worth at `rate` femto-BLOOM a byte.
#[must_use]
#[expect(
    clippy::integer_division,
    clippy::arithmetic_side_effects,
    reason = "the floor of section 7; u64 * u64 fits u128"
)]
pub fn pool_limit(bytes: u64, rate: u64) -> u128 {
    u128::from(bytes) * u128::from(rate) / FEMTO_PER_BASE_UNIT
}

/// `floor(pool * max_share_bps / 10^4)`: the most that one contributor may get of `pool`.
///
/// `max_share_bps` is at most 10_000 (section 9); a larger value yields the pool itself.
#[must_use]
#[expect(
    clippy::integer_division,
    clippy::arithmetic_side_effects,
    reason = "the floor of section 7; u64 * u32 fits u128"
)]
pub fn share_cap(pool: u64, max_share_bps: u32) -> u64 {
    let cap = u128::from(pool) * u128::from(max_share_bps) / 10_000;
    u64::try_from(cap).unwrap_or(pool).min(pool)
}

/// `max(least, floor(pool * bps / 10^4))` base units: the bond of a dispute about an epoch with this pool (section 9).
#[must_use]
pub fn dispute_bond(pool: u64, least: u64, bps: u16) -> u64 {
    share_cap(pool, u32::from(bps)).max(least)
}

#[cfg(feature = "native")]
pub use split::{Allocation, Division, MOST_LEAVES, NoLeaf, Share, literal_formula, raised_minimum, split};

/// Splitting a pool needs vectors and sorting, which the program does not.
#[cfg(feature = "native")]
mod split {
    use alloc::vec::Vec;

    use super::{pool_limit, share_cap};
    use crate::cells::Overflow;
    use crate::params::Params;
    use crate::tree::{MAX_TREES, TREE_CAPACITY};
    use crate::weights::Weights;

    /// Why a contributor has no leaf.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum NoLeaf {
        /// The amount is below `min_payout`.
        BelowMinimum,
        /// The amount is below the minimum that was raised because more than 12 * 2^20 leaves remained.
        BelowRaisedMinimum,
    }

    impl NoLeaf {
        /// The reason as it stands in artefacts.
        #[must_use]
        pub const fn as_str(self) -> &'static str {
            match self {
                Self::BelowMinimum => "below_minimum",
                Self::BelowRaisedMinimum => "below_raised_minimum",
            }
        }
    }

    /// One contributor's part of the pool, in base units.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Share {
        /// `floor(pool * effective / W)`.
        pub raw: u64,
        /// `min(raw, cap)`; paid only if there is a leaf.
        pub amount: u64,
        /// Why there is no leaf; `None` if there is one.
        pub no_leaf: Option<NoLeaf>,
    }

    /// The pool of an epoch and its parts.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Allocation {
        /// `min(floor(B * rate / 10^6), epoch_cap)`.
        pub pool: u64,
        /// `floor(pool * max_share_bps / 10^4)`.
        pub cap: u64,
        /// The minimum in force: `min_payout`, or more if too many leaves remained.
        pub minimum: u64,
        /// Shares in the order of the contributors.
        pub shares: Vec<Share>,
        /// Sum of the leaves' amounts.
        pub allocated: u64,
        /// `pool - allocated`: rounding, caps and small amounts. Nothing is minted for it.
        pub unallocated: u64,
    }

    /// Splits the pool of an epoch by effective bytes.
    ///
    /// Guarantees, each a property test of the same name: `parts_and_unallocated_add_up_to_the_pool`,
    /// `nobody_exceeds_the_cap`, `equal_weights_get_equal_amounts`, `more_weight_never_gets_less`,
    /// `no_weight_pays_nobody`.
    ///
    /// # Errors
    /// [`Overflow`], which no input within the bounds of section 9 can cause.
    pub fn split(params: &Params, weights: &Weights) -> Result<Allocation, Overflow> {
        split_within(params, weights, MOST_LEAVES)
    }

    /// Leaves that the payout trees have room for.
    pub const MOST_LEAVES: usize = MAX_TREES.saturating_mul(TREE_CAPACITY as usize);

    pub(super) fn split_within(params: &Params, weights: &Weights, most_leaves: usize) -> Result<Allocation, Overflow> {
        let mut division = Division::of(params, weights.paid_bytes, weights.total)?;
        let mut shares =
            weights.effective.iter().map(|effective| division.share(*effective)).collect::<Result<Vec<_>, _>>()?;
        let leaves = shares.iter().filter(|share| share.no_leaf.is_none());
        if leaves.clone().count() > most_leaves {
            division.minimum = raised_minimum(leaves.map(|share| share.amount).collect(), most_leaves)?;
            for share in &mut shares {
                share.no_leaf = division.reason(share.amount);
            }
        }
        let allocated = shares
            .iter()
            .filter(|share| share.no_leaf.is_none())
            .try_fold(0u64, |sum, share| sum.checked_add(share.amount))
            .ok_or(Overflow)?;
        let unallocated = division.pool.checked_sub(allocated).ok_or(Overflow)?;
        let Division { pool, cap, minimum, .. } = division;
        Ok(Allocation { pool, cap, minimum, shares, allocated, unallocated })
    }

    /// How a pool is divided: what [`split`] needs besides everybody's effective bytes.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Division {
        /// `min(floor(B * rate / 10^6), epoch_cap)`.
        pub pool: u64,
        /// `floor(pool * max_share_bps / 10^4)`.
        pub cap: u64,
        /// The minimum in force: `min_payout`, or that of [`raised_minimum`].
        pub minimum: u64,
        min_payout: u64,
        total: u64,
    }

    impl Division {
        /// Of the pool that `paid_bytes` (`B`) are worth, among effective bytes of `total` (`W`).
        ///
        /// # Errors
        /// [`Overflow`], which no input within the bounds of section 9 can cause.
        pub fn of(params: &Params, paid_bytes: u64, total: u64) -> Result<Self, Overflow> {
            let limit = pool_limit(paid_bytes, params.rate).min(u128::from(params.epoch_cap));
            let pool = u64::try_from(limit).map_err(|_| Overflow)?;
            let cap = share_cap(pool, params.max_share_bps);
            Ok(Self { pool, cap, minimum: params.min_payout, min_payout: params.min_payout, total })
        }

        /// The share of a contributor.
        ///
        /// # Errors
        /// As [`Division::of`].
        pub fn share(&self, effective: u64) -> Result<Share, Overflow> {
            let product = u128::from(self.pool).checked_mul(u128::from(effective)).ok_or(Overflow)?;
            // W = 0 means that every weight is 0.
            let quotient = product.checked_div(u128::from(self.total)).unwrap_or_default();
            let raw = u64::try_from(quotient).map_err(|_| Overflow)?;
            let amount = raw.min(self.cap);
            Ok(Share { raw, amount, no_leaf: self.reason(amount) })
        }

        /// Why an amount has no leaf.
        const fn reason(&self, amount: u64) -> Option<NoLeaf> {
            if amount < self.min_payout {
                Some(NoLeaf::BelowMinimum)
            } else if amount < self.minimum {
                Some(NoLeaf::BelowRaisedMinimum)
            } else {
                None
            }
        }
    }

    /// The least minimum that leaves at most `most_leaves` of these amounts, of which there are more.
    ///
    /// # Errors
    /// [`Overflow`] if there are not more.
    pub fn raised_minimum(mut amounts: Vec<u64>, most_leaves: usize) -> Result<u64, Overflow> {
        if amounts.len() <= most_leaves {
            return Err(Overflow);
        }
        // The largest amount that must go; everything equal to it goes too.
        let (_, largest, _) = amounts.select_nth_unstable_by(most_leaves, |a, b| b.cmp(a));
        largest.checked_add(1).ok_or(Overflow)
    }

    /// The seed's formula read literally: `floor(rate * effective / (10^6 * B))` base units, `None` if `B` is 0.
    ///
    /// Documented for comparison (section 7); it is not used for epochs.
    #[must_use]
    pub fn literal_formula(rate: u64, effective_bytes: u64, paid_bytes: u64) -> Option<u128> {
        let product = u128::from(rate).checked_mul(u128::from(effective_bytes))?;
        product.checked_div(u128::from(paid_bytes).checked_mul(super::FEMTO_PER_BASE_UNIT)?)
    }
}

#[cfg(all(test, feature = "native"))]
mod tests;
