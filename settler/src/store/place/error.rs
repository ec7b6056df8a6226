//! Why an object cannot be read or written, and how that is found among the causes of an error.

use crate::store::StoreError;
use crate::store::cold::ColdError;
use crate::store::durable::FileError;

/// Why an object cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The store does not answer, or refuses.
    #[error("{url} cannot be used now: {why}; try again when it can be reached, with the credentials that it asks for")]
    Away {
        /// Of what.
        url: String,
        /// What was said.
        why: String,
    },
    /// There is no such object.
    #[error("{url} is not there; put it back where it was, or restore the file from a copy, then try again")]
    Missing {
        /// Of what.
        url: String,
    },
    /// The object is another one.
    #[error("{url} is not what was put there: {why}")]
    Changed {
        /// Of what.
        url: String,
        /// In what it differs.
        why: String,
    },
    /// No URL of a store.
    #[error("{url}: {why}")]
    Url {
        /// As given, without what may be a secret.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// This program was built without the store's kind.
    #[error(
        "{url}: this program was built without cloud storage; build it with `--features cloud`, or give a file:/// URL"
    )]
    NeedsCloud {
        /// As given.
        url: String,
    },
    /// A file on this machine.
    #[error(transparent)]
    File(#[from] FileError),
}

impl PlaceError {
    /// Whether the same may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::Missing { .. })
    }
}

/// What a store said, if that is among the causes of an error.
#[must_use]
pub fn cause(error: &anyhow::Error) -> Option<&PlaceError> {
    error.chain().find_map(|cause| {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        of(cause).or_else(|| inner.and_then(|inner| of(inner)))
    })
}

/// A transparent error hides the one in it from the chain.
fn of<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a PlaceError> {
    if let Some(place) = cause.downcast_ref() {
        return Some(place);
    }
    let cold = match cause.downcast_ref() {
        Some(StoreError::Place(place)) => return Some(place),
        Some(StoreError::Cold(cold)) => Some(cold),
        _ => cause.downcast_ref(),
    };
    match cold {
        Some(ColdError::Place(place)) => Some(place),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radio_payouts_engine::EngineError;

    #[test]
    fn what_a_store_said_is_found_among_causes() {
        let away = || PlaceError::Missing { url: "file:///away".into() };
        let plain = anyhow::Error::from(away()).context("one").context("two");
        let of_cold = anyhow::Error::from(ColdError::from(away()));
        let of_store = anyhow::Error::from(StoreError::from(ColdError::from(away()))).context("one");
        let of_file = anyhow::Error::from(std::io::Error::from(ColdError::from(away()))).context("one");
        let of_engine = anyhow::Error::from(EngineError::Kept(away().into()));
        let of_rows = anyhow::Error::from(StoreError::from(EngineError::Kept(away().into())));
        for error in [plain, of_cold, of_store, of_file, of_engine, of_rows] {
            assert!(cause(&error).is_some_and(PlaceError::is_temporary), "{error:#}");
        }
        assert!(cause(&anyhow::anyhow!("none")).is_none());
    }
}
