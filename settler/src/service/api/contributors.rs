//! `/api/v1/contributors`: search by DID or address, and one contributor through all epochs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decimal;
use crate::artefact::payout::Payout;
use crate::service::App;
use crate::service::catalogue::read::Contributor;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, ONE, Paging, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};

/// Whom to search.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// A DID or its beginning, or the address that is paid; everybody if absent.
    pub q: Option<String>,
    /// Most items, 1 to 1000; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// `next` of the page before; absent for the first.
    pub cursor: Option<String>,
}

/// Somebody with at least one share.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct ContributorView {
    /// The DID.
    pub did: String,
    /// The address that is paid, if the DID has one of its own.
    pub payee: Option<String>,
    /// Epochs with a share.
    pub epochs: Decimal,
    /// Accepted bytes in all of them.
    pub bytes: Decimal,
    /// Payouts in all of them, ratified or not.
    pub amount_base_units: Decimal,
}

/// A share in one epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct EpochShare {
    /// The epoch.
    pub epoch: Decimal,
    /// How sure it is.
    pub standing: Standing,
    /// The share.
    pub payout: Payout,
}

/// A contributor through all epochs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct HistoryView {
    /// The contributor.
    pub contributor: ContributorView,
    /// Shares, newest first.
    pub shares: Page<EpochShare>,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let search = Operation::new("contributors", "Search contributors by DID or address", "contributors");
    let search = search.query::<Search>().answers::<Answer<Page<ContributorView>>>().also(304, "Nothing has changed.");
    let one = Operation::new("contributor", "A contributor through all epochs", "contributors").did();
    let one = one.query::<Paging>().cursor(ONE).answers::<Answer<HistoryView>>().also(304, "Nothing has changed.");
    routes.get("/api/v1/contributors", search, find).get("/api/v1/contributors/{did}", one, show)
}

/// An address that could be a payee.
fn address(text: &str) -> Option<[u8; 32]> {
    bs58::decode(text).into_vec().ok()?.try_into().ok()
}

async fn find(
    State(app): State<App>,
    InQuery(search): InQuery<Search>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(search.limit)?;
    let asked = search.q.unwrap_or_default();
    let after = search.cursor.unwrap_or_default();
    let page = app
        .read(move |_, reader| {
            let found = match address(&asked) {
                Some(payee) => reader.by_payee(&payee, &after, limit)?,
                None => reader.by_did(&asked, &after, limit)?,
            };
            let Page { items, next } = Page::of(found, limit, |last| last.did.clone());
            let items = items.into_iter().map(|contributor| {
                let sums = reader.sums_of(contributor.id)?;
                Ok(view(contributor, sums))
            });
            Ok(Page { items: items.collect::<Result<Vec<_>, Problem>>()?, next })
        })
        .await?;
    // Sums over epochs of which some may not be ratified.
    Answer::new(Standing::Provisional, &*app.snapshot()?, page).respond(&headers)
}

fn view(contributor: Contributor, (epochs, bytes, amount): (u64, u64, u64)) -> ContributorView {
    let payee = Some(contributor.payee).filter(|payee| *payee != [0; 32]);
    ContributorView {
        did: contributor.did,
        payee: payee.map(|payee| bs58::encode(payee).into_string()),
        epochs: Decimal(epochs),
        bytes: Decimal(bytes),
        amount_base_units: Decimal(amount),
    }
}

async fn show(
    State(app): State<App>,
    InPath(did): InPath<String>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let before = cursor::<1>(paging.cursor.as_deref())?.map(|[epoch]| epoch);
    let snapshot = app.snapshot()?;
    let at = snapshot.clone();
    let history = app
        .read(move |_, reader| {
            let contributor = known(reader, &did)?;
            let found = reader.history(contributor.id, before, limit)?;
            let shares = found.into_iter().map(|share| EpochShare {
                epoch: Decimal(share.epoch),
                standing: Standing::of(&at, share.epoch),
                payout: share.payout,
            });
            let shares = Page::of(shares.collect(), limit, |last| to_cursor([last.epoch.0.cast_signed()]));
            let sums = reader.sums_of(contributor.id)?;
            Ok(HistoryView { contributor: view(contributor, sums), shares })
        })
        .await?;
    let standing = history.shares.items.iter().map(|share| share.standing).min().unwrap_or(Standing::Provisional);
    Answer::new(standing, &snapshot, history).respond(&headers)
}

/// The contributor of a DID.
///
/// # Errors
/// 404 with where to look, if no judged batch names it.
pub fn known(reader: &crate::service::catalogue::Reader, did: &str) -> Result<Contributor, Problem> {
    reader.contributor(did)?.ok_or_else(|| {
        Problem::not_found(format!(
            "no judged batch names {did}; /api/v1/estimate has the running epoch, /api/v1/rejects what was refused"
        ))
    })
}
