//! `/api/v1/sfus` and `/api/v1/settlers`: who is registered, whether it counts now, and what is held of it here.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::address;
use radio_payouts_client::state::{Settler, Sfu};
use radio_payouts_protocol::did::did_of_key;
use schemars::JsonSchema;
use serde::Serialize;

use super::Decimal;
use crate::service::App;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InQuery, KEY, Paging, key_cursor, limit};
use crate::service::openapi::{Operation, Routes};
use crate::store::Store;

/// The newest batch that is held of an SFU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct HeldView {
    /// Its number: the greatest.
    pub seq: Decimal,
    /// End of its window, in Unix milliseconds.
    pub window_end_ms: Decimal,
    /// When it was received, in Unix milliseconds of this receiver's clock.
    pub received_ms: Decimal,
}

/// An SFU.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SfuView {
    /// Its did:key.
    pub did: String,
    /// Address of its account.
    pub address: String,
    /// Who may replace its key or stop it.
    pub operator: String,
    /// Whether its batches count in Demo epochs only.
    pub demo: bool,
    /// First epoch in which it is valid.
    pub valid_from: Decimal,
    /// First epoch in which it is no longer valid; none if no end is set.
    pub valid_until: Option<Decimal>,
    /// Most accepted bytes per epoch.
    pub max_bytes_per_epoch: Decimal,
    /// Batches from this number on do not count; none if it was not stopped.
    pub stop_seq: Option<Decimal>,
    /// did:key of the SFU key that it replaced.
    pub replaces: Option<String>,
    /// By the running epoch: `active`, `upcoming`, `ended`, or `stopped` (valid, but batches from `stop_seq` on do not count).
    pub state: &'static str,
    /// What is held of it here; none if nothing is.
    pub held: Option<HeldView>,
}

/// The candidate that a settler supports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SupportView {
    /// Its epoch.
    pub epoch: Decimal,
    /// The epoch's attempt.
    pub attempt: u32,
    /// Its commitment.
    pub commitment: String,
}

/// A settler.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SettlerView {
    /// The address that signs its posts.
    pub address: String,
    /// Who may replace it or stop it.
    pub operator: String,
    /// First epoch in which it may post.
    pub valid_from: Decimal,
    /// Since when it may no longer post, in Unix seconds; none if it was not stopped.
    pub stopped_unix: Option<i64>,
    /// The address that it replaced.
    pub replaces: Option<String>,
    /// `active`, `upcoming` or `stopped`.
    pub state: &'static str,
    /// The candidate that it supported last.
    pub supports: Option<SupportView>,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let unchanged = "Nothing has changed.";
    let sfus = Operation::new("sfus", "SFUs ever registered, and what is held of each here", "chain");
    let sfus = sfus.query::<Paging>().cursor(KEY).answers::<Answer<Page<SfuView>>>().also(304, unchanged);
    let settlers = Operation::new("settlers", "Settlers ever registered", "chain");
    let settlers = settlers.query::<Paging>().cursor(KEY).answers::<Answer<Page<SettlerView>>>().also(304, unchanged);
    routes.get("/api/v1/sfus", sfus, index_sfus).get("/api/v1/settlers", settlers, index_settlers)
}

async fn index_sfus(
    State(app): State<App>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let after = key_cursor(paging.cursor.as_deref())?;
    let snapshot = app.snapshot()?;
    let at = snapshot.clone();
    let page = app
        .read(move |service, _| {
            let running = at.running_epoch().unwrap_or_default();
            let mut sfus: Vec<&Sfu> = at.view.sfus.iter().collect();
            sfus.sort_unstable_by_key(|sfu| sfu.key);
            sfus.retain(|sfu| after.is_none_or(|after| sfu.key > after));
            sfus.truncate(limit.saturating_add(1));
            let Page { items, next } = Page::of(sfus, limit, |last| hex::encode(last.key));
            let store = Store::open_read_only(&service.options.data)?;
            let items = items.into_iter().map(|sfu| {
                let last = store.index().last(&sfu.key)?;
                let held = last.map(|last| HeldView {
                    seq: Decimal(last.header.seq),
                    window_end_ms: Decimal(last.header.to_ms),
                    received_ms: Decimal(last.received_ms),
                });
                Ok(describe_sfu(sfu, running, held))
            });
            Ok(Page { items: items.collect::<Result<Vec<_>, Problem>>()?, next })
        })
        .await?;
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, page).respond(&headers)
}

fn describe_sfu(sfu: &Sfu, running: u64, held: Option<HeldView>) -> SfuView {
    let state = match () {
        () if running < sfu.valid_from => "upcoming",
        () if sfu.stop_seq != u64::MAX => "stopped",
        () if running >= sfu.valid_until => "ended",
        () => "active",
    };
    SfuView {
        did: did_of_key(&sfu.key),
        address: address::sfu_address(&sfu.key).to_string(),
        operator: sfu.operator.to_string(),
        demo: sfu.demo,
        valid_from: Decimal(sfu.valid_from),
        valid_until: Some(sfu.valid_until).filter(|epoch| *epoch != u64::MAX).map(Decimal),
        max_bytes_per_epoch: Decimal(sfu.max_bytes_per_epoch),
        stop_seq: Some(sfu.stop_seq).filter(|seq| *seq != u64::MAX).map(Decimal),
        replaces: sfu.replaces.map(|key| did_of_key(&key)),
        state,
        held,
    }
}

async fn index_settlers(
    State(app): State<App>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let after = key_cursor(paging.cursor.as_deref())?;
    let snapshot = app.snapshot()?;
    let running = snapshot.running_epoch().unwrap_or_default();
    let found = snapshot.settlers.iter().filter(|settler| after.is_none_or(|after| settler.key.to_bytes() > after));
    let found: Vec<&Settler> = found.take(limit.saturating_add(1)).collect();
    let Page { items, next } = Page::of(found, limit, |last| hex::encode(last.key.to_bytes()));
    let page = Page { items: items.into_iter().map(|settler| describe_settler(settler, running)).collect(), next };
    Answer::new(Standing::ratified_if(snapshot.is_live()), &snapshot, page).respond(&headers)
}

fn describe_settler(settler: &Settler, running: u64) -> SettlerView {
    let state = match settler.stopped_at {
        Some(_) => "stopped",
        None if running < settler.valid_from => "upcoming",
        None => "active",
    };
    SettlerView {
        address: settler.key.to_string(),
        operator: settler.operator.to_string(),
        valid_from: Decimal(settler.valid_from),
        stopped_unix: settler.stopped_at,
        replaces: settler.replaces.map(|key| key.to_string()),
        state,
        supports: settler.support.map(|support| SupportView {
            epoch: Decimal(support.epoch),
            attempt: support.attempt,
            commitment: hex::encode(support.commitment),
        }),
    }
}
