//! Amounts for people: BLOOM with as many decimals as needed, never through floating point.
//!
//! One notation wherever a person gives an amount: `12.5` is BLOOM, `12500000000base` the same in base units, as JSON has
//! them. What is shown can be typed. A number alone is always BLOOM.

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

/// What follows a number of base units.
const SUFFIX: &str = "base";

/// An amount as base units: `12.5` (BLOOM) and `12500000000base` are both 12_500_000_000.
///
/// # Errors
/// If it is neither a number of BLOOM with at most nine decimals nor a whole number of base units, or if it is too large.
pub fn base_units(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!(
            "\"{text}\" is not an amount: give BLOOM, e.g. 1000 or 0.5, with at most nine decimals and at most {}, or base units, e.g. 500000000{SUFFIX}",
            bloom(u64::MAX)
        )
    };
    let plain = text.replace('_', "");
    if let Some(units) = plain.strip_suffix(SUFFIX) {
        let is_number = !units.is_empty() && units.bytes().all(|byte| byte.is_ascii_digit());
        return if is_number { units.parse().map_err(|_| wrong()) } else { Err(wrong()) };
    }
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(rest) || rest.len() > 9 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let rest: u64 = format!("{rest:0<9}").parse().map_err(|_| wrong())?;
    u64::try_from(u128::from(whole) * BASE_UNITS + u128::from(rest)).map_err(|_| wrong())
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
    fn an_amount_is_read_as_it_is_written() {
        for units in [0, 1, 500_000_000, 12_500_000_000, u64::MAX] {
            assert_eq!(base_units(&bloom(units)), Ok(units));
            assert_eq!(base_units(&format!("{units}base")), Ok(units));
        }
        assert_eq!(base_units("12_500_000_000base"), base_units("12.5"));
        assert_eq!(base_units("1_000"), Ok(1_000_000_000_000));
        for text in ["", ".", "1.", ".5", "-1", "1e3", "1.0000000001", "18446744073.709551616", "1,5", "+1", "١"] {
            assert!(base_units(text).is_err(), "{text}");
        }
        for text in ["base", "1.5base", "-1base", "+1base", "1 base", "1BASE", "1lamports", "18446744073709551616base"]
        {
            assert!(base_units(text).is_err(), "{text}");
        }
    }

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
