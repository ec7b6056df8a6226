//! `/api/v1/estimate`: what the running epoch would come to, once, or as events every few seconds.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::Decimal;
use crate::artefact::payout::Payout;
use crate::service::estimator::Estimated;
use crate::service::http::answer::{Answer, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InQuery, limit};
use crate::service::openapi::{Operation, Routes};
use crate::service::{App, Stop};

/// How much of an estimate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HowMuch {
    /// Most contributors to list, 1 to 1000, the highest; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// Only this contributor.
    pub did: Option<String>,
}

/// What an epoch that is not sealed would come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct EstimateView {
    /// The epoch.
    pub epoch: Decimal,
    /// Unix seconds at which it ends.
    pub end_unix: Option<i64>,
    /// Batches that count so far.
    pub batches: usize,
    /// Bytes that count so far.
    pub bytes: Decimal,
    /// Base units that would be split.
    pub pool_base_units: Decimal,
    /// Contributors so far.
    pub contributors: usize,
    /// Contributors, highest first.
    pub payouts: Vec<Payout>,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let once = Operation::new("estimate", "What the running epoch would come to", "estimate")
        .describe("The same computation as a settlement, over what is held now. It has no proof and changes with every batch.")
        .query::<HowMuch>()
        .answers::<Answer<EstimateView>>()
        .also(304, "Nothing has changed.")
        .refusals(&[403]);
    let events =
        Operation::new("estimate_events", "The estimate as server-sent events, every five seconds", "estimate")
            .describe("Each event is named `estimate`; its data is the answer of /api/v1/estimate on one line.")
            .query::<HowMuch>()
            .media(&["text/event-stream"])
            .refusals(&[403]);
    routes.get("/api/v1/estimate", once, show).get("/api/v1/estimate/events", events, follow)
}

fn allowed(app: &App) -> Result<(), Problem> {
    if app.options.estimates {
        return Ok(());
    }
    let message = "estimates are off here: the operator has not set radio_payouts_demo";
    Err(Problem::new(StatusCode::FORBIDDEN, "estimates_off", message))
}

fn view(estimated: &Estimated, how: &HowMuch, limit: usize) -> Answer<EstimateView> {
    let summary = &estimated.summary;
    let payouts = match &how.did {
        Some(did) => estimated.of(did).cloned().into_iter().collect(),
        None => summary.payouts.iter().take(limit).cloned().collect(),
    };
    let calendar = estimated.snapshot.view.deployment().calendar().ok();
    let data = EstimateView {
        epoch: Decimal(summary.epoch),
        end_unix: calendar.and_then(|calendar| calendar.end_unix(summary.epoch)),
        batches: summary.batches,
        bytes: Decimal(summary.bytes),
        pool_base_units: Decimal(summary.pool_base_units),
        contributors: summary.contributors,
        payouts,
    };
    Answer::new(Standing::Estimate, &estimated.snapshot, data)
}

async fn show(State(app): State<App>, InQuery(how): InQuery<HowMuch>, headers: HeaderMap) -> Result<Response, Problem> {
    allowed(&app)?;
    let limit = limit(how.limit)?;
    let estimated = app.estimate.borrow().clone();
    let estimated =
        estimated.ok_or_else(|| Problem::away("there is no estimate yet; nothing is held, or the chain is away"))?;
    view(&estimated, &how, limit).respond(&headers)
}

/// What a stream of events goes along with.
struct Following {
    estimates: watch::Receiver<Option<Arc<Estimated>>>,
    stop: Stop,
    how: HowMuch,
    limit: usize,
    _place: OwnedSemaphorePermit,
}

async fn follow(State(app): State<App>, InQuery(how): InQuery<HowMuch>) -> Result<Response, Problem> {
    allowed(&app)?;
    let limit = limit(how.limit)?;
    let place = app.streams.clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::away("as many event streams are open as there is room for").retry(10))?;
    let mut estimates = app.estimate.clone();
    // What there is now comes at once.
    estimates.mark_changed();
    let following = Following { estimates, stop: app.stop.clone(), how, limit, _place: place };
    let events = stream::unfold(following, |mut following| async move {
        let event = next(&mut following).await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, Body::from_stream(events)).into_response())
}

/// The next event; a comment where there is no estimate, so that a connection that is gone is noticed.
async fn next(following: &mut Following) -> Option<String> {
    let changed = tokio::select! {
        changed = following.estimates.changed() => changed,
        () = following.stop.pulled() => return None,
    };
    changed.ok()?;
    let estimated = following.estimates.borrow_and_update().clone();
    let Some(estimated) = estimated else { return Some(": no estimate now\n\n".to_owned()) };
    let answer = view(&estimated, &following.how, following.limit);
    let data = serde_json::to_string(&answer).ok()?;
    Some(format!("event: estimate\nid: {}\ndata: {data}\n\n", answer.as_of.slot))
}
