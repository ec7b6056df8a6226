//! Files by ranges (RFC 9110, section 14): one range of a request is served, more are answered with the whole file.

use std::io::{Read as _, SeekFrom};
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use radio_payouts_protocol::hash::Hash;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::answer::has_tag;
use super::problem::Problem;
use crate::artefact::envelopes;

/// Bytes read at a time.
const PIECE: usize = 64 << 10;

/// What of a file is asked for: first byte and number of bytes, or an unsatisfiable range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Whole,
    Range(u64, u64),
    Nothing,
}

/// Serves the file at `path`, which has this SHA-256 and length.
///
/// # Errors
/// 500 if it cannot be read, or has another length: then it was damaged.
pub async fn serve(
    path: &Path,
    name: &str,
    sha256: &Hash,
    length: u64,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!("\"{}\"", hex::encode(sha256));
    let mut response = if has_tag(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let part = if names_this(request, &tag) { part(request, length) } else { Part::Whole };
        match part {
            Part::Nothing => {
                let mut response = Problem::new(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "bad_range",
                    format!("the file has {length} bytes"),
                )
                .into_response();
                insert(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
                return Ok(response);
            }
            Part::Whole => content(path, 0, length, length).await?,
            Part::Range(first, count) => {
                let mut response = content(path, first, count, length).await?;
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let last = first + count - 1;
                insert(&mut response, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{length}"));
                response
            }
        }
    };
    insert(&mut response, header::ETAG, &tag);
    insert(&mut response, header::ACCEPT_RANGES, "bytes");
    insert(&mut response, header::CONTENT_TYPE, content_type(name));
    // A revoked epoch is settled anew under the same name.
    insert(&mut response, header::CACHE_CONTROL, "no-cache");
    Ok(response)
}

fn insert(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// What the files of an epoch are.
pub const TYPES: [&str; 5] = [
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "application/vnd.apache.parquet",
    "application/octet-stream",
];

fn content_type(name: &str) -> &'static str {
    let [json, lines, _, parquet, other] = TYPES;
    match name.rsplit('.').next() {
        Some("json") => json,
        Some("ndjson") => lines,
        Some("csv") => "text/csv; charset=utf-8",
        Some("parquet") => parquet,
        _ => other,
    }
}

/// Whether `If-Range` lets a range count: only for the very file that the client has the rest of.
fn names_this(request: &HeaderMap, tag: &str) -> bool {
    request.get(header::IF_RANGE).is_none_or(|given| given.as_bytes() == tag.as_bytes())
}

/// The range asked for. A header that is not understood is passed over, as the RFC says.
fn part(request: &HeaderMap, length: u64) -> Part {
    let Some(range) = request.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Part::Whole };
    let Some(range) = range.strip_prefix("bytes=") else { return Part::Whole };
    if range.contains(',') {
        return Part::Whole;
    }
    let Some((first, last)) = range.trim().split_once('-') else { return Part::Whole };
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<u64>().ok().map(Some) };
    let (Some(first), Some(last)) = (number(first), number(last)) else { return Part::Whole };
    let (first, end) = match (first, last) {
        (None, None) => return Part::Whole,
        (None, Some(count)) => (length.saturating_sub(count), length),
        (Some(first), None) => (first, length),
        (Some(first), Some(last)) if last < first => return Part::Whole,
        (Some(first), Some(last)) => (first, last.saturating_add(1).min(length)),
    };
    match end.checked_sub(first) {
        Some(count) if count > 0 => Part::Range(first, count),
        _ => Part::Nothing,
    }
}

async fn content(path: &Path, first: u64, count: u64, length: u64) -> Result<Response, Problem> {
    if !path.is_file()
        && let Some((folder, name)) = packed(path)
    {
        return Ok(unpacked(folder, name, first, count));
    }
    let failed = |error: std::io::Error| Problem::internal(&anyhow::anyhow!(error).context(path.display().to_string()));
    let mut file = File::open(path).await.map_err(failed)?;
    let found = file.metadata().await.map_err(failed)?.len();
    if found != length {
        return Err(Problem::internal(&anyhow::anyhow!(
            "{} has {found} bytes, its manifest says {length}",
            path.display()
        )));
    }
    file.seek(SeekFrom::Start(first)).await.map_err(failed)?;
    let stream = futures_util::stream::try_unfold((file, count), |(mut file, rest)| async move {
        let wanted = usize::try_from(rest).unwrap_or(PIECE).min(PIECE);
        if wanted == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        let mut piece = vec![0; wanted];
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(read);
        Ok(Some((piece, (file, rest - read as u64))))
    });
    let mut response = Body::from_stream(stream).into_response();
    insert(&mut response, header::CONTENT_LENGTH, &count.to_string());
    Ok(response)
}

/// The epoch's folder and the name of a file of envelopes that is kept packed.
fn packed(path: &Path) -> Option<(PathBuf, String)> {
    let (name, below) = (path.file_name()?.to_str()?, path.parent()?);
    let (folder, name) = (below.parent()?.to_owned(), format!("{}/{name}", below.file_name()?.to_str()?));
    envelopes::kept(&folder, &name).is_ok().then_some((folder, name))
}

/// The plain content of a packed file, unpacked while it is sent; what comes before a range is unpacked and passed over.
fn unpacked(folder: PathBuf, name: String, first: u64, count: u64) -> Response {
    let (to, pieces) = tokio::sync::mpsc::channel::<std::io::Result<Vec<u8>>>(2);
    tokio::task::spawn_blocking(move || {
        let send = || -> std::io::Result<()> {
            let mut plain = envelopes::open_plain(&folder, &name)?;
            std::io::copy(&mut plain.by_ref().take(first), &mut std::io::sink())?;
            let mut rest = plain.take(count);
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                rest.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
                // Nobody listens any more.
                if piece.is_empty() || to.blocking_send(Ok(piece)).is_err() {
                    return Ok(());
                }
            }
        };
        if let Err(error) = send() {
            let _ = to.blocking_send(Err(error));
        }
    });
    let stream = futures_util::stream::unfold(pieces, |mut pieces| async { Some((pieces.recv().await?, pieces)) });
    let mut response = Body::from_stream(stream).into_response();
    insert(&mut response, header::CONTENT_LENGTH, &count.to_string());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_packed_file_is_served_plain() {
        let folder = tempfile::tempdir().unwrap();
        let batches = folder.path().join("batches");
        std::fs::create_dir(&batches).unwrap();
        let plain: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(batches.join("a.ndjson.zst"), zstd::encode_all(plain.as_slice(), 1).unwrap()).unwrap();
        let path = batches.join("a.ndjson");
        for (first, count) in [(0, plain.len()), (70_000, 200_000), (plain.len() - 5, 5)] {
            let response = content(&path, first as u64, count as u64, plain.len() as u64).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), plain.len()).await.unwrap();
            assert_eq!(body.as_ref(), &plain[first..first + count]);
        }
        assert!(content(&batches.join("b.ndjson"), 0, 1, 1).await.is_err());
    }

    #[test]
    fn ranges_are_those_of_the_rfc() {
        for (given, expected) in [
            ("bytes=0-0", Part::Range(0, 1)),
            ("bytes=2-", Part::Range(2, 8)),
            ("bytes=-3", Part::Range(7, 3)),
            ("bytes=-30", Part::Range(0, 10)),
            ("bytes=5-99", Part::Range(5, 5)),
            ("bytes=10-", Part::Nothing),
            ("bytes=-0", Part::Nothing),
            ("bytes=3-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=x-1", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=0-18446744073709551615", Part::Range(0, 10)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_static(given));
            assert_eq!(part(&headers, 10), expected, "{given}");
        }
        assert_eq!(part(&HeaderMap::new(), 10), Part::Whole);
    }
}
