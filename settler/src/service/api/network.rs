//! `/api/v1/network`: sums over everything, and the last epochs one by one.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_protocol::calendar::Calendar;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decimal;
use super::epochs::VerdictCounts;
use crate::service::App;
use crate::service::catalogue::Sealed;
use crate::service::chain::Snapshot;
use crate::service::http::answer::{Answer, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InQuery, limit};
use crate::service::indexer::added_up;
use crate::service::openapi::{Operation, Routes};

/// How far back.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// Most epochs to list, 1 to 1000, the newest; 50 if absent. Sums always cover all.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
}

/// One epoch of a series.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Point {
    /// The epoch.
    pub epoch: Decimal,
    /// Unix seconds at which it ends.
    pub end_unix: Option<i64>,
    /// How sure it is.
    pub standing: Standing,
    /// Accepted bytes.
    pub bytes: Decimal,
    /// Sum of effective bytes.
    pub effective_bytes: Decimal,
    /// The pool.
    pub pool_base_units: Decimal,
    /// Payouts.
    pub payouts_base_units: Decimal,
    /// Contributors, with and without a leaf.
    pub contributors: u32,
    /// Accepted batches.
    pub batches: u32,
    /// Version of its parameters.
    pub params_version: u32,
}

/// Statistics of the network, over the epochs that are sealed here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct NetworkView {
    /// Sealed epochs.
    pub epochs: u64,
    /// Posted epochs by state on chain.
    pub states: BTreeMap<&'static str, u64>,
    /// Accepted bytes of all of them.
    pub bytes: Decimal,
    /// Payouts of all of them.
    pub payouts_base_units: Decimal,
    /// Of these, payouts of ratified epochs.
    pub ratified_base_units: Decimal,
    /// Contributors with at least one share.
    pub contributors: Decimal,
    /// Shares.
    pub shares: Decimal,
    /// SFUs registered and valid in the running epoch.
    pub active_sfus: usize,
    /// Verdicts of all of them.
    pub verdicts: VerdictCounts,
    /// The last epochs, oldest first.
    pub series: Vec<Point>,
}

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("network", "Sums over everything, and the last epochs one by one", "epochs");
    let operation = operation.query::<Back>().answers::<Answer<NetworkView>>();
    routes.get("/api/v1/network", operation.also(304, "Nothing has changed."), show)
}

/// What a sealed epoch came to.
#[must_use]
pub fn point(snapshot: &Snapshot, calendar: Calendar, sealed: &Sealed) -> Point {
    let (statement, totals) = (&sealed.manifest.statement, &sealed.manifest.totals);
    Point {
        epoch: Decimal(statement.epoch),
        end_unix: calendar.end_unix(statement.epoch),
        standing: Standing::of(snapshot, statement.epoch),
        bytes: Decimal(totals.bytes),
        effective_bytes: Decimal(totals.effective_bytes),
        pool_base_units: Decimal(statement.pool),
        payouts_base_units: Decimal(totals.allocated_base_units),
        contributors: totals.contributors,
        batches: statement.batches.count,
        params_version: statement.params_version,
    }
}

async fn show(State(app): State<App>, InQuery(back): InQuery<Back>, headers: HeaderMap) -> Result<Response, Problem> {
    let limit = limit(back.limit)?;
    let snapshot = app.snapshot()?;
    let (sealed, sums) = (app.catalogue.sealed(), app.catalogue.sums());
    let calendar = snapshot.view.deployment().calendar().map_err(anyhow::Error::from)?;
    let points: Vec<Point> = sealed.iter().map(|sealed| point(&snapshot, calendar, sealed)).collect();
    let sum =
        |of: &dyn Fn(&Point) -> u64| Decimal(points.iter().fold(0u64, |sum, point| sum.saturating_add(of(point))));
    let mut states: BTreeMap<&'static str, u64> = BTreeMap::new();
    for account in snapshot.epochs.values() {
        *states.entry(crate::epoch::view::standing(account.status)).or_default() += 1;
    }
    let running = snapshot.running_epoch().unwrap_or_default();
    let is_active =
        |sfu: &&radio_payouts_protocol::registry::Sfu| sfu.valid_from <= running && running < sfu.valid_until;
    let view = NetworkView {
        epochs: sealed.len() as u64,
        states,
        bytes: sum(&|point| point.bytes.0),
        payouts_base_units: sum(&|point| point.payouts_base_units.0),
        ratified_base_units: sum(&|point| {
            if point.standing == Standing::Ratified { point.payouts_base_units.0 } else { 0 }
        }),
        contributors: Decimal(sums.contributors),
        shares: Decimal(sums.shares),
        active_sfus: snapshot.view.registry().iter().filter(is_active).count(),
        verdicts: VerdictCounts {
            batches: added_up(&sealed, |sealed| &sealed.batches),
            receipts: added_up(&sealed, |sealed| &sealed.receipts),
        },
        series: points.iter().skip(points.len().saturating_sub(limit)).cloned().collect(),
    };
    let standing = points.iter().map(|point| point.standing).min().unwrap_or(Standing::Provisional);
    Answer::new(standing, &snapshot, view).respond(&headers)
}
