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
