//! The operator's port: `/metrics`, and health beside it.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::App;
use super::http::guard::{RouteName, no_route};
use super::http::problem::Problem;

/// Routes of the operator's port.
pub fn router(app: App) -> Router {
    health(Router::new()).route("/metrics", get(metrics)).fallback(no_route).with_state(app)
}

/// `/livez` and `/readyz`, on both ports.
pub fn health(router: Router<App>) -> Router<App> {
    router.route("/livez", get(live)).route("/readyz", get(ready))
}

fn named(name: &'static str, mut response: Response) -> Response {
    response.extensions_mut().insert(RouteName(name));
    response
}

async fn live() -> Response {
    named("livez", (StatusCode::OK, "alive\n").into_response())
}

/// Ready means: batches can be taken in and questions be answered.
async fn ready(State(app): State<App>) -> Response {
    let reasons = app.not_ready();
    let response = if reasons.is_empty() {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        Problem {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: "not_ready",
            message: reasons.join("; "),
            retry_after: None,
        }
        .into_response()
    };
    named("readyz", response)
}

async fn metrics(State(app): State<App>) -> Response {
    let text = app.metrics.text();
    named("metrics", ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
