//! Parameters as they are typed and shown: `NAME=NUMBER`.
//!
//! Numbers are those of section 9. Two parameters are amounts, and take and show BLOOM like every other amount
//! ([`super::amount`]); in JSON and on chain they are base units.

use radio_payouts_protocol::params::Params;

use super::amount::{base_units, bloom};

/// Parameters that are amounts of BLOOM.
const AMOUNTS: [&str; 2] = ["epoch_cap", "min_payout"];

/// Reads `NAME=NUMBER`: the name and the number that the program takes, base units where it is an amount.
///
/// # Errors
/// If it is not of that form, or there is no such parameter.
pub fn parameter(text: &str) -> Result<(String, u64), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=NUMBER")?;
    if !Params::FIELDS.contains(&name) {
        return Err(format!("there is no parameter \"{name}\"; there are {}", Params::FIELDS.join(", ")));
    }
    let number = if AMOUNTS.contains(&name) {
        base_units(value)?
    } else {
        value.replace('_', "").parse().map_err(|_| format!("\"{value}\" is not a whole number"))?
    };
    Ok((name.to_owned(), number))
}

/// A parameter's number as it is typed.
#[must_use]
pub fn number(name: &str, value: u64) -> String {
    if AMOUNTS.contains(&name) { bloom(value) } else { value.to_string() }
}

/// `NAME=NUMBER` as it is typed.
#[must_use]
pub fn assignment(name: &str, value: u64) -> String {
    format!("{name}={}", number(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed() {
        for name in Params::FIELDS {
            for value in [0, 1, 12_500_000_000, u64::MAX] {
                assert_eq!(parameter(&assignment(name, value)), Ok(((*name).to_owned(), value)));
            }
        }
        assert_eq!(assignment("epoch_cap", 1_000_000_000_000_000), "epoch_cap=1000000");
        assert_eq!(assignment("rate", 1_000_000_000), "rate=1000000000");
    }

    #[test]
    fn parameters_are_checked() {
        assert_eq!(parameter("rate=1_000"), Ok(("rate".into(), 1_000)));
        assert_eq!(parameter("min_payout=0.5"), Ok(("min_payout".into(), 500_000_000)));
        assert_eq!(parameter("min_payout=7base"), Ok(("min_payout".into(), 7)));
        for text in ["rate", "rate=", "rate=-1", "rate=1.5", "rate=1base", "rat=1", "=1", "epoch_cap=", "epoch_cap=1e6"]
        {
            assert!(parameter(text).is_err(), "{text}");
        }
        // The base units of the demo value, given as BLOOM.
        assert!(parameter("epoch_cap=1000000000000000").unwrap_err().contains("at most 18446744073.709551615"));
    }
}
