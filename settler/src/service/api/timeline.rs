//! `/api/v1/epochs/{epoch}/timeline`: when an epoch was, is or will be what, and the transactions that made it so.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_client::state::EpochStatus;
use schemars::JsonSchema;
use serde::Serialize;

use super::epochs::{time, window_ends};
use super::{Decimal, number, sealed};
use crate::epoch::due::postable_from;
use crate::service::App;
use crate::service::chain::Snapshot;
use crate::service::history::Transaction;
use crate::service::http::answer::{Answer, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::InPath;
use crate::service::openapi::{Operation, Routes};

/// A moment in the life of an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Moment {
    /// What begins or ends then: `starts`, `ends`, `postable`, `posted`, `challenge_ends`, `disputed`, `finalized`, `ratified`,
    /// `claims_end`.
    pub what: &'static str,
    /// Unix seconds.
    pub unix: i64,
    /// Whether the chain's clock has passed it.
    pub passed: bool,
}

/// A transaction that changed an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TransactionView {
    /// What it did: `post`, `attest`, `dispute`, `resolve_dispute`, `finalize`, `ratify`, `close`, `revoke`, `reopen`.
    pub what: &'static str,
    /// Its signature.
    pub signature: String,
    /// Slot of its block.
    pub slot: Decimal,
    /// Time of its block in Unix seconds, where the node knows it.
    pub unix: Option<i64>,
    /// The settler, disputer or judge, where the program's events name one.
    pub by: Option<String>,
    /// The epoch's attempt, where the events name it.
    pub attempt: Option<u32>,
}

/// An epoch in time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TimelineView {
    /// The epoch.
    pub epoch: Decimal,
    /// Moments in order; those ahead are as of now, pauses put them off.
    pub moments: Vec<Moment>,
    /// Transactions in the order of their slots.
    pub transactions: Vec<TransactionView>,
    /// Whether the chain's history was read up to the epoch's present state. Where the node keeps none, transactions stay
    /// unknown all the same.
    pub complete: bool,
}

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("timeline", "Moments and transactions of an epoch", "epochs").epoch();
    let operation = operation.answers::<Answer<TimelineView>>().also(304, "Nothing has changed.");
    routes.get("/api/v1/epochs/{epoch}/timeline", operation, show)
}

async fn show(State(app): State<App>, InPath(epoch): InPath<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    let epoch = if epoch == "latest" { sealed(&app, &epoch)?.manifest.statement.epoch } else { number(&epoch)? };
    let account = snapshot.epochs.get(&epoch);
    if account.is_none() && app.catalogue.epoch(epoch).is_none() {
        sealed(&app, &epoch.to_string())?;
    }
    let transactions = match account {
        Some(account) => app.histories.of(account),
        None => Some(Vec::new()),
    };
    let view = TimelineView {
        epoch: Decimal(epoch),
        moments: moments(&snapshot, epoch),
        complete: transactions.is_some(),
        transactions: transactions.unwrap_or_default().into_iter().map(TransactionView::from).collect(),
    };
    Answer::new(Standing::of(&snapshot, epoch), &snapshot, view).respond(&headers)
}

impl From<Transaction> for TransactionView {
    fn from(transaction: Transaction) -> Self {
        let Transaction { what, signature, slot, unix_timestamp, by, attempt } = transaction;
        Self { what, signature: signature.to_string(), slot: Decimal(slot), unix: unix_timestamp, by, attempt }
    }
}

/// Every moment that is known, in order.
fn moments(snapshot: &Snapshot, epoch: u64) -> Vec<Moment> {
    let account = snapshot.epochs.get(&epoch);
    let rooted = account.filter(|account| account.status.has_root());
    let calendar = snapshot.view.deployment().calendar().ok();
    let disputed = snapshot
        .disputes
        .iter()
        .find(|dispute| account.is_some_and(|it| (it.epoch, it.attempt) == (dispute.epoch, dispute.attempt)));
    let is_ratified = |status| matches!(status, EpochStatus::Ratified | EpochStatus::Closed);
    let known = [
        ("starts", calendar.and_then(|calendar| calendar.start_unix(epoch))),
        ("ends", calendar.and_then(|calendar| calendar.end_unix(epoch))),
        ("postable", postable_from(&snapshot.view, epoch).ok()),
        ("posted", rooted.and_then(|account| time(account.posted.at))),
        (
            "challenge_ends",
            rooted.map(|account| window_ends(snapshot, &account.posted, account.times.challenge_seconds)),
        ),
        ("disputed", disputed.and_then(|dispute| time(dispute.opened.at))),
        (
            "finalized",
            rooted.filter(|account| account.status.is_final()).and_then(|account| time(account.finalized.at)),
        ),
        (
            "ratified",
            rooted.filter(|account| is_ratified(account.status)).and_then(|account| time(account.ratified.at)),
        ),
        (
            "claims_end",
            rooted
                .filter(|account| is_ratified(account.status))
                .map(|account| window_ends(snapshot, &account.ratified, account.times.claim_seconds)),
        ),
    ];
    let moments = known.into_iter().filter_map(|(what, unix)| {
        let unix = unix?;
        Some(Moment { what, unix, passed: unix <= snapshot.view.now })
    });
    let mut moments: Vec<Moment> = moments.collect();
    moments.sort_by_key(|moment| moment.unix);
    moments
}
