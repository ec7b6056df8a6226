//! What every request passes before and after its route: whose name it asks for, how often, from which page; and that a
//! fault in one route is an answer, not the end of the service.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::problem::Problem;
use super::rate::Turn;
use super::refusals::Refused;
use crate::service::App;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);

/// The name of the route that answered, for counting: paths are without number, routes are few.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteName(pub &'static str);

/// Answers one request.
pub async fn answer(app: &App, router: &Router, connection: IpAddr, mut request: Request<Incoming>) -> Response {
    let started = Instant::now();
    let peer = peer(app, connection, request.headers());
    request.extensions_mut().insert(Peer(peer));
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = match admit(app, peer, &request) {
        Err(problem) => problem.into_response(),
        Ok(()) if is_api && request.method() == Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => {
            let routed = AssertUnwindSafe(TowerToHyperService::new(router.clone()).call(request)).catch_unwind().await;
            match routed {
                Ok(Ok(response)) => {
                    if let Some(Refused(reason)) = refusal(&response) {
                        app.refuse(reason, peer);
                    }
                    response
                }
                Ok(Err(never)) => match never {},
                // What panicked is in the log already.
                Err(_) => Problem::internal(&anyhow::anyhow!("a handler panicked")).into_response(),
            }
        }
    };
    if is_api {
        allow_pages(response.headers_mut());
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let RouteName(route) = response.extensions().get().copied().unwrap_or(RouteName("none"));
    app.metrics.count("http_requests_total", &[("route", route), ("status", response.status().as_str())], 1);
    app.metrics.observe("http_request_seconds", &[("route", route)], started.elapsed());
    response
}

/// Whether an answer refuses what no honest client sends, or not so much of it; what is only not there is no refusal.
fn refusal(response: &Response) -> Option<Refused> {
    let refuses = matches!(response.status().as_u16(), 400 | 405 | 408 | 413 | 415);
    response.extensions().get().copied().filter(|_| refuses)
}

/// The address that asks: behind a proxy, the one that the proxy saw.
fn peer(app: &App, connection: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !app.options.behind_proxy {
        return connection;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).unwrap_or(connection)
}

fn admit(app: &App, peer: IpAddr, request: &Request<Incoming>) -> Result<(), Problem> {
    if !knows_host(&app.options.hosts, request) {
        app.refuse("host", peer);
        let message = "this service is not the host that was asked for; its operator names hosts with --host";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", message));
    }
    match app.rate.take(peer, Instant::now()) {
        Turn::Granted => Ok(()),
        Turn::Refused(after) => {
            app.refuse("rate", peer);
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "too many requests from this address")
                .retry(after))
        }
    }
}

/// Whether the request is for one of the service's names. A page elsewhere whose name was made to lead here (DNS rebinding)
/// asks for another.
fn knows_host(hosts: &[String], request: &Request<Incoming>) -> bool {
    let named = request.uri().host().or_else(|| {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        Some(without_port(host))
    });
    // HTTP/1.0 has no Host; then nobody can have been led astray by one.
    named.is_none_or(|named| hosts.iter().any(|host| host == "*" || host.eq_ignore_ascii_case(named)))
}

/// A host without its port; `[::1]` keeps its brackets.
#[must_use]
pub fn without_port(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => host.get(..=end).unwrap_or(host),
        None => host.split(':').next().unwrap_or(host),
    }
}

/// The API is for every page: it reads only, and there is nothing to log in to.
fn allow_pages(headers: &mut HeaderMap) {
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-headers", "range, if-none-match, if-range, last-event-id"),
        (
            "access-control-expose-headers",
            "etag, retry-after, accept-ranges, content-range, radio-payouts-standing, radio-payouts-slot, repr-digest",
        ),
        ("access-control-max-age", "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The answer where there is no route.
pub async fn no_route() -> Problem {
    Problem::not_found("there is nothing here; /api/v1/openapi.json says what there is")
}

/// The answer to another method than a route has.
#[must_use]
pub fn no_method(allowed: &'static str) -> Response {
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this route takes another method");
    let mut response = problem.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn a_host_may_have_a_port() {
        for (given, host) in
            [("a.example", "a.example"), ("a.example:80", "a.example"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")]
        {
            assert_eq!(without_port(given), host);
        }
    }
}
