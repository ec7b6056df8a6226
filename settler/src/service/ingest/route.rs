//! `POST /v1/batches`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use radio_payouts_protocol::batch::Answer;
use radio_payouts_protocol::did::did_of_key;
use radio_payouts_protocol::domain::Domain;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{self, Encoding};
use super::shrink;
use crate::service::acknowledgement::Acknowledgement;
use crate::service::http::guard::Peer;
use crate::service::http::problem::Problem;
use crate::service::openapi::{Operation, Routes};
use crate::service::options::CONTENT_BYTES;
use crate::service::{App, Service};
use crate::store::intake::{Answered, Delivered};

/// The answer to one line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct BatchAnswer {
    /// The line of the body, from 1.
    pub line: u64,
    /// A word of section 4.4: `held`, `already_held`, `try_later`, or why the batch was refused.
    pub answer: &'static str,
    /// The same for people.
    pub explanation: String,
    /// The SFU's DID; absent if the batch was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sfu: Option<String>,
    /// Number of the batch; absent if the batch was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<String>,
    /// SHA-256 of its canonical bytes; absent if the batch was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_hash: Option<String>,
    /// Proof that this batch is held: keep it. Absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<Acknowledgement>,
}

/// The answers to all lines, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct BatchAnswers {
    /// One for each line that is not empty.
    pub answers: Vec<BatchAnswer>,
}

const DESCRIPTION: &str = "One envelope a line (`{\"batch\":…,\"sig\":…}`), canonical bytes, optionally compressed with gzip or \
zstd. Every line gets an answer of its own, in order. What is answered `held` or `already_held` with an acknowledgement is on \
the receiver's disk; the acknowledgement proves it. After 503 or a broken connection send the same again: nothing is counted \
twice.";

/// The route.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let operation = Operation::new("post_batches", "Takes in signed batches", "ingest")
        .describe(DESCRIPTION)
        .json_lines_body()
        .answers::<BatchAnswers>()
        .refusals(&[400, 408, 413, 415, 429, 503]);
    routes.post("/v1/batches", operation, post)
}

async fn post(
    State(app): State<App>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    check_type(&headers)?;
    let encoding = Encoding::of(&headers)?;
    let snapshot = app.snapshot()?;
    let (body, received) = body::receive(&app.ingest, &headers, request, app.options.body_time).await?;
    let most = if encoding == Encoding::Identity { body.len() } else { CONTENT_BYTES };
    let mut room = app.ingest.content_room(most).await?;
    let read = tokio::task::spawn_blocking(move || read(encoding, body, peer)).await;
    let (delivered, length) = read.map_err(|error| Problem::internal(&error.into()))??;
    drop(received);
    shrink(&mut room, length);
    let numbers: Vec<u64> = delivered.iter().map(|delivered| delivered.line).collect();
    let answered = app.ingest.hold(delivered, room).await?;
    let is_taken = |answer: &Answer| matches!(answer, Answer::Held | Answer::AlreadyHeld | Answer::TryLater);
    for refused in answered.iter().filter(|answered| !is_taken(&answered.answer)) {
        app.refuse(refused.answer.as_str(), peer);
    }
    let domain = snapshot.domain();
    let answers = numbers.into_iter().zip(answered).map(|(line, answered)| describe(&app, &domain, line, answered));
    let answers = BatchAnswers { answers: answers.collect() };
    let body = serde_json::to_vec(&answers).map_err(|error| Problem::internal(&error.into()))?;
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// Decompresses a body and cuts it into envelopes; with the length of its content.
fn read(encoding: Encoding, body: Vec<u8>, peer: IpAddr) -> Result<(Vec<Delivered>, usize), Problem> {
    let content = body::decompress(encoding, body)?;
    let origin: Arc<str> = format!("http:{peer}").into();
    let delivered = body::lines(&content)?.into_iter();
    let delivered =
        delivered.map(|(line, envelope)| Delivered { origin: origin.clone(), line, envelope: envelope.to_vec() });
    Ok((delivered.collect(), content.len()))
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    const KNOWN: [&str; 5] =
        ["application/x-ndjson", "application/jsonl", "application/json", "application/octet-stream", "text/plain"];
    let given = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let is_known = |given: &str| {
        let name = given.split(';').next().unwrap_or_default().trim();
        KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    if given.is_none_or(is_known) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type", "Content-Type: application/x-ndjson"))
}

fn describe(service: &Service, domain: &Domain, line: u64, answered: Answered) -> BatchAnswer {
    let Answered { answer, batch, received_ms } = answered;
    let held = batch.as_ref().zip(received_ms);
    BatchAnswer {
        line,
        answer: answer.as_str(),
        explanation: answer.explanation().to_owned(),
        acknowledgement: held.map(|(batch, received)| service.acknowledger.acknowledge(domain, batch, received)),
        sfu: batch.map(|batch| did_of_key(&batch.sfu_key)),
        seq: batch.map(|batch| batch.seq.to_string()),
        batch_hash: batch.map(|batch| hex::encode(batch.hash)),
    }
}
