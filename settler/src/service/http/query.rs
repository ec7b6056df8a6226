//! Parameters in path and query, read strictly: what is not understood is refused, not passed over.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Items of a page unless asked otherwise.
const PAGE: usize = 50;
/// Most items of a page.
const LARGEST_PAGE: usize = 1_000;

/// The form of a cursor of one number.
pub const ONE: &str = r"^-?[0-9]{1,18}$";
/// The form of a cursor of two numbers.
pub const TWO: &str = r"^-?[0-9]{1,18}\.-?[0-9]{1,18}$";
/// The form of a cursor that is a key.
pub const KEY: &str = "^[0-9a-f]{64}$";

/// Parameters of the path.
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(value) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::bad_request(format!("the path: {}", rejection.body_text())))?;
        Ok(Self(value))
    }
}

/// Parameters of the query.
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let value =
            serde_urlencoded::from_str(query).map_err(|error| Problem::bad_request(format!("the query: {error}")))?;
        Ok(Self(value))
    }
}

/// Which page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Most items, 1 to 1000; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// `next` of the page before; absent for the first.
    pub cursor: Option<String>,
}

/// The limit asked for, within bounds.
///
/// # Errors
/// 400 for one out of bounds.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(PAGE) {
        limit @ 1..=LARGEST_PAGE => Ok(limit),
        limit => Err(Problem::bad_request(format!("limit is {limit}: 1 to {LARGEST_PAGE} are possible"))),
    }
}

/// A cursor of so many numbers.
///
/// # Errors
/// 400 for one that was not given out here.
pub fn cursor<const N: usize>(cursor: Option<&str>) -> Result<Option<[i64; N]>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    let numbers: Option<Vec<i64>> = text.split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
    numbers.map(Some).ok_or_else(|| Problem::bad_request("cursor: give the `next` of the page before"))
}

/// A cursor that is a key.
///
/// # Errors
/// 400 for one that was not given out here.
pub fn key_cursor(cursor: Option<&str>) -> Result<Option<[u8; 32]>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    let mut key = [0; 32];
    let read = hex::decode_to_slice(text, &mut key);
    read.map(|()| Some(key)).map_err(|_| Problem::bad_request("cursor: give the `next` of the page before"))
}

/// The cursor of these numbers.
#[must_use]
pub fn to_cursor<const N: usize>(numbers: [i64; N]) -> String {
    numbers.map(|number| number.to_string()).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_are_refused() {
        let given = to_cursor([5, -7]);
        assert_eq!(cursor(Some(&given)).unwrap(), Some([5, -7]));
        assert_eq!(cursor::<2>(None).unwrap(), None);
        for text in ["", "5", "5.x", "1.2.3", "1..2"] {
            assert!(cursor::<2>(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_have_bounds() {
        assert_eq!(limit(None).unwrap(), PAGE);
        assert_eq!(limit(Some(1_000)).unwrap(), 1_000);
        assert!(limit(Some(0)).is_err() && limit(Some(1_001)).is_err());
    }
}
