//! The dashboard: files of a page that were built into the settler, or lie in a folder, served at `/`.
//!
//! All of them are in memory, and a request names one of them or none: no path is ever made from a request. Where a file has
//! a `.br` or `.gz` beside it, that one is sent to who takes it. Files whose names carry a hash may be kept for ever; the others
//! are asked for again each time, and answered with 304 while they have not changed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use radio_payouts_protocol::hash::sha256;

use super::App;
use super::http::answer::has_tag;
use super::http::guard::{RouteName, no_method, no_route};
use super::http::problem::Problem;

mod coding;
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/dashboard_files.rs"));
}

/// Most bytes that a folder may have.
const MOST_BYTES: u64 = 64 << 20;
/// What the page may do: run its own scripts and WebAssembly, and ask any node over HTTP; the address of the RPC node is the
/// reader's choice.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; worker-src 'self'; manifest-src 'self'; connect-src 'self' http: https: ws: wss:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The page where there is none.
const NOT_BUILT: &str = include_str!("dashboard/not_built.html");

/// A file in its encodings.
#[derive(Debug)]
struct File {
    tag: String,
    plain: Cow<'static, [u8]>,
    brotli: Option<Cow<'static, [u8]>>,
    gzip: Option<Cow<'static, [u8]>>,
}

/// The files of the page.
#[derive(Debug, Default)]
pub struct Dashboard(BTreeMap<String, File>);

impl Dashboard {
    /// That which was built into the settler; empty if none was.
    #[must_use]
    pub fn embedded() -> Self {
        Self::of(embedded::FILES.iter().map(|(name, content)| ((*name).to_owned(), Cow::Borrowed(*content))))
    }

    /// That in a folder.
    ///
    /// # Errors
    /// If it cannot be read, has no `index.html`, or more than 64 MiB.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let (mut files, mut bytes) = (Vec::new(), 0);
        read(folder, "", &mut files, &mut bytes)?;
        let dashboard = Self::of(files.into_iter());
        anyhow::ensure!(dashboard.0.contains_key("index.html"), "{} has no index.html", folder.display());
        Ok(dashboard)
    }

    /// Files by name; those that end in `.br` and `.gz` belong to the one of the name before that.
    fn of(files: impl Iterator<Item = (String, Cow<'static, [u8]>)>) -> Self {
        let mut all: BTreeMap<String, Cow<'static, [u8]>> = files.collect();
        let compressed = |name: &String| name.strip_suffix(".br").or(name.strip_suffix(".gz")).map(str::to_owned);
        let plain: Vec<String> =
            all.keys().filter(|name| compressed(name).is_none_or(|of| !all.contains_key(&of))).cloned().collect();
        let files = plain.into_iter().filter_map(|name| {
            let content = all.remove(&name)?;
            let hash = hex::encode(sha256(&[&content]));
            let tag = hash.get(..32).unwrap_or(&hash).to_owned();
            let (brotli, gzip) = (all.remove(&format!("{name}.br")), all.remove(&format!("{name}.gz")));
            Some((name, File { tag, plain: content, brotli, gzip }))
        });
        Self(files.collect())
    }

    /// The number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer to a request for a path.
    fn answer(&self, path: &str, request: &HeaderMap) -> Option<Response> {
        let name = match path.strip_prefix('/')? {
            "" => "index.html",
            name => name,
        };
        let Some(file) = self.0.get(name) else {
            let is_start = name == "index.html" && self.0.is_empty();
            return is_start.then(|| page(NOT_BUILT.as_bytes().to_vec()));
        };
        let (coding, content) = coding::choose(request, file.brotli.as_deref(), file.gzip.as_deref(), &file.plain);
        // Each encoding is a representation of its own.
        let tag = format!("\"{}{}\"", file.tag, coding.tag());
        let mut response = if has_tag(request, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            // Named, so that the answer to HEAD has it too.
            ([(header::CONTENT_LENGTH, content.len())], content.to_vec()).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        headers.insert(header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("")));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(name) = coding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        let caching = if has_hash(name) { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        protect(headers);
        Some(response)
    }
}

fn read(
    folder: &Path,
    before: &str,
    files: &mut Vec<(String, Cow<'static, [u8]>)>,
    bytes: &mut u64,
) -> anyhow::Result<()> {
    use anyhow::Context as _;
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            anyhow::bail!("{}: its name is no UTF-8", path.display());
        };
        let name = format!("{before}{name}");
        if path.is_dir() {
            read(&path, &format!("{name}/"), files, bytes)?;
            continue;
        }
        *bytes += std::fs::metadata(&path)?.len();
        anyhow::ensure!(*bytes <= MOST_BYTES, "{} is no built page: it has more than 64 MiB", folder.display());
        files
            .push((name, Cow::Owned(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)));
    }
    Ok(())
}

fn page(content: Vec<u8>) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], content).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    protect(response.headers_mut());
    response
}

fn protect(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin-allow-popups"));
}

/// Whether a name carries a hash of the content, as bundlers write it: `assets/name-<8 or more letters and digits>.suffix`.
fn has_hash(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let hash = stem.get(stem.len().saturating_sub(8)..).unwrap_or_default();
    let is_marked = stem.len() > 9 && stem.as_bytes().get(stem.len() - 9).is_some_and(|byte| b"-.".contains(byte));
    name.starts_with("assets/")
        && is_marked
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Adds the dashboard wherever no other route is.
pub fn routes(router: Router<App>) -> Router<App> {
    router.fallback(serve)
}

async fn serve(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(mut response) = app.dashboard.answer(uri.path(), &headers) else { return Err(no_route().await) };
    if ![Method::GET, Method::HEAD].contains(&method) {
        return Ok(no_method("GET, HEAD"));
    }
    response.extensions_mut().insert(RouteName("dashboard"));
    if method == Method::HEAD {
        *response.body_mut() = axum::body::Body::empty();
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built() -> Dashboard {
        let files = [
            ("index.html", "<!doctype html>"),
            ("index.html.br", "brotli"),
            ("assets/app-Bq3_x-Y9.js", "js"),
            ("assets/app-Bq3_x-Y9.js.gz", "gzipped"),
            ("assets/plain.css", "css"),
            ("assets/alone.gz", "a file of its own"),
        ];
        Dashboard::of(files.into_iter().map(|(name, content)| (name.to_owned(), Cow::Borrowed(content.as_bytes()))))
    }

    fn ask(path: &str, encodings: &'static str) -> Option<Response> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings));
        built().answer(path, &headers)
    }

    #[test]
    fn what_is_not_one_of_the_files_is_nothing() {
        for path in
            ["/x", "//", "/assets", "/assets/", "/../index.html", "/index.html.br", "/assets/%2e%2e/index.html", ""]
        {
            assert!(ask(path, "br, gzip").is_none(), "{path}");
        }
    }

    #[test]
    fn encodings_are_sent_to_who_takes_them_and_tags_tell_them_apart() {
        let header = |response: &Response, name| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (brotli, plain) = (ask("/", "gzip, br").unwrap(), ask("/", "gzip").unwrap());
        assert_eq!(header(&brotli, header::CONTENT_ENCODING).as_deref(), Some("br"));
        assert_eq!(header(&plain, header::CONTENT_ENCODING), None);
        assert_ne!(header(&brotli, header::ETAG), header(&plain, header::ETAG));
        assert_eq!(header(&plain, header::CACHE_CONTROL).as_deref(), Some("no-cache"));
        let asset = ask("/assets/app-Bq3_x-Y9.js", "gzip, br").unwrap();
        assert_eq!(header(&asset, header::CONTENT_ENCODING).as_deref(), Some("gzip"));
        assert_eq!(header(&asset, header::CACHE_CONTROL).as_deref(), Some("public, max-age=31536000, immutable"));
        assert_eq!(header(&asset, header::CONTENT_TYPE).as_deref(), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&ask("/assets/plain.css", "").unwrap(), header::CACHE_CONTROL).as_deref(), Some("no-cache"));
        assert!(ask("/assets/alone.gz", "").is_some());
    }

    #[test]
    fn without_files_the_start_says_how_to_build_them() {
        let response = Dashboard::default().answer("/", &HeaderMap::new()).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        assert!(Dashboard::default().answer("/assets/x.js", &HeaderMap::new()).is_none());
        assert!(NOT_BUILT.contains("cargo xtask build-app"));
    }
}
