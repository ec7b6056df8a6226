//! What a custom error code means.

use radio_payouts::error::PayoutsError;

/// The program's error with this custom code (6000 and up).
///
/// Returns `None` for codes of Anchor, of other programs, and of later versions of this one.
#[must_use]
pub fn payouts_error(code: u32) -> Option<PayoutsError> {
    PayoutsError::ALL.iter().copied().find(|error| u32::from(*error) == code)
}

/// Name and message of a custom error code, for people: `("Paused", "The program is paused")`.
#[must_use]
pub fn describe(code: u32) -> Option<(String, String)> {
    payouts_error(code).map(|error| (error.name(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_error_and_has_a_message() {
        for error in PayoutsError::ALL {
            let code = u32::from(*error);
            assert_eq!(payouts_error(code), Some(*error));
            let (name, message) = describe(code).unwrap();
            assert_eq!(name, format!("{error:?}"));
            assert!(message.len() > 10, "{name}");
        }
        assert_eq!(describe(5_999), None);
    }
}
