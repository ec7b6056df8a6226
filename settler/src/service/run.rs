//! Starting and ending: threads, ports, signals.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

use super::acknowledgement::Acknowledger;
use super::catalogue::Catalogue;
use super::dashboard::Dashboard;
use super::history::Histories;
use super::http::rate::RateLimiter;
use super::http::refusals::Refusals;
use super::http::server::serve;
use super::ingest::{Ingest, writer};
use super::metrics::Metrics;
use super::options::STREAMS;
use super::row_loop;
use super::settle_loop::{self, Settling};
use super::{Options, READERS, Service, Stop, chain, dashboard, estimator, indexer, internal, openapi};
use crate::chain::Chain;
use crate::outcome::{Failure, Outcome};
use crate::output::note;
use crate::store::Store;

/// How long a settlement under way may take once the service ends. What it has not finished, the next run does.
const SETTLE_TIME: Duration = Duration::from_secs(60);

/// What a service is made of.
pub struct Parts {
    /// How it is run.
    pub options: Options,
    /// The store, opened for writing.
    pub store: Store,
    /// The chain, for reading.
    pub chain: Box<dyn Chain>,
    /// Whether the chain's clock is its own: an embedded one.
    pub has_own_clock: bool,
    /// The domain that the configuration names.
    pub domain: Option<[u8; 32]>,
    /// The page at `/`.
    pub dashboard: Dashboard,
    /// Key that signs acknowledgements.
    pub key: SigningKey,
    /// The settle loop, if there is to be one.
    pub settling: Option<Settling>,
}

/// What a thread of the service does.
type Work = Box<dyn FnOnce(&Arc<Service>) + Send>;

/// Serves until SIGINT or SIGTERM; then takes nothing new, finishes what is under way, and returns.
///
/// # Errors
/// If a port is taken, or the store's folder cannot be written to.
pub fn run(parts: Parts) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let Parts { options, store, chain, has_own_clock, domain, dashboard, key, settling } = parts;
    let bind = |address| {
        let bound = runtime.block_on(TcpListener::bind(address));
        bound.map_err(|error| Failure::temporary(format!("cannot listen on {address}: {error}")))
    };
    let (public, private) = (bind(options.listen)?, bind(options.internal)?);
    let (pull, stop) = Stop::new();
    let (snapshots, chain_view) = watch::channel(None);
    let (estimates, estimate) = watch::channel(None);
    let (ingest, jobs) = Ingest::new();
    let service = Arc::new(Service {
        metrics: Metrics::default(),
        histories: Histories::default(),
        chain: chain_view,
        estimate,
        catalogue: Catalogue::open(&options.data)?,
        ingest,
        acknowledger: Acknowledger::new(key),
        rate: RateLimiter::new(options.rate),
        refusals: Refusals::new(options.refusals_every),
        dashboard,
        store_works: AtomicBool::new(true),
        stop: stop.clone(),
        started: jiff::Timestamp::now(),
        streams: Arc::new(Semaphore::new(STREAMS)),
        readers: Semaphore::new(READERS),
        options,
    });
    let spawn = |name: &str, work: Work| {
        let service = service.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || work(&service))
    };
    spawn("chain", {
        let stop = stop.clone();
        Box::new(move |service| {
            let reading = chain::Reading { has_own_clock, expected: domain, every: service.options.refresh };
            chain::watch(chain.as_ref(), reading, &service.metrics, &service.histories, &stop, &snapshots);
        })
    })?;
    spawn("indexer", Box::new(move |service| indexer::run(service, &service.stop)))?;
    if service.options.estimates {
        spawn(
            "estimator",
            Box::new(move |service| {
                estimator::run(&service.options, &service.metrics, &service.chain, &service.stop, &estimates);
            }),
        )?;
    }
    if service.options.rows || service.options.kept_at.is_some() {
        spawn("rows", Box::new(row_loop::run))?;
    }
    let settling = settling.map(|settling| {
        spawn(
            "settler",
            Box::new(move |service| {
                settle_loop::run(settling, &service.options, &service.metrics, &service.stop);
            }),
        )
    });
    let settling = settling.transpose()?;
    let writer = spawn("writer", Box::new(move |service| writer::write(store, service, jobs)))?;

    note(format_args!("listening on http://{}", public.local_addr()?));
    note(format_args!("metrics on http://{}/metrics", private.local_addr()?));
    note(format_args!("acknowledgements are signed by {}", service.acknowledger.receiver()));
    runtime.block_on(serve_until_signal(&service, public, private, &pull))?;
    note("ending: nothing new is taken in");

    // The writer ends once everything that was taken in is on the disk.
    service.ingest.close();
    let _ = writer.join();
    if let Some(settling) = settling {
        wait(&settling, SETTLE_TIME);
    }
    runtime.shutdown_background();
    Ok(())
}

async fn serve_until_signal(
    service: &Arc<Service>,
    public: TcpListener,
    private: TcpListener,
    pull: &watch::Sender<bool>,
) -> Outcome {
    let routes = dashboard::routes(internal::health(openapi::router())).with_state(service.clone());
    let public = tokio::spawn(serve(public, routes, service.clone()));
    let private = tokio::spawn(serve(private, internal::router(service.clone()), service.clone()));
    let reporting = tokio::spawn(report_refusals(service.clone()));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    pull.send_replace(true);
    reporting.abort();
    let _ = tokio::join!(public, private);
    Ok(())
}

async fn report_refusals(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(service.options.refusals_every.min(Duration::from_secs(1)));
    loop {
        ticks.tick().await;
        service.refusals.report();
    }
}

fn wait(thread: &thread::JoinHandle<()>, time: Duration) {
    let end = std::time::Instant::now() + time;
    while !thread.is_finished() && std::time::Instant::now() < end {
        thread::sleep(Duration::from_millis(50));
    }
}
