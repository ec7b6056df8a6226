//! `settler serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Context;
use crate::config::Endpoint;
use crate::config::secret::without_secrets;
use crate::keyfile;
use crate::outcome::{Failure, Outcome};
use crate::service::Options;
use crate::service::dashboard::Dashboard;
use crate::service::http::guard::without_port;
use crate::service::run::{Parts, run as serve};
use crate::service::settle_loop::Settling;
use crate::store::Store;

/// Take in batches over HTTP, and serve the API.
///
/// SFUs send signed batches to POST /v1/batches, one a line, plain, gzip or zstd; what is answered `held` is on the disk, and
/// the signed acknowledgement proves it. /api/v1 tells everybody what was counted and what came of it; /api/v1/openapi.json
/// describes it. /livez and /readyz are for supervisors, /metrics on --internal for Prometheus.
///
/// It reads the chain every few seconds and goes on with what it last read while the node is away. With --settle it also does
/// what cron would do with `settler settle --due`; without, run that beside it. SIGINT or SIGTERM ends it: nothing new is
/// taken, requests and rounds under way are finished.
///
/// It speaks plain HTTP/1.1: put it behind a proxy that speaks TLS, and give --host the name that it has there.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
settler serve --settle --every 60
settler serve --listen 0.0.0.0:8080 --host radio.example --behind-proxy
curl --data-binary @batches.jsonl http://127.0.0.1:8080/v1/batches
curl -N http://127.0.0.1:8080/api/v1/estimate/events")]
pub struct Args {
    /// Address for SFUs and everybody else.
    #[arg(long, default_value = "127.0.0.1:8080", env = "RADIO_PAYOUTS_LISTEN", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address for the operator: /metrics.
    #[arg(long, default_value = "127.0.0.1:9464", env = "RADIO_PAYOUTS_INTERNAL", value_name = "ADDRESS")]
    pub internal: SocketAddr,
    /// A name under which the service is reached; requests for another are refused. `*` allows all. Always allowed: localhost
    /// and the address of --listen.
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// Requests a second from one address, on average; 0 for no limit.
    #[arg(long, default_value_t = 200, value_name = "NUMBER")]
    pub rate: u32,
    /// The last entry of X-Forwarded-For says who asks: only behind a proxy that sets it.
    #[arg(long)]
    pub behind_proxy: bool,
    /// Key file that signs acknowledgements; made if it is not there. By default DATA/keys/receiver.json.
    #[arg(long, env = "RADIO_PAYOUTS_RECEIVER_KEYPAIR", value_name = "FILE")]
    pub receiver_keypair: Option<PathBuf>,
    /// Seconds between two looks at the chain.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600), value_name = "SECONDS")]
    pub refresh: u64,
    /// Folder with the built dashboard to serve at /, instead of the one that was built in.
    #[arg(long, env = "RADIO_PAYOUTS_DASHBOARD_FOLDER", value_name = "DIR")]
    pub dashboard: Option<PathBuf>,
    /// Address of an RPC node that pages may use to check everything by themselves. By default that of --url, if there is
    /// nothing secret in it; `none` for none.
    #[arg(long, env = "RADIO_PAYOUTS_PUBLIC_RPC", value_name = "URL")]
    pub public_rpc: Option<String>,
    /// Longest time for the head of a request, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600), value_name = "SECONDS")]
    pub head_seconds: u64,
    /// Longest time for the body of a request, and for an answer of which nothing is read, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600), value_name = "SECONDS")]
    pub body_seconds: u64,
    /// Seconds over which refused requests of one kind are counted before the log names them again.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400), value_name = "SECONDS")]
    pub refusals_every: u64,
    /// Settle what is due, again and again (needs the demo flag and the settler's key).
    #[arg(long)]
    pub settle: bool,
    /// Seconds between two settlements.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400), requires = "settle", value_name = "SECONDS")]
    pub every: u64,
}

/// Seconds between two estimates.
const ESTIMATE_SECONDS: u64 = 5;

/// Serves until it is told to end.
///
/// # Errors
/// Exit 2 if no cluster or key is named, exit 4 if it is to settle and may not, exit 75 if a port is taken.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let config = context.config()?;
    let settling = if args.settle {
        config.require_demo_flag()?;
        let every = Duration::from_secs(args.every);
        Some(Settling { key: context.keypair()?, sender: context.sender()?, every })
    } else {
        None
    };
    let data = context.data()?;
    let key = args.receiver_keypair.clone().unwrap_or_else(|| data.join("keys/receiver.json"));
    let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
    hosts.push(without_port(&args.listen.to_string()).to_owned());
    for host in &args.host {
        if host.contains('/') {
            return Err(Failure::usage(format!("--host {host}: give a name, not an address with a scheme or path")));
        }
        hosts.push(without_port(host).to_owned());
    }
    let options = Options {
        data: data.clone(),
        listen: args.listen,
        internal: args.internal,
        hosts,
        rate: args.rate,
        behind_proxy: args.behind_proxy,
        refresh: Duration::from_secs(args.refresh),
        estimate_every: Duration::from_secs(ESTIMATE_SECONDS),
        estimates: config.radio_payouts_demo.value,
        settles: args.settle,
        chain_name: match config.require_endpoint()? {
            Endpoint::Rpc(url) => url.to_string(),
            // Where its file is, is the operator's business.
            Endpoint::Embedded(_) => "embedded".to_owned(),
        },
        public_rpc: public_rpc(args.public_rpc.as_deref(), config.require_endpoint()?)?,
        lookup_table: config.lookup_table,
        head_time: Duration::from_secs(args.head_seconds),
        body_time: Duration::from_secs(args.body_seconds),
        rows: config.rows.value,
        kept_at: config.kept_at()?,
        refusals_every: Duration::from_secs(args.refusals_every),
    };
    let receiver = keyfile::load_or_create(&key)?;
    serve(Parts {
        options,
        store: Store::open(&data)?,
        chain: context.chain()?,
        has_own_clock: matches!(config.require_endpoint()?, Endpoint::Embedded(_)),
        domain: config.domain,
        dashboard: match &args.dashboard {
            Some(folder) => Dashboard::in_folder(folder).map_err(Failure::usage)?,
            None => Dashboard::embedded(),
        },
        key: keyfile::signing_key(&receiver),
        settling,
    })
}

/// The RPC address that is told to pages: that which is named for them, or the service's own if it shows no secret.
fn public_rpc(named: Option<&str>, endpoint: &Endpoint) -> Outcome<Option<String>> {
    match (named, endpoint) {
        (Some("none"), _) => Ok(None),
        (Some(url), _) if url.starts_with("http://") || url.starts_with("https://") => Ok(Some(url.to_owned())),
        (Some(url), _) => {
            let shown = without_secrets(url);
            Err(Failure::usage(format!(
                "--public-rpc {shown}: give an address that begins with http:// or https://, or none"
            )))
        }
        (None, Endpoint::Rpc(url)) => {
            let whole = url.expose().trim_end_matches('/');
            Ok(Some(whole.to_owned()).filter(|whole| *whole == without_secrets(whole)))
        }
        (None, Endpoint::Embedded(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::cluster::Endpoint;

    #[test]
    fn an_address_with_a_secret_is_never_told_to_pages() {
        let own = |url: &str| Endpoint::parse(url, std::path::Path::new("")).unwrap();
        let told = |named: Option<&str>, url: &str| public_rpc(named, &own(url)).map_err(|failure| failure.exit);
        assert_eq!(told(None, "http://127.0.0.1:8899/"), Ok(Some("http://127.0.0.1:8899".into())));
        for secret in
            ["https://node.example/v2/abcdef", "https://node.example/?api-key=abc", "https://user:abc@node.example"]
        {
            assert_eq!(told(None, secret), Ok(None), "{secret}");
        }
        assert_eq!(told(Some("https://open.example/rpc"), "devnet"), Ok(Some("https://open.example/rpc".into())));
        assert_eq!(told(Some("none"), "devnet"), Ok(None));
        assert_eq!(told(None, "embedded"), Ok(None));
        assert!(told(Some("ftp://x"), "devnet").is_err());
    }
}
