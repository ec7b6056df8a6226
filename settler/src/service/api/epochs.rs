//! `/api/v1/epochs`: every epoch that was posted or sealed, from bytes to pool to parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::address;
use radio_payouts_client::state::{Epoch, EpochStatus, Start};
use radio_payouts_protocol::params::{Mode, Params};
use radio_payouts_protocol::statement::Statement;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Decimal, number, sealed};
use crate::artefact::manifest::{StatementJson, Totals};
use crate::epoch::view::root_in_force;
use crate::service::App;
use crate::service::catalogue::Sealed;
use crate::service::chain::Snapshot;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, ONE, Paging, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};

/// Verdicts, counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct VerdictCounts {
    /// Of batches.
    pub batches: BTreeMap<String, u64>,
    /// Of receipts of accepted batches.
    pub receipts: BTreeMap<String, u64>,
}

/// An epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct EpochView {
    /// Its number.
    pub epoch: Decimal,
    /// Address of its account, whether it was posted or not.
    pub address: String,
    /// `ratified`, or `provisional` until then.
    pub standing: Standing,
    /// Where it stands on chain: open, posted, disputed, final, ratified, closed, revoked; none if it was never posted.
    pub status: Option<&'static str>,
    /// Unix seconds at which it starts (exclusive).
    pub start_unix: Option<i64>,
    /// Unix seconds at which it ends (inclusive).
    pub end_unix: Option<i64>,
    /// Commitment of the root in force on chain.
    pub commitment_on_chain: Option<String>,
    /// Commitment of what is sealed here.
    pub commitment_here: Option<String>,
    /// Whether both are the same; none unless there are both.
    pub matches_chain: Option<bool>,
    /// How often it returned to open.
    pub attempt: Option<u32>,
    /// Whether a dispute of it lapsed.
    pub contested: bool,
    /// When the root in force was posted, in Unix seconds.
    pub posted_unix: Option<i64>,
    /// When the challenge window ends, in Unix seconds, while it is open; pauses put it off.
    pub challenge_ends_unix: Option<i64>,
    /// When it became final, in Unix seconds.
    pub finalized_unix: Option<i64>,
    /// When it was ratified, in Unix seconds.
    pub ratified_unix: Option<i64>,
    /// When the claim window ends, in Unix seconds, while it is open; pauses put it off.
    pub claim_ends_unix: Option<i64>,
    /// What was claimed of it.
    pub claimed_base_units: Option<Decimal>,
    /// `demo` or `live`.
    #[schemars(with = "Option<String>")]
    pub mode: Option<Mode>,
    /// What is committed: that in force on chain, or else what is sealed here.
    pub statement: Option<StatementJson>,
    /// Sum of all payouts.
    pub payouts_base_units: Option<Decimal>,
    /// Sums of what is sealed here.
    pub totals: Option<Totals>,
    /// Parameters of what is sealed here.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub params: Option<Params>,
    /// Verdicts of what is sealed here.
    pub verdicts: Option<VerdictCounts>,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let list = Operation::new("epochs", "Epochs, newest first", "epochs").query::<Paging>().cursor(ONE);
    let one = Operation::new("epoch", "One epoch", "epochs").epoch();
    routes
        .get("/api/v1/epochs", list.answers::<Answer<Page<EpochView>>>().also(304, "Nothing has changed."), index)
        .get("/api/v1/epochs/{epoch}", one.answers::<Answer<EpochView>>().also(304, "Nothing has changed."), show)
}

async fn index(
    State(app): State<App>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let before = cursor::<1>(paging.cursor.as_deref())?.map(|[epoch]| epoch.cast_unsigned());
    let snapshot = app.snapshot()?;
    let here: BTreeMap<u64, Arc<Sealed>> =
        app.catalogue.sealed().into_iter().map(|sealed| (sealed.manifest.statement.epoch, sealed)).collect();
    let mut numbers: Vec<u64> = snapshot.epochs.keys().chain(here.keys()).copied().collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    numbers.retain(|epoch| before.is_none_or(|before| *epoch < before));
    numbers.truncate(limit.saturating_add(1));
    let items = numbers.into_iter().map(|epoch| describe(&snapshot, epoch, here.get(&epoch).map(AsRef::as_ref)));
    let page = Page::of(items.collect::<Vec<_>>(), limit, |epoch| to_cursor([epoch.epoch.0.cast_signed()]));
    let standing = page.items.iter().map(|epoch| epoch.standing).min().unwrap_or(Standing::Provisional);
    Answer::new(standing, &snapshot, page).respond(&headers)
}

async fn show(State(app): State<App>, InPath(epoch): InPath<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    let epoch = if epoch == "latest" { sealed(&app, &epoch)?.manifest.statement.epoch } else { number(&epoch)? };
    let here = app.catalogue.epoch(epoch);
    if here.is_none() && !snapshot.epochs.contains_key(&epoch) {
        sealed(&app, &epoch.to_string())?;
    }
    let view = describe(&snapshot, epoch, here.as_deref());
    Answer::new(view.standing, &snapshot, view).respond(&headers)
}

/// Everything that the chain and this settler say of an epoch.
#[must_use]
pub fn describe(snapshot: &Snapshot, epoch: u64, here: Option<&Sealed>) -> EpochView {
    let account = snapshot.epochs.get(&epoch);
    let in_force = root_in_force(account);
    let calendar = snapshot.view.deployment().calendar().ok();
    let statement = match (&in_force, here) {
        (Some((_, statement)), _) => Some(StatementJson::from(statement)),
        (None, Some(here)) => Some(here.manifest.statement.clone()),
        (None, None) => None,
    };
    let commitment_here = here.map(|here| here.manifest.commitment);
    let commitment_on_chain = in_force.map(|(commitment, _)| commitment);
    let payouts = statement.as_ref().and_then(|statement| Statement::from(statement).payouts_sum().ok());
    let on_chain_mode = account.filter(|account| account.status.has_root()).map(mode_of);
    EpochView {
        epoch: Decimal(epoch),
        address: address::epoch_address(epoch).to_string(),
        standing: Standing::of(snapshot, epoch),
        status: account.map(|account| word(account.status)),
        start_unix: calendar.and_then(|calendar| calendar.start_unix(epoch)),
        end_unix: calendar.and_then(|calendar| calendar.end_unix(epoch)),
        matches_chain: commitment_here.zip(commitment_on_chain).map(|(here, chain)| here == chain),
        commitment_on_chain: commitment_on_chain.map(hex::encode),
        commitment_here: commitment_here.map(hex::encode),
        attempt: account.map(|account| account.attempt),
        contested: account.is_some_and(|account| account.contested),
        posted_unix: account.and_then(|account| time(account.posted.at)),
        challenge_ends_unix: account.and_then(|account| challenge_ends(snapshot, account)),
        finalized_unix: account.and_then(|account| time(account.finalized.at)),
        ratified_unix: account.and_then(|account| time(account.ratified.at)),
        claim_ends_unix: account.and_then(|account| claim_ends(snapshot, account)),
        claimed_base_units: account.map(|account| Decimal(account.claimed)),
        mode: on_chain_mode.or_else(|| here.map(|here| here.manifest.mode)),
        statement,
        payouts_base_units: payouts.map(Decimal),
        totals: here.map(|here| here.manifest.totals.clone()),
        params: here.map(|here| here.manifest.params),
        verdicts: here.map(|here| VerdictCounts { batches: here.batches.clone(), receipts: here.receipts.clone() }),
    }
}

pub(super) fn time(time: i64) -> Option<i64> {
    (time != 0).then_some(time)
}

fn challenge_ends(snapshot: &Snapshot, account: &Epoch) -> Option<i64> {
    let is_open = matches!(account.status, EpochStatus::Posted | EpochStatus::Disputed);
    is_open.then(|| window_ends(snapshot, &account.posted, account.times.challenge_seconds))
}

fn claim_ends(snapshot: &Snapshot, account: &Epoch) -> Option<i64> {
    let is_open = account.status == EpochStatus::Ratified;
    is_open.then(|| window_ends(snapshot, &account.ratified, account.times.claim_seconds))
}

/// When a window of so many unpaused seconds ends, in Unix seconds, as far as is known now.
#[must_use]
pub fn window_ends(snapshot: &Snapshot, start: &Start, seconds: u32) -> i64 {
    let pause = &snapshot.view.config.pause;
    let paused = pause.total_at(snapshot.view.now).saturating_sub(start.paused_before);
    start.at.saturating_add(i64::from(seconds)).saturating_add(paused)
}

fn mode_of(account: &Epoch) -> Mode {
    match account.mode {
        radio_payouts_client::state::Mode::Demo => Mode::Demo,
        radio_payouts_client::state::Mode::Live => Mode::Live,
    }
}

const fn word(status: EpochStatus) -> &'static str {
    match status {
        EpochStatus::Open => "open",
        EpochStatus::Posted => "posted",
        EpochStatus::Disputed => "disputed",
        EpochStatus::Final => "final",
        EpochStatus::Ratified => "ratified",
        EpochStatus::Closed => "closed",
        EpochStatus::Revoked => "revoked",
    }
}
