//! Amounts for people: BLOOM with as many decimals as needed, never through floating point.

/// Base units of one BLOOM.
const BASE_UNITS: u128 = 1_000_000_000;

/// Base units as BLOOM.
#[must_use]
pub fn bloom(base_units: u64) -> String {
    signed_bloom(base_units.into())
}

/// Base units as BLOOM, for sums and differences.
#[must_use]
pub fn signed_bloom(base_units: i128) -> String {
    let sign = if base_units < 0 { "-" } else { "" };
    let (whole, rest) = (base_units.unsigned_abs() / BASE_UNITS, base_units.unsigned_abs() % BASE_UNITS);
    let decimals = format!("{rest:09}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

/// Basis points as a factor.
#[must_use]
pub fn factor(bps: u32) -> String {
    let (whole, rest) = (bps / 10_000, bps % 10_000);
    let rest = format!("{rest:04}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{whole}.0") } else { format!("{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_factors_are_exact() {
        assert_eq!(bloom(0), "0");
        assert_eq!(bloom(1), "0.000000001");
        assert_eq!(bloom(12_500_000_000), "12.5");
        assert_eq!(bloom(u64::MAX), "18446744073.709551615");
        assert_eq!(signed_bloom(-1_500_000_000), "-1.5");
        assert_eq!(signed_bloom(i128::from(u64::MAX) * 4), "73786976294.83820646");
        assert_eq!((factor(10_000), factor(15_000), factor(12_345)), ("1.0".into(), "1.5".into(), "1.2345".into()));
    }
}
