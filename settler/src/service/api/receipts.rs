//! `/api/v1/epochs/{epoch}/contributors/{did}/receipts`: every receipt of a judged batch that names a contributor, and what
//! became of it. "Why is my receipt missing?" is answered here: by its verdict, or by that of its batch.

use std::path::Path;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_protocol::batch::{BatchVerdict, Envelope, ReceiptVerdict, Received};

use super::contributors::known;
use super::sealed;
use crate::artefact::batches::{file_name, read_verdicts};
use crate::artefact::envelopes::{Envelopes, kept};
use crate::artefact::explanation::{ReceiptLine, Verdict, lines};
use crate::service::catalogue::read::{Contributor, Mention};
use crate::service::catalogue::{Reader, Sealed};
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, Paging, TWO, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};
use crate::service::{App, Service};
use crate::store::Store;

/// Most envelopes that one request reads.
const ENVELOPES: usize = 64;

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation =
        Operation::new("receipts", "Receipts that name a contributor, and what became of each", "contributors");
    let operation = operation
        .describe(
            "The verdict is `accepted`, that of the receipt (`bad_did`, `bad_time`, `duplicate`, `no_contributors`, `unlicensed`, \
             `bytes_over_bound`, `sfu_over_capacity`), or that of its whole batch (`stopped`, `not_valid`, `late`, `chain_broken`, \
             `bad_window`). What never became part of an epoch is under /api/v1/rejects. A page may have fewer items than asked \
             for and a next page all the same.",
        )
        .epoch()
        .did()
        .query::<Paging>().cursor(TWO)
        .answers::<Answer<Page<ReceiptLine>>>();
    routes.get("/api/v1/epochs/{epoch}/contributors/{did}/receipts", operation.also(304, "Nothing has changed."), index)
}

async fn index(
    State(app): State<App>,
    InPath((epoch, did)): InPath<(String, String)>,
    InQuery(paging): InQuery<Paging>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(paging.limit)?;
    let from = cursor::<2>(paging.cursor.as_deref())?.unwrap_or_default();
    let sealed = sealed(&app, &epoch)?;
    let of = sealed.clone();
    let page = app
        .read(move |service, reader| {
            let contributor = known(reader, &did)?;
            page(service, reader, &of, &contributor, from, limit, false)
        })
        .await?;
    let snapshot = app.snapshot()?;
    Answer::new(Standing::of(&snapshot, sealed.manifest.statement.epoch), &snapshot, page).respond(&headers)
}

/// The first `limit` receipts of accepted batches that name a contributor.
///
/// # Errors
/// If the folder is damaged.
pub fn accepted(
    service: &Service,
    reader: &Reader,
    sealed: &Sealed,
    contributor: &Contributor,
    limit: usize,
) -> Result<Vec<ReceiptLine>, Problem> {
    Ok(page(service, reader, sealed, contributor, [0, 0], limit, true)?.items)
}

/// Receipts from number `skip` of the batch in row `batch` on.
fn page(
    service: &Service,
    reader: &Reader,
    sealed: &Sealed,
    contributor: &Contributor,
    [batch, skip]: [i64; 2],
    limit: usize,
    accepted_only: bool,
) -> Result<Page<ReceiptLine>, Problem> {
    let folder = service.catalogue.epoch_folder(sealed.manifest.statement.epoch);
    let mentions = reader.mentions(sealed.id, contributor.id, batch, ENVELOPES)?;
    let mut items = Vec::new();
    for (read, mention) in mentions.iter().enumerate() {
        if read == ENVELOPES {
            return Ok(Page { items, next: Some(to_cursor([mention.batch, 0])) });
        }
        if accepted_only && mention.verdict != "accepted" {
            continue;
        }
        let skipped = if mention.batch == batch { usize::try_from(skip).unwrap_or_default() } else { 0 };
        let of_batch = receipts_of(&folder, reader, sealed, mention, &contributor.did)?;
        for (number, line) in of_batch.into_iter().enumerate().skip(skipped) {
            if items.len() == limit {
                let number = i64::try_from(number).unwrap_or(i64::MAX);
                return Ok(Page { items, next: Some(to_cursor([mention.batch, number])) });
            }
            items.push(line);
        }
    }
    Ok(Page { items, next: None })
}

fn receipts_of(
    folder: &Path,
    reader: &Reader,
    sealed: &Sealed,
    mention: &Mention,
    did: &str,
) -> Result<Vec<ReceiptLine>, Problem> {
    let name = file_name(&mention.sfu);
    let in_file = || -> anyhow::Result<_> {
        let envelopes = Envelopes::open(&kept(folder, &name)?)?;
        parse(mention, &envelopes.read(mention.start, usize::try_from(mention.length)?)?)
    };
    let received = in_file()
        .or_else(|error| moved(folder, reader, sealed, mention).with_context(|| format!("{error:#}")))
        .with_context(|| format!("{name} at byte {}", mention.start))?;
    let header = received.header();
    let batch_verdict = BatchVerdict::ALL.iter().find(|verdict| verdict.as_str() == mention.verdict);
    if let Some(verdict) = batch_verdict {
        return Ok(lines(&header, received.batch(), Verdict::Batch(*verdict), did).collect());
    }
    let mut verdicts = vec![None; received.batch().receipts.len()];
    for (position, word) in reader.rejected_in(sealed.id, mention.batch)? {
        let verdict = ReceiptVerdict::ALL.iter().find(|verdict| verdict.as_str() == word);
        if let Some(place) = verdicts.get_mut(position) {
            *place = verdict.copied();
        }
    }
    Ok(lines(&header, received.batch(), Verdict::Receipts(&verdicts), did).collect())
}

fn parse(mention: &Mention, envelope: &[u8]) -> anyhow::Result<Received> {
    let received = Envelope::parse(envelope).map_err(|answer| anyhow::anyhow!("{}", answer.explanation()))?;
    let header = received.header();
    anyhow::ensure!((header.sfu_key, header.seq) == (mention.sfu, mention.seq), "another batch is there");
    Ok(received)
}

/// The envelope of a batch whose file was packed anew since it was catalogued: it is in the store.
fn moved(folder: &Path, reader: &Reader, sealed: &Sealed, mention: &Mention) -> anyhow::Result<Received> {
    let data = folder.parent().and_then(Path::parent).context("the epoch's folder is in no store")?;
    let store = Store::open_read_only(data)?;
    let mut hashes =
        store.index().between(&mention.sfu, mention.seq, mention.seq)?.into_iter().map(|it| it.header.hash);
    let (first, second) = (hashes.next(), hashes.next());
    let hash = match second {
        None => first,
        // Of two batches with one number the epoch may have judged both, or either; they are listed as they were catalogued.
        Some(_) => {
            let mut listed = Vec::new();
            read_verdicts(folder, |line| {
                if (line.header.sfu_key, line.header.seq) == (mention.sfu, mention.seq) {
                    listed.push(line.header.hash);
                }
                Ok(())
            })?;
            listed.get(reader.place_among_equals(sealed.id, mention)?).copied()
        }
    };
    parse(mention, &store.envelope_of(&hash.context("the batch is not held any more")?)?)
}
