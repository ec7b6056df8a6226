//! The accept loop: connections with limits in number and time, and an end that lets what is under way finish.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::guard;
use super::stall::Patient;
use crate::service::options::{CONNECTIONS, CONNECTIONS_PER_ADDRESS, LAST_TIME};
use crate::service::{App, Stop};

/// Most header fields of a request.
const HEADERS: usize = 64;
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;

/// Serves `router` until the service ends; returns when what was under way is finished, or has taken too long.
pub async fn serve(listener: TcpListener, router: Router, app: App) {
    let mut stop = app.stop.clone();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let addresses = Arc::new(Addresses::default());
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.pulled() => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) => {
                // Out of file descriptors, or a connection that was gone before it was accepted.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(held) = Addresses::enter(&addresses, peer) else {
            app.refuse("connections", peer);
            continue;
        };
        let (router, app) = (router.clone(), app.clone());
        tokio::spawn(async move {
            connection(stream, peer, router, app).await;
            drop((held, place));
        });
    }
    drop(listener);
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    if tokio::time::timeout(LAST_TIME, places.acquire_many(all)).await.is_err() {
        tracing::warn!("requests that took too long were cut off");
    }
}

async fn connection(stream: TcpStream, peer: IpAddr, router: Router, app: App) {
    let _ = stream.set_nodelay(true);
    let mut stop: Stop = app.stop.clone();
    let service = service_fn(|request| {
        let (app, router) = (app.clone(), router.clone());
        async move { Ok::<_, Infallible>(guard::answer(&app, &router, peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.options.head_time)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Patient::new(stream, app.options.body_time)), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.pulled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_parse() || error.is_timeout() {
            let reason = if error.is_timeout() { "slow" } else { "malformed" };
            app.refuse(reason, peer);
        }
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// How many connections each address has.
#[derive(Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

/// A connection of an address; dropped, it is over.
struct Held(Arc<Addresses>, IpAddr);

impl Addresses {
    fn enter(addresses: &Arc<Self>, address: IpAddr) -> Option<Held> {
        let mut counts = addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Held(addresses.clone(), address))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}
