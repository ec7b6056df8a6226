//! `/api/v1/status`: how this service is doing. It is answered also while the chain is away.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::Decimal;
use crate::service::App;
use crate::service::http::answer::{AsOf, Standing};
use crate::service::http::problem::Problem;
use crate::service::openapi::{Operation, Routes};

/// The chain, as far as it was reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ChainView {
    /// Where it is read: an address without secrets, or a file.
    pub describe: String,
    /// The slot read last; none if the chain was never reached.
    pub slot: Option<Decimal>,
    /// The chain's clock there, in Unix seconds.
    pub unix_timestamp: Option<i64>,
    /// Seconds since then.
    pub read_seconds_ago: Option<u64>,
    /// The running epoch; none before the calendar begins.
    pub running_epoch: Option<Decimal>,
    /// The last epoch posted.
    pub head_epoch: Option<Decimal>,
    /// Epochs that ended and are not posted; none while nothing was ever posted.
    pub lag_epochs: Option<Decimal>,
}

/// The running estimate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct EstimateStatus {
    /// Whether estimates are made here (the demo flag).
    pub allowed: bool,
    /// The epoch estimated; none while there is no estimate.
    pub epoch: Option<Decimal>,
    /// Seconds since it was made or found unchanged.
    pub seconds_ago: Option<u64>,
}

/// Sealed epochs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct CatalogueStatus {
    /// Sealed epochs that can be asked about.
    pub sealed_epochs: u64,
    /// The last of them.
    pub last_epoch: Option<Decimal>,
}

/// How this service is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct StatusView {
    /// Version of the settler.
    pub version: &'static str,
    /// When it was started, in Unix seconds of its machine.
    pub started_unix: i64,
    /// Whether batches can be taken in and questions be answered: that of `/readyz`.
    pub ready: bool,
    /// Why not.
    pub not_ready: Vec<&'static str>,
    /// The chain.
    pub chain: ChainView,
    /// The running estimate.
    pub estimate: EstimateStatus,
    /// Sealed epochs.
    pub catalogue: CatalogueStatus,
    /// Whether it also settles what is due.
    pub settling: bool,
    /// did:key with which it signs acknowledgements.
    pub receiver: String,
}

/// An answer that has no moment of the chain while that is away.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct StatusAnswer {
    /// `provisional`: nothing of it is on chain.
    pub standing: Standing,
    /// The moment of the chain read last; none if it was never reached.
    pub as_of: Option<AsOf>,
    /// How this service is doing.
    pub data: StatusView,
}

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("status", "How this service is doing", "service");
    let operation = operation.describe("Answered also while the chain is away, and never from a cache.");
    routes.get("/api/v1/status", operation.answers::<StatusAnswer>(), show)
}

async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let snapshot = app.chain.borrow().clone();
    let estimated = app.estimate.borrow().clone();
    let running = snapshot.as_ref().and_then(|snapshot| snapshot.running_epoch());
    let head = snapshot.as_ref().and_then(|snapshot| snapshot.view.config.chain.head).map(|head| head.epoch);
    let sealed = app.catalogue.sealed();
    let not_ready = app.not_ready();
    let data = StatusView {
        version: env!("CARGO_PKG_VERSION"),
        started_unix: app.started.as_second(),
        ready: not_ready.is_empty(),
        not_ready,
        chain: ChainView {
            describe: app.options.chain_name.clone(),
            slot: snapshot.as_ref().map(|snapshot| Decimal(snapshot.view.slot)),
            unix_timestamp: snapshot.as_ref().map(|snapshot| snapshot.view.now),
            read_seconds_ago: snapshot.as_ref().map(|snapshot| snapshot.age().as_secs()),
            running_epoch: running.map(Decimal),
            head_epoch: head.map(Decimal),
            lag_epochs: head.map(|head| Decimal(running.unwrap_or_default().saturating_sub(head.saturating_add(1)))),
        },
        estimate: EstimateStatus {
            allowed: app.options.estimates,
            epoch: estimated.as_ref().map(|estimated| Decimal(estimated.summary.epoch)),
            seconds_ago: estimated.as_ref().map(|estimated| estimated.made_at.elapsed().as_secs()),
        },
        catalogue: CatalogueStatus {
            sealed_epochs: sealed.len() as u64,
            last_epoch: sealed.last().map(|sealed| Decimal(sealed.manifest.statement.epoch)),
        },
        settling: app.options.settles,
        receiver: app.acknowledger.receiver().to_owned(),
    };
    let as_of = snapshot.as_deref().map(AsOf::from);
    let answer = StatusAnswer { standing: Standing::Provisional, as_of, data };
    let body = serde_json::to_vec(&answer).map_err(|error| Problem::internal(&error.into()))?;
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response())
}
