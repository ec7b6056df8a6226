//! What was not counted, and why: `/api/v1/epochs/{epoch}/rejects` for what was judged, `/api/v1/rejects` for what was never held.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use radio_payouts_protocol::batch::{BatchVerdict, ReceiptVerdict};
use radio_payouts_protocol::did::Did;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decimal, sealed};
use crate::artefact::sfu_name;
use crate::service::App;
use crate::service::catalogue::read::Rejected;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, TWO, cursor, limit, to_cursor};
use crate::service::openapi::{Operation, Routes};
use crate::store::rejects::{Newest, Reject};

/// Which rejects of an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// Only those of this SFU (did:key).
    pub sfu: Option<String>,
    /// Only those with this verdict.
    pub verdict: Option<String>,
    /// Most items, 1 to 1000; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// `next` of the page before; absent for the first.
    pub cursor: Option<String>,
}

/// Something that was judged and rejected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RejectedView {
    /// The SFU's DID.
    pub sfu: String,
    /// The batch.
    pub seq: Decimal,
    /// Place of the receipt in it, from 0; none if the whole batch was rejected.
    pub position: Option<i64>,
    /// Why, as a word of section 4.4.
    pub verdict: String,
    /// Why, for people.
    pub explanation: &'static str,
    /// The room; none for a batch.
    pub room_id: Option<String>,
    /// The track; none for a batch.
    pub track_id: Option<String>,
    /// What it claimed.
    pub bytes: Decimal,
}

impl From<Rejected> for RejectedView {
    fn from(rejected: Rejected) -> Self {
        let position = Some(rejected.position).filter(|position| *position >= 0);
        let of_batch = BatchVerdict::ALL.iter().find(|verdict| verdict.as_str() == rejected.verdict);
        let of_receipt = ReceiptVerdict::ALL.iter().find(|verdict| verdict.as_str() == rejected.verdict);
        let explanation = of_batch.map(|it| it.explanation()).or(of_receipt.map(|it| it.explanation()));
        Self {
            sfu: sfu_name(&rejected.sfu),
            seq: Decimal(rejected.seq),
            position,
            explanation: explanation.unwrap_or_default(),
            verdict: rejected.verdict,
            room_id: position.map(|_| rejected.room_id),
            track_id: position.map(|_| rejected.track_id),
            bytes: Decimal(rejected.bytes),
        }
    }
}

/// Which refused inputs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Only those that name this SFU (did:key).
    pub sfu: Option<String>,
    /// Only those in whose first 4096 bytes this text stands, such as a DID.
    pub text: Option<String>,
    /// Most items, 1 to 1000; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// `next` of the page before; absent for the newest.
    pub cursor: Option<String>,
}

/// A refused input. Where it came from is the operator's business and not told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct RefusedView {
    /// When it was refused, in Unix milliseconds.
    pub at_ms: Decimal,
    /// The answer, a word of section 4.4.
    pub answer: String,
    /// What exactly was wrong.
    pub reason: String,
    /// The SFU that it names, if that could be read.
    pub sfu: Option<String>,
    /// The `seq` that it names, if that could be read.
    pub seq: Option<Decimal>,
    /// Length of the input in bytes.
    pub length: Decimal,
}

impl From<Reject> for RefusedView {
    fn from(reject: Reject) -> Self {
        Self {
            at_ms: Decimal(reject.at_ms),
            answer: reject.answer,
            reason: reject.reason,
            sfu: reject.sfu,
            seq: reject.seq.map(Decimal),
            length: Decimal(reject.length),
        }
    }
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let judged =
        Operation::new("rejected", "Batches and receipts of an epoch that do not count, and why", "epochs").epoch();
    let judged =
        judged.query::<Judged>().cursor(TWO).answers::<Answer<Page<RejectedView>>>().also(304, "Nothing has changed.");
    let refused = Operation::new("refused", "Inputs that were refused and never held, newest first", "ingest")
        .describe("A page may have fewer items than asked for and a next page all the same: one request reads so much of the log.")
        .query::<Refused>().cursor(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|undated)\.[0-9]{1,18}$");
    let refused = refused.answers::<Answer<Page<RefusedView>>>().also(304, "Nothing has changed.");
    routes.get("/api/v1/epochs/{epoch}/rejects", judged, of_epoch).get("/api/v1/rejects", refused, of_log)
}

async fn of_epoch(
    State(app): State<App>,
    InPath(epoch): InPath<String>,
    InQuery(asked): InQuery<Judged>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(asked.limit)?;
    let after = cursor::<2>(asked.cursor.as_deref())?;
    let sealed = sealed(&app, &epoch)?;
    let id = sealed.id;
    let key = asked.sfu.as_deref().map(|sfu| Did::parse(sfu).ok().and_then(|did| did.ed25519_key()));
    let found = app
        .read(move |_, reader| match key {
            // What is no SFU's DID has sent nothing.
            Some(None) => Ok(Vec::new()),
            key => Ok(reader.rejected(id, key.flatten().as_ref(), asked.verdict.as_deref(), after, limit)?),
        })
        .await?;
    let page = Page::of(found, limit, |last| to_cursor([last.batch, last.position]));
    let page = Page { items: page.items.into_iter().map(RejectedView::from).collect(), next: page.next };
    let snapshot = app.snapshot()?;
    Answer::new(Standing::of(&snapshot, sealed.manifest.statement.epoch), &snapshot, page).respond(&headers)
}

async fn of_log(
    State(app): State<App>,
    InQuery(asked): InQuery<Refused>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(asked.limit)?;
    let folder = app.options.data.join("rejects");
    let page = app
        .read(move |_, _| {
            let wanted = |reject: &Reject| {
                asked.sfu.as_ref().is_none_or(|sfu| reject.sfu.as_ref() == Some(sfu))
                    && asked.text.as_ref().is_none_or(|text| reject.input.contains(text))
            };
            let from = asked.cursor.as_deref().map(str::parse).transpose();
            let from = from.map_err(|_| Problem::bad_request("cursor: give the `next` of the page before"))?;
            let Newest { rejects, next } = Newest::read(&folder, from, limit, wanted)?;
            let items = rejects.into_iter().map(RefusedView::from).collect();
            Ok(Page { items, next: next.map(|place| place.to_string()) })
        })
        .await?;
    Answer::new(Standing::Provisional, &*app.snapshot()?, page).respond(&headers)
}
