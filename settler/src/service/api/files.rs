//! `/api/v1/epochs/{epoch}/files`: the artefact itself, with range requests.
//!
//! A name is looked up in the list of the epoch's files; a path that is not in it leads nowhere, whatever it looks like.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decimal, sealed};
use crate::service::App;
use crate::service::http::answer::{Answer, Page, Standing};
use crate::service::http::files::{TYPES, serve};
use crate::service::http::problem::Problem;
use crate::service::http::query::{InPath, InQuery, limit};
use crate::service::openapi::{Operation, Routes};

/// A file of an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct FileView {
    /// Its path below the epoch.
    pub name: String,
    /// Its SHA-256, as hex.
    pub sha256: String,
    /// Its length in bytes.
    pub length: Decimal,
    /// Where it is served.
    pub href: String,
}

/// Which page of files.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Most items, 1 to 1000; 50 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// `next` of the page before; absent for the first.
    pub cursor: Option<String>,
}

/// The routes.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    let list = Operation::new("files", "Files of a sealed epoch", "files").epoch().query::<Files>();
    let list = list.answers::<Answer<Page<FileView>>>().also(304, "Nothing has changed.");
    let one = Operation::new("file", "A file of a sealed epoch, whole or a range of it", "files")
        .epoch()
        .path("name", "Path of the file below the epoch, as listed: manifest.json, payouts.parquet, batches/….ndjson.")
        .pattern("^(batches/)?[a-z0-9]{1,70}(\\.[a-z0-9]{1,10})+$")
        .media(&TYPES)
        .also(206, "The range that was asked for.")
        .also(304, "Nothing has changed.")
        .refusals(&[416]);
    routes.get("/api/v1/epochs/{epoch}/files", list, index).get("/api/v1/epochs/{epoch}/files/{*name}", one, show)
}

/// Whether a name could be one of ours. The list decides what is served; a name that tries to lead elsewhere is told apart so
/// that the log names who sent it.
fn is_plain(name: &str) -> bool {
    let is_odd = |letter: char| letter == '\\' || letter.is_control();
    !name.chars().any(is_odd) && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

async fn index(
    State(app): State<App>,
    InPath(epoch): InPath<String>,
    InQuery(asked): InQuery<Files>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(asked.limit)?;
    let sealed = sealed(&app, &epoch)?;
    let (id, number) = (sealed.id, sealed.manifest.statement.epoch);
    let after = asked.cursor.unwrap_or_default();
    let found = app.read(move |_, reader| Ok(reader.files(id, &after, limit)?)).await?;
    let files = found.into_iter().map(|(name, sha256, length)| FileView {
        href: format!("/api/v1/epochs/{number}/files/{name}"),
        sha256: hex::encode(sha256),
        length: Decimal(length),
        name,
    });
    let page = Page::of(files.collect::<Vec<_>>(), limit, |last| last.name.clone());
    let snapshot = app.snapshot()?;
    Answer::new(Standing::of(&snapshot, number), &snapshot, page).respond(&headers)
}

async fn show(
    State(app): State<App>,
    InPath((epoch, name)): InPath<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_plain(&name) {
        let message = "a file is named as /files lists it: no part of its path is empty, . or .., no backslash, no control character";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_path", message));
    }
    let sealed = sealed(&app, &epoch)?;
    let (id, wanted) = (sealed.id, name.clone());
    let found = app.read(move |_, reader| Ok(reader.file(id, &wanted)?)).await?;
    let Some((sha256, length)) = found else {
        let number = sealed.manifest.statement.epoch;
        return Err(Problem::not_found(format!(
            "epoch {number} has no such file; /api/v1/epochs/{number}/files lists them"
        )));
    };
    let number = sealed.manifest.statement.epoch;
    let mut response = serve(&app.catalogue.epoch_folder(number).join(&name), &name, &sha256, length, &headers).await?;
    let snapshot = app.snapshot()?;
    let standing = Standing::of(&snapshot, number).as_str();
    response.headers_mut().insert("radio-payouts-standing", axum::http::HeaderValue::from_static(standing));
    response.headers_mut().insert("radio-payouts-slot", axum::http::HeaderValue::from(snapshot.view.slot));
    Ok(response)
}
