//! How a service is run: addresses, limits, times.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use solana_pubkey::Pubkey;

use crate::store::Place;

/// Most bytes of a request to `POST /v1/batches` as sent.
pub const BODY_BYTES: usize = 8 << 20;
/// Most bytes of it once decompressed: seven of the largest envelopes.
pub const CONTENT_BYTES: usize = 32 << 20;
/// Most lines of it.
pub const LINES: usize = 4_096;
/// Bytes as sent of all requests that are being received at once.
pub const BODIES_BYTES: usize = 128 << 20;
/// Decompressed bytes of all requests that wait for the disk at once.
pub const CONTENTS_BYTES: usize = 192 << 20;
/// How long a request waits for its turn before it is told to come again.
pub const QUEUE_TIME: Duration = Duration::from_secs(5);
/// Connections at once.
pub const CONNECTIONS: usize = 1_024;
/// Connections at once from one address.
pub const CONNECTIONS_PER_ADDRESS: usize = 128;
/// Event streams at once.
pub const STREAMS: usize = 256;
/// How long requests under way may take once the service ends.
pub const LAST_TIME: Duration = Duration::from_secs(20);

/// How a service is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the store.
    pub data: PathBuf,
    /// Address for everybody.
    pub listen: SocketAddr,
    /// Address for the operator: metrics.
    pub internal: SocketAddr,
    /// Names under which the service is reached; any other `Host` is refused. `*` allows all.
    pub hosts: Vec<String>,
    /// Requests a second from one address, on average; 0 for no limit.
    pub rate: u32,
    /// Whether the last entry of `X-Forwarded-For` says who asks: behind a proxy that sets it.
    pub behind_proxy: bool,
    /// Time between two looks at the chain.
    pub refresh: Duration,
    /// Time between two estimates.
    pub estimate_every: Duration,
    /// Whether estimates are allowed (the demo flag).
    pub estimates: bool,
    /// Whether there is a settle loop.
    pub settles: bool,
    /// What the chain is, for people; carries no secret.
    pub chain_name: String,
    /// Address of an RPC node that pages may use.
    pub public_rpc: Option<String>,
    /// The deployment's lookup table.
    pub lookup_table: Option<Pubkey>,
    /// Longest time for the head of a request.
    pub head_time: Duration,
    /// Longest time for the body of a request, and for an answer of which nothing is read.
    pub body_time: Duration,
    /// Whether rows are made in the background of what was taken in.
    pub rows: bool,
    /// Where packs and rows are kept for good, if not in the data folder.
    pub kept_at: Option<Place>,
    /// Time over which refusals of one kind are counted before the log names them again.
    pub refusals_every: Duration,
}

impl Options {
    /// From when on what the chain said is too old to go on.
    #[must_use]
    pub fn stale_after(&self) -> Duration {
        self.refresh.saturating_mul(6).max(Duration::from_secs(60))
    }
}
