//! `/api/v1/trends`: epoch by epoch, of the network and of one contributor.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decimal;
use super::contributors::known;
use super::network::{Point, point};
use crate::artefact::payout::Payout;
use crate::service::App;
use crate::service::catalogue::Sealed;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, ONE, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};

/// Which epochs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first epoch wanted; from the beginning if absent.
    #[schemars(range(max = u64::MAX))]
    pub from: Option<u64>,
    /// The last epoch wanted; up to the newest if absent.
    #[schemars(range(max = u64::MAX))]
    pub to: Option<u64>,
    /// Most items, 1 to 1000; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// `next` of the page before; absent for the newest.
    pub cursor: Option<String>,
}

/// A contributor in one epoch; zeros where it had nothing that counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ContributorPoint {
    /// The epoch.
    pub epoch: Decimal,
    /// Unix seconds at which it ends.
    pub end_unix: Option<i64>,
    /// How sure it is.
    pub standing: Standing,
    /// Accepted bytes.
    pub bytes: Decimal,
    /// Bytes after all multipliers.
    pub effective_bytes: Decimal,
    /// The payout; 0 without a leaf.
    pub amount_base_units: Decimal,
    /// The pool of the epoch.
    pub pool_base_units: Decimal,
    /// The payout in bps of the pool, rounded down; 0 where there is no pool.
    pub share_bps: u32,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let unchanged = "Nothing has changed.";
    let all = Operation::new("trends", "Bytes, pool, payouts and contributors epoch by epoch, newest first", "trends");
    let all = all.query::<Span>().cursor(ONE).answers::<Answer<Page<Point>>>().also(304, unchanged);
    let one = Operation::new("contributor_trends", "A contributor epoch by epoch, newest first", "trends").did();
    let one = one
        .describe("Every sealed epoch is listed, so that a gap is seen: with zeros where the contributor had nothing that counts.")
        .query::<Span>().cursor(ONE)
        .answers::<Answer<Page<ContributorPoint>>>()
        .also(304, unchanged);
    routes.get("/api/v1/trends", all, network).get("/api/v1/contributors/{did}/trends", one, contributor)
}

/// The sealed epochs of a span, newest first, and how many make a page.
fn span(app: &App, asked: &Span) -> Result<(Vec<Arc<Sealed>>, usize), Problem> {
    let limit = limit(asked.limit)?;
    let before = cursor::<1>(asked.cursor.as_deref())?.map(|[epoch]| epoch.cast_unsigned());
    let mut sealed = app.catalogue.sealed();
    sealed.retain(|sealed| {
        let epoch = sealed.manifest.statement.epoch;
        asked.from.is_none_or(|from| epoch >= from)
            && asked.to.is_none_or(|to| epoch <= to)
            && before.is_none_or(|before| epoch < before)
    });
    sealed.reverse();
    sealed.truncate(limit.saturating_add(1));
    Ok((sealed, limit))
}

async fn network(
    State(app): State<App>,
    InQuery(asked): InQuery<Span>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (sealed, limit) = span(&app, &asked)?;
    let snapshot = app.snapshot()?;
    let calendar = snapshot.view.deployment().calendar().map_err(anyhow::Error::from)?;
    let points: Vec<Point> = sealed.iter().map(|sealed| point(&snapshot, calendar, sealed)).collect();
    let page = Page::of(points, limit, |last| to_cursor([last.epoch.0.cast_signed()]));
    let standing = page.items.iter().map(|point| point.standing).min().unwrap_or(Standing::Provisional);
    Answer::new(standing, &snapshot, page).respond(&headers)
}

async fn contributor(
    State(app): State<App>,
    InPath(did): InPath<String>,
    InQuery(asked): InQuery<Span>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (sealed, limit) = span(&app, &asked)?;
    let snapshot = app.snapshot()?;
    let numbers: Vec<u64> = sealed.iter().map(|sealed| sealed.manifest.statement.epoch).collect();
    let shares = app
        .read(move |_, reader| {
            let contributor = known(reader, &did)?;
            let (Some(last), Some(first)) = (numbers.first(), numbers.last()) else { return Ok(BTreeMap::new()) };
            let shares = reader.shares_between(contributor.id, *first, *last)?;
            Ok(shares.into_iter().map(|share| (share.epoch, share.payout)).collect::<BTreeMap<_, _>>())
        })
        .await?;
    let calendar = snapshot.view.deployment().calendar().map_err(anyhow::Error::from)?;
    let points: Vec<ContributorPoint> = sealed
        .iter()
        .map(|sealed| {
            let statement = &sealed.manifest.statement;
            let share = shares.get(&statement.epoch);
            let of = |field: fn(&Payout) -> u64| share.map_or(0, field);
            let amount = of(paid);
            ContributorPoint {
                epoch: Decimal(statement.epoch),
                end_unix: calendar.end_unix(statement.epoch),
                standing: Standing::of(&snapshot, statement.epoch),
                bytes: Decimal(of(|share| share.bytes)),
                effective_bytes: Decimal(of(|share| share.effective_bytes)),
                amount_base_units: Decimal(amount),
                pool_base_units: Decimal(statement.pool),
                share_bps: share_bps(amount, statement.pool),
            }
        })
        .collect();
    let page = Page::of(points, limit, |last| to_cursor([last.epoch.0.cast_signed()]));
    let standing = page.items.iter().map(|point| point.standing).min().unwrap_or(Standing::Provisional);
    Answer::new(standing, &snapshot, page).respond(&headers)
}

/// What a share comes to: nothing without a leaf.
pub(super) fn paid(share: &Payout) -> u64 {
    if share.index.is_some() { share.amount } else { 0 }
}

/// An amount in bps of the pool, rounded down; an amount never exceeds its pool.
fn share_bps(amount: u64, pool: u64) -> u32 {
    let bps = (u128::from(amount) * 10_000).checked_div(u128::from(pool)).unwrap_or(0);
    u32::try_from(bps).unwrap_or(10_000)
}

#[cfg(test)]
mod tests {
    use super::share_bps;

    #[test]
    fn a_share_of_the_pool_is_rounded_down_and_no_pool_has_none() {
        assert_eq!((share_bps(1, 3), share_bps(3, 3), share_bps(0, 0)), (3_333, 10_000, 0));
        assert_eq!(share_bps(u64::MAX, u64::MAX), 10_000);
    }
}
