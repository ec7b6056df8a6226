//! `/api/v1/epochs/{epoch}/contributors`: shares of an epoch, and of each one its proof and why it is what it is.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;

use super::contributors::known;
use super::{receipts, sealed};
use crate::artefact::explanation::Explanation;
use crate::artefact::payout::Payout;
use crate::artefact::proof::{self, ProofBundle};
use crate::service::catalogue::read::Contributor;
use crate::service::catalogue::{Reader, Sealed};
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, Paging, TWO, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};
use crate::service::{App, Service};

/// Receipts of an explanation unless asked otherwise.
const RECEIPTS: usize = 40;

/// How much of an explanation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HowMuch {
    /// Most receipts to list, 1 to 1000; 40 if absent. Sums always cover all.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let unchanged = "Nothing has changed.";
    let list = Operation::new("shares", "Shares of an epoch, highest first", "contributors").epoch();
    let list = list.query::<Paging>().cursor(TWO).answers::<Answer<Page<Payout>>>().also(304, unchanged);
    let one = Operation::new("share", "A contributor's share of an epoch", "contributors").epoch().did();
    let one = one.answers::<Answer<Payout>>().also(304, unchanged);
    let proof =
        Operation::new("proof", "Proof of a share: all that a verifier needs but trust in the chain", "contributors");
    let proof = proof.epoch().did().answers::<Answer<ProofBundle>>().also(304, unchanged);
    let why =
        Operation::new("explanation", "A share line by line: receipts, bytes, factors, floors, leaf", "contributors");
    let why = why.epoch().did().query::<HowMuch>().answers::<Answer<Explanation>>().also(304, unchanged);
    routes
        .get("/api/v1/epochs/{epoch}/contributors", list, index)
        .get("/api/v1/epochs/{epoch}/contributors/{did}", one, show)
        .get("/api/v1/epochs/{epoch}/contributors/{did}/proof", proof, prove)
        .get("/api/v1/epochs/{epoch}/contributors/{did}/explanation", why, explain)
}

async fn index(
    State(app): State<App>,
    InPath(epoch): InPath<String>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let after = cursor::<2>(paging.cursor.as_deref())?;
    let sealed = sealed(&app, &epoch)?;
    let id = sealed.id;
    let page = app
        .read(move |_, reader| {
            let found = Page::of(reader.shares(id, after, limit)?, limit, |last| {
                to_cursor([last.payout.amount.cast_signed(), last.contributor])
            });
            Ok(Page { items: found.items.into_iter().map(|share| share.payout).collect(), next: found.next })
        })
        .await?;
    respond(&app, &sealed, page, &headers)
}

fn respond<T: serde::Serialize>(app: &App, sealed: &Sealed, data: T, headers: &HeaderMap) -> Result<Response, Problem> {
    let snapshot = app.snapshot()?;
    Answer::new(Standing::of(&snapshot, sealed.manifest.statement.epoch), &snapshot, data).respond(headers)
}

/// A contributor's share.
fn share(reader: &Reader, sealed: &Sealed, did: &str) -> Result<(Contributor, Payout), Problem> {
    let contributor = known(reader, did)?;
    let payout = reader.share(sealed.id, contributor.id)?.ok_or_else(|| {
        let epoch = sealed.manifest.statement.epoch;
        Problem::not_found(format!(
            "{did} delivered nothing that counts in epoch {epoch}; /api/v1/epochs/{epoch}/contributors/{did}/receipts says why"
        ))
    })?;
    Ok((contributor, payout))
}

type Where = InPath<(String, String)>;

async fn show(State(app): State<App>, InPath((epoch, did)): Where, headers: HeaderMap) -> Result<Response, Problem> {
    let sealed = sealed(&app, &epoch)?;
    let of = sealed.clone();
    let payout = app.read(move |_, reader| Ok(share(reader, &of, &did)?.1)).await?;
    respond(&app, &sealed, payout, &headers)
}

async fn prove(State(app): State<App>, InPath((epoch, did)): Where, headers: HeaderMap) -> Result<Response, Problem> {
    let sealed = sealed(&app, &epoch)?;
    let of = sealed.clone();
    let bundle = app.read(move |service, reader| bundle(service, reader, &of, &did)).await?;
    respond(&app, &sealed, bundle, &headers)
}

fn bundle(service: &Service, reader: &Reader, sealed: &Sealed, did: &str) -> Result<ProofBundle, Problem> {
    let manifest = &sealed.manifest;
    let (_, payout) = share(reader, sealed, did)?;
    if payout.index.is_none() {
        let reason = payout.reason.as_deref().unwrap_or("no reason is given");
        return Err(Problem::not_found(format!("{did} has no leaf in epoch {}: {reason}", manifest.statement.epoch)));
    }
    Ok(proof::assemble(manifest, &payout, |index| service.catalogue.levels(manifest)?.proof(index))?)
}

async fn explain(
    State(app): State<App>,
    InPath((epoch, did)): Where,
    InQuery(how): InQuery<HowMuch>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(how.limit.or(Some(RECEIPTS)))?;
    let sealed = sealed(&app, &epoch)?;
    let snapshot = app.snapshot()?;
    let standing = Standing::of(&snapshot, sealed.manifest.statement.epoch);
    let of = sealed.clone();
    let explanation = app.read(move |service, reader| explanation(service, reader, &of, &did, standing, limit)).await?;
    respond(&app, &sealed, explanation, &headers)
}

fn explanation(
    service: &Service,
    reader: &Reader,
    sealed: &Arc<Sealed>,
    did: &str,
    standing: Standing,
    limit: usize,
) -> Result<Explanation, Problem> {
    let (contributor, payout) = share(reader, sealed, did)?;
    let receipts = receipts::accepted(service, reader, sealed, &contributor, limit)?;
    let cells = reader.cells(sealed.id, contributor.id)?;
    let weight = cells.iter().try_fold(0u128, |sum, cell| Some(sum.saturating_add(cell.weight_e12.parse().ok()?)));
    let weight = weight.ok_or_else(|| anyhow::anyhow!("a weight in the catalogue is no number"))?;
    let totals = &sealed.manifest.totals;
    Ok(Explanation {
        standing: standing.as_str(),
        epoch: sealed.manifest.statement.epoch,
        receipts_in_all: usize::try_from(reader.receipts_naming(sealed.id, contributor.id)?).unwrap_or(usize::MAX),
        receipts,
        cells,
        weight_e12: weight.to_string(),
        total_effective_bytes: totals.effective_bytes,
        pool_base_units: sealed.manifest.statement.pool,
        cap_base_units: totals.cap_base_units,
        payout,
    })
}
