//! Amounts for people: BLOOM with as many decimals as needed, never through floating point.

/// Base units of one BLOOM.
const BASE_UNITS: u64 = 1_000_000_000;

/// Base units as BLOOM.
#[must_use]
pub fn bloom(base_units: u64) -> String {
    let (whole, rest) = (base_units / BASE_UNITS, base_units % BASE_UNITS);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:09}").trim_end_matches('0'))
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
        assert_eq!((factor(10_000), factor(15_000), factor(12_345)), ("1.0".into(), "1.5".into(), "1.2345".into()));
    }
}
