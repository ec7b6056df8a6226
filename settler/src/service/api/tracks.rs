//! `/api/v1/epochs/{epoch}/tracks`: what was measured of every track.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Decimal, sealed};
use crate::artefact::sfu_name;
use crate::service::App;
use crate::service::catalogue::read::Track;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, Paging, TWO, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};

/// A track of an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TrackView {
    /// The SFU's DID.
    pub sfu: String,
    /// The SFU's name for it.
    pub track_id: String,
    /// Accepted bytes.
    pub bytes: Decimal,
    /// Sum of recipients times window, in milliseconds.
    pub recipient_ms: String,
    /// Listening time in milliseconds.
    pub listener_ms: String,
    /// Measured bit rate.
    pub kbps: String,
    /// Fields of metadata that are present, of eight.
    pub metadata_fields: u32,
}

impl From<Track> for TrackView {
    fn from(track: Track) -> Self {
        Self {
            sfu: sfu_name(&track.sfu),
            track_id: track.track_id,
            bytes: Decimal(track.bytes),
            recipient_ms: track.recipient_ms,
            listener_ms: track.listener_ms,
            kbps: track.kbps,
            metadata_fields: track.metadata_fields,
        }
    }
}

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("tracks", "Tracks of an epoch, most bytes first", "epochs")
        .epoch()
        .query::<Paging>()
        .cursor(TWO);
    let operation = operation.answers::<Answer<Page<TrackView>>>().also(304, "Nothing has changed.");
    routes.get("/api/v1/epochs/{epoch}/tracks", operation, index)
}

async fn index(
    State(app): State<App>,
    InPath(epoch): InPath<String>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let after = cursor::<2>(paging.cursor.as_deref())?;
    let sealed = sealed(&app, &epoch)?;
    let id = sealed.id;
    let found = app.read(move |_, reader| Ok(reader.tracks(id, after, limit)?)).await?;
    let page = Page::of(found, limit, |last| to_cursor([last.bytes.cast_signed(), last.number]));
    let page = Page { items: page.items.into_iter().map(TrackView::from).collect(), next: page.next };
    let snapshot = app.snapshot()?;
    Answer::new(Standing::of(&snapshot, sealed.manifest.statement.epoch), &snapshot, page).respond(&headers)
}
