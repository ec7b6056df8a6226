//! `/api/v1/projection`: what the next epochs might bring, if they are like the last ones. No promise, and never a number that
//! anything else rests on: integers only, with the method and every assumption in the answer.
//!
//! The method is the plainest that can be checked by hand: of the last sealed epochs the median is the middle, the least is
//! low, the greatest is high; several epochs ahead are that many times one. No trend is drawn out: a share depends on what
//! all others deliver, and a straight line through a few points would look like knowledge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use super::Decimal;
use super::contributors::known;
use super::trends::paid;
use crate::chain::deployment;
use crate::service::App;
use crate::service::catalogue::Sealed;
use crate::service::chain::Snapshot;
use crate::service::http::answer::{Answer, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery};
use crate::service::openapi::{Operation, Routes};

/// Epochs looked at unless asked otherwise.
const WINDOW: usize = 7;
/// Most epochs looked at, and most epochs ahead.
const MOST: usize = 366;

/// How far to look.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HowFar {
    /// How many of the last sealed epochs to look at, 1 to 366; 7 if absent.
    #[schemars(range(min = 1, max = 366))]
    pub window: Option<usize>,
    /// How many epochs to look ahead, 1 to 366; 1 if absent.
    #[schemars(range(min = 1, max = 366))]
    pub epochs: Option<usize>,
}

/// A number of up to 128 bits: in JSON a decimal string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wide(pub u128);

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Wide {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Wide".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+$" })
    }
}

/// From little to much.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Spread {
    /// As in the least of the epochs looked at.
    pub low: Wide,
    /// As in their median (of an even number, the lower one).
    pub middle: Wide,
    /// As in the greatest of them.
    pub high: Wide,
}

/// What might be delivered and allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Outlook {
    /// Accepted bytes.
    pub bytes: Spread,
    /// Payouts.
    pub amount_base_units: Spread,
}

/// A projection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ProjectionView {
    /// Whose: a DID; none for the whole network.
    pub did: Option<String>,
    /// The method: `median_of_recent_epochs`.
    pub method: &'static str,
    /// The method in words.
    pub explanation: &'static str,
    /// Everything that is taken for granted. If one of these does not hold, neither does the projection.
    pub assumptions: Vec<String>,
    /// The epochs looked at, oldest first.
    pub window: Vec<Decimal>,
    /// The first epoch that is not sealed here yet: the projection is of this one and those after it.
    pub first_epoch: Decimal,
    /// How many epochs are looked ahead.
    pub epochs_ahead: usize,
    /// One epoch.
    pub per_epoch: Outlook,
    /// All of them.
    pub in_all: Outlook,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let words = "Low, middle and high are the least, the median and the greatest of the last sealed epochs. It is no promise; the \
                 answer names its assumptions.";
    let all = Operation::new("projection", "What the next epochs might bring to all", "trends").describe(words);
    let all = all.query::<HowFar>().answers::<Answer<ProjectionView>>().also(304, "Nothing has changed.").may_miss();
    let one = Operation::new("contributor_projection", "What the next epochs might bring to a contributor", "trends");
    let one = one.describe(words).did().query::<HowFar>().answers::<Answer<ProjectionView>>();
    routes.get("/api/v1/projection", all, network).get(
        "/api/v1/contributors/{did}/projection",
        one.also(304, "Nothing has changed."),
        contributor,
    )
}

fn bounded(name: &str, asked: Option<usize>, otherwise: usize) -> Result<usize, Problem> {
    match asked.unwrap_or(otherwise) {
        number @ 1..=MOST => Ok(number),
        number => Err(Problem::bad_request(format!("{name} is {number}: 1 to {MOST} are possible"))),
    }
}

/// The epochs looked at, oldest first, and how many to look ahead.
fn window(app: &App, asked: &HowFar) -> Result<(Vec<Arc<Sealed>>, usize), Problem> {
    let (window, ahead) = (bounded("window", asked.window, WINDOW)?, bounded("epochs", asked.epochs, 1)?);
    let sealed = app.catalogue.sealed();
    if sealed.is_empty() {
        return Err(Problem::not_found("no epoch is sealed here yet: there is nothing to look back at"));
    }
    let from = sealed.len().saturating_sub(window);
    Ok((sealed.into_iter().skip(from).collect(), ahead))
}

async fn network(
    State(app): State<App>,
    InQuery(asked): InQuery<HowFar>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (sealed, ahead) = window(&app, &asked)?;
    let snapshot = app.snapshot()?;
    let totals = |sealed: &Arc<Sealed>| {
        let totals = &sealed.manifest.totals;
        (totals.bytes, totals.allocated_base_units)
    };
    let values = sealed.iter().map(totals).collect();
    let view = project(None, &snapshot, &sealed, values, ahead);
    Answer::new(Standing::Estimate, &snapshot, view).respond(&headers)
}

async fn contributor(
    State(app): State<App>,
    InPath(did): InPath<String>,
    InQuery(asked): InQuery<HowFar>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (sealed, ahead) = window(&app, &asked)?;
    let snapshot = app.snapshot()?;
    let (first, last) = (epoch_of(sealed.first()), epoch_of(sealed.last()));
    let wanted = did.clone();
    let shares = app
        .read(move |_, reader| {
            let contributor = known(reader, &wanted)?;
            let shares = reader.shares_between(contributor.id, first, last)?;
            let shares = shares.into_iter().map(|share| (share.epoch, (share.payout.bytes, paid(&share.payout))));
            Ok(shares.collect::<BTreeMap<_, _>>())
        })
        .await?;
    let of = |sealed: &Arc<Sealed>| shares.get(&epoch_of(Some(sealed))).copied().unwrap_or((0, 0));
    let values = sealed.iter().map(of).collect();
    let view = project(Some(did), &snapshot, &sealed, values, ahead);
    Answer::new(Standing::Estimate, &snapshot, view).respond(&headers)
}

fn epoch_of(sealed: Option<&Arc<Sealed>>) -> u64 {
    sealed.map_or(0, |sealed| sealed.manifest.statement.epoch)
}

fn project(
    did: Option<String>,
    snapshot: &Snapshot,
    sealed: &[Arc<Sealed>],
    values: Vec<(u64, u64)>,
    ahead: usize,
) -> ProjectionView {
    let (bytes, amounts): (Vec<u64>, Vec<u64>) = values.into_iter().unzip();
    let (bytes, amount) = (spread(bytes), spread(amounts));
    let first = epoch_of(sealed.last()).saturating_add(1);
    let times = |spread: Spread| {
        let times = |value: Wide| Wide(value.0 * ahead as u128);
        Spread { low: times(spread.low), middle: times(spread.middle), high: times(spread.high) }
    };
    ProjectionView {
        assumptions: assumptions(did.is_some(), snapshot, sealed, first, ahead),
        did,
        method: "median_of_recent_epochs",
        explanation: "Of the epochs looked at: the least, the median and the greatest value, each times the number of epochs \
                      ahead. A projection is no promise.",
        window: sealed.iter().map(|sealed| Decimal(epoch_of(Some(sealed)))).collect(),
        first_epoch: Decimal(first),
        epochs_ahead: ahead,
        per_epoch: Outlook { bytes, amount_base_units: amount },
        in_all: Outlook { bytes: times(bytes), amount_base_units: times(amount) },
    }
}

/// The least, the lower median and the greatest of at least one value.
fn spread(mut values: Vec<u64>) -> Spread {
    values.sort_unstable();
    let at = |place: usize| Wide(values.get(place).copied().unwrap_or_default().into());
    let last = values.len().saturating_sub(1);
    Spread { low: at(0), middle: at(last / 2), high: at(last) }
}

fn assumptions(of_one: bool, snapshot: &Snapshot, sealed: &[Arc<Sealed>], first: u64, ahead: usize) -> Vec<String> {
    let count = sealed.len();
    let mut assumptions = vec![format!("The next {ahead} epochs are like the last {count} that are sealed here.")];
    if of_one {
        assumptions.push(
            "What all others deliver stays like it was: a share depends on everybody's effective bytes.".to_owned(),
        );
        assumptions.push("An epoch in which the contributor had no share counts as 0.".to_owned());
    }
    let versions: BTreeSet<u32> = sealed.iter().map(|sealed| sealed.manifest.statement.params_version).collect();
    let listed = versions.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let last = first.saturating_add(ahead as u64).saturating_sub(1);
    let ahead_versions: BTreeSet<u32> = [first, last]
        .into_iter()
        .filter_map(|epoch| deployment::params_in_force(&snapshot.view.versions, epoch))
        .map(|version| version.number)
        .collect();
    if versions == ahead_versions {
        assumptions.push(format!("Parameters version {listed} stays in force, as in the epochs looked at."));
    } else {
        let coming = ahead_versions.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        assumptions.push(format!(
            "Parameters change nothing: the epochs looked at were under version {listed}, those ahead are under {coming}; amounts are not converted."
        ));
    }
    let ratified = sealed.iter().filter(|sealed| snapshot.is_ratified(epoch_of(Some(sealed)))).count();
    assumptions
        .push(format!("Of the epochs looked at, {ratified} of {count} are ratified; the others may still change."));
    if !snapshot.is_live() {
        assumptions.push("The parameters in force are Demo: nothing of a Demo epoch is ever paid.".to_owned());
    }
    assumptions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_a_value_that_occurred() {
        let of = |values: &[u64]| {
            let Spread { low, middle, high } = spread(values.to_vec());
            (low.0, middle.0, high.0)
        };
        assert_eq!(of(&[5]), (5, 5, 5));
        assert_eq!(of(&[9, 1]), (1, 1, 9));
        assert_eq!(of(&[7, 0, 9, 8]), (0, 7, 9));
        assert_eq!(of(&[3, 1, 2]), (1, 2, 3));
    }

    #[test]
    fn bounds_are_refused_by_name() {
        assert_eq!(bounded("window", None, WINDOW).unwrap(), WINDOW);
        for number in [0, 367] {
            assert!(bounded("window", Some(number), WINDOW).unwrap_err().message.contains("window"));
        }
    }
}
