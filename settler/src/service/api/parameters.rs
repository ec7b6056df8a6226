//! `/api/v1/parameters`: what is in force, what comes next, and every change.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::state::ParamsVersion;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::params::{Mode, Params};
use schemars::JsonSchema;
use serde::Serialize;

use super::Decimal;
use crate::chain::deployment;
use crate::epoch::view::mode;
use crate::service::App;
use crate::service::http::answer::{Answer, Standing};
use crate::service::http::problem::Problem;
use crate::service::openapi::{Operation, Routes};

/// A parameter before and after a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Change {
    /// The value before.
    pub before: Decimal,
    /// The value from this version on.
    pub after: Decimal,
}

/// A version of the parameters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct VersionView {
    /// Its number.
    pub version: u32,
    /// First epoch in which it is in force.
    pub effective_epoch: Decimal,
    /// Unix seconds at which that epoch starts.
    pub effective_unix: Option<i64>,
    /// `demo` or `live`.
    #[schemars(with = "String")]
    pub mode: Mode,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// The values; numbers of 64 bits are decimal strings.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub values: Params,
    /// What differs from the version before.
    pub changes: BTreeMap<&'static str, Change>,
}

/// The parameters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ParametersView {
    /// Number of the version in force in the running epoch.
    pub in_force: Option<u32>,
    /// Number of the version that follows, if one is decided.
    pub next: Option<u32>,
    /// All versions, from the first.
    pub versions: Vec<VersionView>,
}

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("parameters", "Parameters in force, next, and every change", "chain");
    routes.get(
        "/api/v1/parameters",
        operation.answers::<Answer<ParametersView>>().also(304, "Nothing has changed."),
        show,
    )
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    let versions = &snapshot.view.versions;
    let calendar = snapshot.view.deployment().calendar().map_err(anyhow::Error::from)?;
    let running = snapshot.running_epoch().unwrap_or_default();
    let before = versions.iter().map(Some);
    let pairs = std::iter::once(None).chain(before).zip(versions);
    let view = ParametersView {
        in_force: deployment::params_in_force(versions, running).map(|version| version.number),
        next: versions.iter().find(|version| version.effective_epoch > running).map(|version| version.number),
        versions: pairs.map(|(before, version)| describe(calendar, before, version)).collect(),
    };
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, view).respond(&headers)
}

fn describe(calendar: Calendar, before: Option<&ParamsVersion>, version: &ParamsVersion) -> VersionView {
    let values = Params::from(version.values);
    let old = before.map(|before| Params::from(before.values));
    let changes = Params::FIELDS.iter().filter_map(|name| {
        let (before, after) = (old?.field(name)?, values.field(name)?);
        (before != after).then_some((*name, Change { before: Decimal(before), after: Decimal(after) }))
    });
    VersionView {
        version: version.number,
        effective_epoch: Decimal(version.effective_epoch),
        effective_unix: calendar.start_unix(version.effective_epoch),
        mode: mode(version),
        created_at: version.created_at,
        values,
        changes: changes.collect(),
    }
}
