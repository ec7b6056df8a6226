//! Answers that say no: a status, a word for programs, a sentence for people.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::refusals::Refused;
use crate::store::place::{self, PlaceError};

/// Why a request was not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// A word for programs.
    pub error: &'static str,
    /// A sentence for people.
    pub message: String,
    /// After how many seconds the same may succeed.
    pub retry_after: Option<u32>,
}

/// The body of every answer that says no.
#[derive(Serialize, JsonSchema)]
pub struct ProblemBody<'a> {
    /// A word for programs.
    pub error: &'a str,
    /// A sentence for people.
    pub message: &'a str,
}

impl Problem {
    /// A problem of a given status.
    #[must_use]
    pub fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), retry_after: None }
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The request says something that makes no sense.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// Too much to do, or not ready yet.
    #[must_use]
    pub fn away(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "try_later", message).retry(2)
    }

    /// A fault of ours: it is logged, the client learns no more than that.
    #[must_use]
    pub fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something failed here; the operator's log says what")
    }

    /// With a time after which the same may succeed.
    #[must_use]
    pub fn retry(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        if place::cause(&error).is_some_and(PlaceError::is_temporary) {
            tracing::warn!(error = format!("{error:#}"), "archived batches cannot be read now");
            return Self::away("these batches are archived, and the archive cannot be reached now").retry(60);
        }
        Self::internal(&error)
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(&error.into())
    }
}

impl From<crate::store::StoreError> for Problem {
    fn from(error: crate::store::StoreError) -> Self {
        Self::from(anyhow::Error::from(error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody { error: self.error, message: &self.message };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        response.extensions_mut().insert(Refused(self.error));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
