//! The body of a request: received within limits of size and time, decompressed within a limit, cut into lines.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::{Ingest, shrink};
use crate::service::http::problem::Problem;
use crate::service::options::{BODY_BYTES, CONTENT_BYTES, LINES};

/// Largest window that a zstd frame may ask for, as a power of two: 8 MiB, what every decoder supports.
const ZSTD_WINDOW: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Encoding {
    /// What the request says.
    ///
    /// # Errors
    /// 415 for any other.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut given = headers.get_all(header::CONTENT_ENCODING).iter();
        let encoding = match given.next().map(|value| value.to_str().map(str::to_ascii_lowercase)) {
            None => Some(Self::Identity),
            Some(Ok(name)) => match name.as_str() {
                "identity" => Some(Self::Identity),
                "gzip" | "x-gzip" => Some(Self::Gzip),
                "zstd" => Some(Self::Zstd),
                _ => None,
            },
            Some(Err(_)) => None,
        };
        encoding.filter(|_| given.next().is_none()).ok_or_else(|| {
            let message = "Content-Encoding: gzip, zstd, or none";
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message)
        })
    }
}

fn too_large(message: String) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
}

fn body_too_large() -> Problem {
    too_large(format!("the body is larger than {BODY_BYTES} bytes; send fewer batches at a time"))
}

/// Receives a whole body, within `longest`.
///
/// # Errors
/// 413 if it is too large, 408 if it takes too long, 400 if the connection breaks, 503 if there is no room.
pub async fn receive(
    ingest: &Ingest,
    headers: &HeaderMap,
    body: Body,
    longest: Duration,
) -> Result<(Vec<u8>, OwnedSemaphorePermit), Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_BYTES) {
        return Err(body_too_large());
    }
    // A client that does not say how much it sends may send the most.
    let mut room = ingest.body_room(announced.unwrap_or(BODY_BYTES)).await?;
    let receiving = async {
        let mut content = Vec::new();
        let mut stream = body.into_data_stream();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|_| Problem::bad_request("the body ended early"))?;
            if content.len() + piece.len() > BODY_BYTES {
                return Err(body_too_large());
            }
            content.extend_from_slice(&piece);
        }
        Ok(content)
    };
    let content = tokio::time::timeout(longest, receiving).await.unwrap_or_else(|_| {
        let message = format!("the body did not arrive within {} s", longest.as_secs());
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message))
    })?;
    shrink(&mut room, content.len());
    Ok((content, room))
}

/// Decompresses a body; blocks, and takes at most [`CONTENT_BYTES`] of memory whatever the body says.
///
/// # Errors
/// 413 if there is more in it, 400 if it is not of that encoding.
pub fn decompress(encoding: Encoding, body: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let damaged = |error: std::io::Error| Problem::bad_request(format!("the body does not decompress: {error}"));
    let content = match encoding {
        Encoding::Identity => return Ok(body),
        Encoding::Gzip => read(flate2::read::MultiGzDecoder::new(body.as_slice())).map_err(damaged)?,
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body.as_slice()).map_err(damaged)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(damaged)?;
            read(decoder).map_err(damaged)?
        }
    };
    if content.len() > CONTENT_BYTES {
        return Err(too_large(format!("the body decompresses to more than {CONTENT_BYTES} bytes")));
    }
    Ok(content)
}

/// At most one byte more than is allowed.
fn read(decoder: impl Read) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    decoder.take(CONTENT_BYTES as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// The lines of a body that are not empty, with their numbers from 1.
///
/// # Errors
/// 413 if there are too many, 400 if there is none.
pub fn lines(content: &[u8]) -> Result<Vec<(u64, &[u8])>, Problem> {
    let lines = (1u64..).zip(content.split(|byte| *byte == b'\n')).filter(|(_, line)| !line.is_empty());
    let lines: Vec<_> = lines.take(LINES + 1).collect();
    match lines.len() {
        0 => Err(Problem::bad_request("the body has no line: send one signed batch a line")),
        count if count > LINES => Err(too_large(format!("the body has more than {LINES} lines"))),
        _ => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let content = b"one\n\ntwo\n".to_vec();
        assert_eq!(decompress(Encoding::Gzip, gzip(&content)).unwrap(), content);
        assert_eq!(decompress(Encoding::Zstd, zstd::encode_all(content.as_slice(), 3).unwrap()).unwrap(), content);
        assert_eq!(lines(&content).unwrap(), vec![(1, &b"one"[..]), (3, &b"two"[..])]);
    }

    #[test]
    fn bombs_and_nonsense_are_refused_with_bounded_memory() {
        let zeros = vec![0; CONTENT_BYTES + 1];
        let bombs = [(Encoding::Gzip, gzip(&zeros)), (Encoding::Zstd, zstd::encode_all(zeros.as_slice(), 3).unwrap())];
        for (encoding, bomb) in bombs {
            assert!(bomb.len() < CONTENT_BYTES / 100);
            assert_eq!(decompress(encoding, bomb.clone()).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
            let cut = bomb.get(..bomb.len() / 2).unwrap().to_vec();
            assert!(decompress(encoding, cut).is_err());
            assert_eq!(decompress(encoding, b"plain".to_vec()).unwrap_err().status, StatusCode::BAD_REQUEST);
        }
        // A frame that asks for a window of 2 GiB.
        let greedy = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00].to_vec();
        assert_eq!(decompress(Encoding::Zstd, greedy).unwrap_err().status, StatusCode::BAD_REQUEST);
        assert_eq!(lines(&b"a\n".repeat(LINES + 1)).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(lines(b"\n\n").unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
