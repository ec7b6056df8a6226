//! `/api/v1/deployment`: where and by which rules everything happens.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::{PROGRAM_ID, address};
use schemars::JsonSchema;
use serde::Serialize;

use super::Decimal;
use crate::config::Cluster;
use crate::service::App;
use crate::service::http::answer::{Answer, Standing};
use crate::service::http::problem::Problem;
use crate::service::openapi::{Operation, Routes};

/// A posted epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Head {
    /// Its number.
    pub epoch: Decimal,
    /// Its commitment.
    pub commitment: String,
}

/// The deployment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct DeploymentView {
    /// The cluster, by its genesis hash.
    pub cluster: String,
    /// Genesis hash of the cluster.
    pub genesis_hash: String,
    /// Address of the program.
    pub program: String,
    /// Domain of every signature and leaf, as hex.
    pub domain: String,
    /// Address of an RPC node at which a page can check all of this by itself; none for an embedded chain, or where the
    /// operator names none.
    pub rpc_url: Option<String>,
    /// Address of the `Config` account.
    pub config: String,
    /// The BLOOM mint.
    pub mint: String,
    /// The token program that owns it.
    pub token_program: String,
    /// Token account from which shares are paid.
    pub vault: String,
    /// What it holds.
    pub vault_base_units: Decimal,
    /// What of that is promised to ratified shares.
    pub reserved_base_units: Decimal,
    /// Token account that takes forfeited bonds.
    pub treasury: String,
    /// What it holds.
    pub treasury_base_units: Decimal,
    /// The deployment's lookup table, with which a claim of any depth fits a transaction; none if the operator names none.
    pub lookup_table: Option<String>,
    /// Who may change things.
    pub authority: String,
    /// Unix seconds at which epoch 0 starts.
    pub genesis_unix: i64,
    /// Length of every epoch.
    pub epoch_seconds: u32,
    /// Seconds after the end of an epoch from which it may be posted.
    pub grace_seconds: u32,
    /// The running epoch by the chain's clock; none before the calendar begins.
    pub running_epoch: Option<Decimal>,
    /// Unix seconds at which it ends.
    pub running_epoch_ends_unix: Option<i64>,
    /// The last epoch that was posted.
    pub head: Option<Head>,
    /// Whether a Live version of the parameters is in force: only then can shares be ratified and claimed.
    pub live: bool,
    /// Whether Demo epochs may be posted.
    pub radio_payouts_demo: bool,
    /// Whether the program is paused now.
    pub paused: bool,
    /// Version of the registry.
    pub registry_version: Decimal,
    /// SFUs ever registered.
    pub sfus: u32,
    /// Settlers registered and not stopped.
    pub active_settlers: u8,
    /// How many of them must agree.
    pub attestation_threshold: u8,
    /// did:key with which this service signs acknowledgements.
    pub receiver: String,
}

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("deployment", "Where and by which rules everything happens", "chain");
    routes.get(
        "/api/v1/deployment",
        operation.answers::<Answer<DeploymentView>>().also(304, "Nothing has changed."),
        show,
    )
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    let config = &snapshot.view.config;
    let running = snapshot.running_epoch();
    let calendar = snapshot.view.deployment().calendar().map_err(anyhow::Error::from)?;
    let view = DeploymentView {
        cluster: Cluster::of(&snapshot.view.genesis_hash).to_string(),
        genesis_hash: bs58::encode(snapshot.view.genesis_hash).into_string(),
        program: PROGRAM_ID.to_string(),
        domain: hex::encode(config.domain),
        rpc_url: app.options.public_rpc.clone(),
        config: address::config_address().to_string(),
        mint: config.mint.to_string(),
        token_program: config.token_program.to_string(),
        vault: config.vault.to_string(),
        vault_base_units: Decimal(snapshot.funds.0),
        reserved_base_units: Decimal(config.reserved),
        treasury: config.treasury.to_string(),
        treasury_base_units: Decimal(snapshot.funds.1),
        lookup_table: app.options.lookup_table.map(|table| table.to_string()),
        authority: config.authority.address.to_string(),
        genesis_unix: config.genesis_unix,
        epoch_seconds: config.epoch_seconds,
        grace_seconds: config.times.grace_seconds,
        running_epoch: running.map(Decimal),
        running_epoch_ends_unix: running.and_then(|epoch| calendar.end_unix(epoch)),
        head: config
            .chain
            .head
            .map(|head| Head { epoch: Decimal(head.epoch), commitment: hex::encode(head.commitment) }),
        live: snapshot.is_live(),
        radio_payouts_demo: config.radio_payouts_demo,
        paused: config.pause.is_paused(snapshot.view.now),
        registry_version: Decimal(config.registry_version),
        sfus: config.sfu_count,
        active_settlers: config.active_settlers,
        attestation_threshold: config.times.attestation_threshold,
        receiver: app.acknowledger.receiver().to_owned(),
    };
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, view).respond(&headers)
}
