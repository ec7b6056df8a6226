//! `settler status`.

use radio_payouts_client::state::{Config, Epoch};
use radio_payouts_client::{PROGRAM_ID, address};
use radio_payouts_protocol::domain::Domain;
use serde::Serialize;
use solana_signer::Signer as _;

use super::Context;
use super::params::mode_name;
use crate::chain::{Chain, Journal, deployment};
use crate::config::Cluster;
use crate::outcome::Outcome;
use crate::output::Table;

/// Arguments of `status`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Shows the cluster, the deployment, the chain of posted epochs, this settler, and transactions whose fate is open.
It reads only, and works whatever the demo flag says.")]
pub struct Args {
    /// How many of the last epochs to list.
    #[arg(long, default_value_t = 10)]
    pub last: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    endpoint: String,
    endpoint_source: Option<crate::config::Source>,
    cluster: String,
    genesis_hash: String,
    matches_configuration: Option<bool>,
    slot: String,
    unix_timestamp: i64,
    settler: Option<SettlerView>,
    deployment: Option<DeploymentView>,
    epochs: Vec<EpochView>,
    pending: Vec<PendingView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SettlerView {
    address: String,
    lamports: String,
    registered: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentView {
    program: String,
    domain: String,
    domain_is_this_clusters: bool,
    authority: String,
    bootstrap: bool,
    governance: bool,
    paused: bool,
    radio_payouts_demo: bool,
    radio_payouts_demo_here: bool,
    mode: &'static str,
    params_version: u32,
    genesis_unix: i64,
    epoch_seconds: u32,
    current_epoch: Option<String>,
    registry_version: String,
    sfus: u32,
    active_settlers: u8,
    attestation_threshold: u8,
    head_epoch: Option<String>,
    head_commitment: Option<String>,
    orphaned_from: Option<String>,
    vault: String,
    vault_base_units: String,
    reserved_base_units: String,
    treasury_base_units: String,
    ratified_through: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EpochView {
    epoch: String,
    state: String,
    attempt: u32,
    mode: &'static str,
    contested: bool,
    pool_base_units: String,
    payouts_base_units: String,
    claimed_base_units: String,
    accepted_bytes: String,
    commitment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingView {
    purpose: String,
    signature: String,
    last_valid_block_height: String,
}

/// Prints where everything stands.
///
/// # Errors
/// If the chain is away.
pub fn run(args: &Args, context: &Context) -> Outcome {
    let config = context.config()?;
    let chain = context.chain()?;
    let chain = chain.as_ref();
    let genesis_hash = chain.genesis_hash()?;
    let clock = chain.clock()?;
    let on_chain = deployment::config(chain)?;
    let epochs = if on_chain.is_some() { deployment::epochs(chain)? } else { Vec::new() };
    let pending = Journal::new(&config.journal_folder()).entries()?.into_iter().map(|entry| PendingView {
        purpose: entry.purpose,
        signature: entry.signature,
        last_valid_block_height: entry.last_valid_block_height.to_string(),
    });
    let view = View {
        endpoint: chain.describe(),
        endpoint_source: config.endpoint.as_ref().map(|endpoint| endpoint.source),
        cluster: Cluster::of(&genesis_hash).to_string(),
        genesis_hash: bs58::encode(genesis_hash).into_string(),
        matches_configuration: config.genesis_hash.map(|expected| expected == genesis_hash),
        slot: clock.slot.to_string(),
        unix_timestamp: clock.unix_timestamp,
        settler: settler(context, chain)?,
        deployment: match &on_chain {
            Some(on_chain) => Some(describe(context, chain, on_chain, &genesis_hash, clock.unix_timestamp)?),
            None => None,
        },
        epochs: epochs.iter().skip(epochs.len().saturating_sub(args.last)).map(epoch_view).collect(),
        pending: pending.collect(),
    };
    context.output.emit(&view, human)
}

/// This settler, if it has a key; who has none may look all the same.
fn settler(context: &Context, chain: &dyn Chain) -> Outcome<Option<SettlerView>> {
    let Some(path) = context.config()?.keypair.as_ref().filter(|path| path.value.exists()) else { return Ok(None) };
    let address = crate::keyfile::load(&path.value)?.pubkey();
    let lamports = chain.account(&address)?.map_or(0, |account| account.lamports);
    let settler: Option<radio_payouts_client::state::Settler> =
        deployment::read(chain, &address::settler_address(&address))?;
    let registered = match settler {
        None => "no",
        Some(settler) if settler.stopped_at.is_some() => "stopped",
        Some(_) => "yes",
    };
    Ok(Some(SettlerView { address: address.to_string(), lamports: lamports.to_string(), registered }))
}

fn describe(
    context: &Context,
    chain: &dyn Chain,
    config: &Config,
    genesis_hash: &[u8; 32],
    now: i64,
) -> Outcome<DeploymentView> {
    let params = deployment::params_now(chain, config)?;
    let head = config.chain.head;
    let (vault, treasury) = deployment::funds(chain, config)?;
    Ok(DeploymentView {
        program: PROGRAM_ID.to_string(),
        domain: hex::encode(config.domain),
        domain_is_this_clusters: config.domain == *Domain::derive(genesis_hash, &PROGRAM_ID.to_bytes()).as_bytes(),
        authority: config.authority.address.to_string(),
        bootstrap: config.authority.bootstrap,
        governance: config.authority.address == address::governance_address(),
        paused: config.pause.is_paused(now),
        radio_payouts_demo: config.radio_payouts_demo,
        radio_payouts_demo_here: context.config()?.radio_payouts_demo.value,
        mode: mode_name(params.mode),
        params_version: params.number,
        genesis_unix: config.genesis_unix,
        epoch_seconds: config.epoch_seconds,
        current_epoch: deployment::epoch_now(chain, config)?.map(|epoch| epoch.to_string()),
        registry_version: config.registry_version.to_string(),
        sfus: config.sfu_count,
        active_settlers: config.active_settlers,
        attestation_threshold: config.times.attestation_threshold,
        head_epoch: head.map(|head| head.epoch.to_string()),
        head_commitment: head.map(|head| hex::encode(head.commitment)),
        orphaned_from: config.chain.orphaned_from.map(|epoch| epoch.to_string()),
        vault: config.vault.to_string(),
        vault_base_units: vault.to_string(),
        reserved_base_units: config.reserved.to_string(),
        treasury_base_units: treasury.to_string(),
        ratified_through: config.chain.ratified_through.map(|epoch| epoch.to_string()),
    })
}

fn epoch_view(epoch: &Epoch) -> EpochView {
    EpochView {
        epoch: epoch.epoch.to_string(),
        state: format!("{:?}", epoch.status),
        attempt: epoch.attempt,
        mode: mode_name(epoch.mode),
        contested: epoch.contested,
        pool_base_units: epoch.statement.pool.to_string(),
        payouts_base_units: epoch.payouts_sum.to_string(),
        claimed_base_units: epoch.claimed.to_string(),
        accepted_bytes: epoch.statement.batches.sum.to_string(),
        commitment: hex::encode(epoch.commitment),
    }
}

fn human(view: &View) -> String {
    let mut table = Table::new(&["cluster", &view.cluster]);
    let source = view.endpoint_source.map(|source| format!(" ({source})")).unwrap_or_default();
    table.row(["reached at".to_owned(), format!("{}{source}", view.endpoint)]);
    if view.matches_configuration == Some(false) {
        table.row(["", "NOT the cluster that the configuration was made for: nothing will be sent"]);
    }
    table.row(["clock".to_owned(), format!("{} (slot {})", time(view.unix_timestamp), view.slot)]);
    match &view.settler {
        Some(settler) => table.row([
            "settler".to_owned(),
            format!("{}, registered: {}, {} lamports", settler.address, settler.registered, settler.lamports),
        ]),
        None => table.row(["settler", "no key"]),
    }
    match &view.deployment {
        Some(deployment) => deployment_rows(deployment, &mut table),
        None => table.row(["deployment", "none; `settler init` makes one"]),
    }
    let mut out = table.to_string();
    if !view.epochs.is_empty() {
        let mut table = Table::new(&[
            ">epoch",
            "state",
            ">attempt",
            "mode",
            ">accepted bytes",
            ">pool",
            ">payouts",
            ">claimed",
            "commitment",
        ]);
        for epoch in &view.epochs {
            // Until it is ratified, nothing of an epoch is more than provisional.
            let provisional =
                if matches!(epoch.state.as_str(), "Posted" | "Disputed" | "Final") { " (provisional)" } else { "" };
            let contested = if epoch.contested { " (contested)" } else { "" };
            let commitment = epoch.commitment.get(..16).unwrap_or(&epoch.commitment);
            table.row([
                epoch.epoch.clone(),
                format!("{}{provisional}{contested}", epoch.state),
                epoch.attempt.to_string(),
                epoch.mode.to_owned(),
                epoch.accepted_bytes.clone(),
                epoch.pool_base_units.clone(),
                epoch.payouts_base_units.clone(),
                epoch.claimed_base_units.clone(),
                format!("{commitment}…"),
            ]);
        }
        out += &format!("\n{table}");
    }
    if !view.pending.is_empty() {
        let mut table = Table::new(&["transaction under way", "signature"]);
        for entry in &view.pending {
            table.row([&entry.purpose, &entry.signature]);
        }
        out += &format!("\n{table}");
    }
    out
}

fn deployment_rows(deployment: &DeploymentView, table: &mut Table) {
    let on = |state: bool| if state { "on" } else { "off" };
    table.row(["program", &deployment.program]);
    let domain = if deployment.domain_is_this_clusters { "" } else { " (NOT of this cluster)" };
    table.row(["domain".to_owned(), format!("{}{domain}", deployment.domain)]);
    let kind = match (deployment.bootstrap, deployment.governance) {
        (true, _) => " (bootstrap)",
        (false, true) => " (votes: `settler governance status`)",
        (false, false) => "",
    };
    table.row(["authority".to_owned(), format!("{}{kind}", deployment.authority)]);
    let paused = if deployment.paused { ", PAUSED" } else { "" };
    table.row([
        "mode".to_owned(),
        format!("{}, parameters version {}{paused}", deployment.mode, deployment.params_version),
    ]);
    let (there, here) = (on(deployment.radio_payouts_demo), on(deployment.radio_payouts_demo_here));
    table.row(["radio_payouts_demo".to_owned(), format!("{there} on chain, {here} here")]);
    let running = deployment.current_epoch.as_deref().unwrap_or("none yet");
    table.row(["running epoch".to_owned(), format!("{running} ({} s each)", deployment.epoch_seconds)]);
    table.row([
        "head".to_owned(),
        deployment.head_epoch.as_ref().map_or("nothing posted yet".to_owned(), |head| format!("epoch {head}")),
    ]);
    if let Some(orphaned) = &deployment.orphaned_from {
        table.row([
            "".to_owned(),
            format!("epoch {orphaned} is revoked: run `settler admin revoke-orphan` until the head is before it"),
        ]);
    }
    table.row([
        "vault".to_owned(),
        format!(
            "{}: {} base units, {} of them reserved for claims; treasury {}",
            deployment.vault,
            deployment.vault_base_units,
            deployment.reserved_base_units,
            deployment.treasury_base_units
        ),
    ]);
    table.row([
        "registry".to_owned(),
        format!(
            "version {}, {} SFUs, {} settlers, {} must agree",
            deployment.registry_version, deployment.sfus, deployment.active_settlers, deployment.attestation_threshold
        ),
    ]);
}

/// Unix seconds as a date, for people.
pub(super) fn time(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).map_or_else(|_| unix.to_string(), |time| time.to_string())
}
