//! The form of every answer of the API: how sure it is, as of which slot, and the data.
//!
//! The entity tag covers the data and how sure it is, not the slot: a page that asks again learns with 304 that nothing has
//! changed, and from the headers as of which slot that is true.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use radio_payouts_protocol::hash::sha256;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use crate::service::chain::Snapshot;

/// How sure an answer is: that of the least sure thing in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Computed over an epoch that is not sealed: it has no proof and changes with every batch.
    Estimate,
    /// Sealed or posted, and not ratified; or of a deployment whose parameters are not Live.
    Provisional,
    /// Ratified on chain.
    Ratified,
}

impl Standing {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Estimate => "estimate",
            Self::Provisional => "provisional",
            Self::Ratified => "ratified",
        }
    }

    /// Ratified if so, provisional if not.
    #[must_use]
    pub const fn ratified_if(ratified: bool) -> Self {
        if ratified { Self::Ratified } else { Self::Provisional }
    }

    /// That of an epoch, by the chain.
    #[must_use]
    pub fn of(snapshot: &Snapshot, epoch: u64) -> Self {
        Self::ratified_if(snapshot.is_ratified(epoch))
    }
}

/// The moment of the chain that an answer is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct AsOf {
    /// The slot.
    #[serde(with = "radio_payouts_protocol::json")]
    #[schemars(with = "String")]
    pub slot: u64,
    /// The chain's clock there, in Unix seconds.
    pub unix_timestamp: i64,
}

impl From<&Snapshot> for AsOf {
    fn from(snapshot: &Snapshot) -> Self {
        Self { slot: snapshot.view.slot, unix_timestamp: snapshot.view.now }
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Answer<T> {
    /// How sure it is.
    pub standing: Standing,
    /// As of which moment of the chain.
    pub as_of: AsOf,
    /// What was asked for.
    pub data: T,
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; none on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The first `limit` of `items`, which has one more if there is a next page; `cursor` of the last one on this.
    #[must_use]
    pub fn of(mut items: Vec<T>, limit: usize, cursor: impl FnOnce(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

impl<T: Serialize> Answer<T> {
    /// An answer as of a snapshot.
    #[must_use]
    pub fn new(standing: Standing, snapshot: &Snapshot, data: T) -> Self {
        Self { standing, as_of: snapshot.into(), data }
    }

    /// The response to a request with these headers: whole, or 304 if the client has it.
    ///
    /// # Errors
    /// If the data cannot be serialised.
    pub fn respond(&self, request: &HeaderMap) -> Result<Response, Problem> {
        let data = serde_json::to_vec(&self.data).map_err(|error| Problem::internal(&error.into()))?;
        let hash = sha256(&[self.standing.as_str().as_bytes(), b"\n", &data]);
        let tag = format!("W/\"{}\"", hex::encode(hash.get(..16).unwrap_or_default()));
        let mut response = if has_tag(request, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let head = serde_json::to_string(&self.as_of).map_err(|error| Problem::internal(&error.into()))?;
            let mut body =
                format!("{{\"standing\":\"{}\",\"as_of\":{head},\"data\":", self.standing.as_str()).into_bytes();
            body.extend_from_slice(&data);
            body.push(b'}');
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, value(&tag));
        // A page may keep it and must ask again.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert("radio-payouts-standing", value(self.standing.as_str()));
        headers.insert("radio-payouts-slot", HeaderValue::from(self.as_of.slot));
        Ok(response)
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether `If-None-Match` names this entity tag, by the weak comparison of RFC 9110.
#[must_use]
pub fn has_tag(request: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let given = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|list| list.split(',')).any(|given| given.trim() == "*" || opaque(given) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let mut headers = HeaderMap::new();
        assert!(!has_tag(&headers, "W/\"a\""));
        for (given, matches) in
            [("\"a\"", true), ("W/\"a\"", true), ("\"b\", W/\"a\"", true), ("\"b\"", false), ("*", true)]
        {
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(given));
            assert_eq!(has_tag(&headers, "W/\"a\""), matches, "{given}");
        }
    }

    #[test]
    fn a_page_names_the_next_only_if_there_is_one() {
        assert_eq!(Page::of(vec![1, 2, 3], 2, ToString::to_string), Page { items: vec![1, 2], next: Some("2".into()) });
        assert_eq!(Page::of(vec![1, 2], 2, ToString::to_string), Page { items: vec![1, 2], next: None });
    }
}
