//! An object in S3 or Google Cloud Storage.

use std::fs::File;
use std::io::Read as _;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig, WriteMultipart};
use reqwest::Url;

use super::{ColdError, PIECE};

/// Length of a part of an upload; a file of up to this length is put with one request.
pub const PART: usize = 16 << 20;
/// Parts that are under way together.
const PARTS_AT_A_TIME: usize = 4;
/// How often and for how long a request is tried again.
const RETRIES: usize = 4;
const RETRY_FOR: Duration = Duration::from_secs(30);

/// An object and its store.
#[derive(Debug)]
pub struct Object {
    store: Box<dyn ObjectStore>,
    path: Path,
}

impl Object {
    /// The object of a URL, with credentials, region and endpoint from the environment.
    pub fn of(url: &Url) -> Result<Self, ColdError> {
        let wrong = |why: String| ColdError::Url { url: url.to_string(), why };
        let path = Path::from_url_path(url.path()).map_err(|error| wrong(error.to_string()))?;
        let bucket = url.host_str().unwrap_or_default();
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
        let store: Result<Box<dyn ObjectStore>, _> = match url.scheme() {
            "s3" => {
                let built = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).build();
                built.map(|store| Box::new(store) as _)
            }
            _ => {
                let built = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry).build();
                built.map(|store| Box::new(store) as _)
            }
        };
        Ok(Self { store: store.map_err(|error| wrong(error.to_string()))?, path })
    }

    /// Puts a file there, in parts if it is long.
    pub fn write(&self, url: &str, file: &mut File) -> Result<(), ColdError> {
        let length = file.metadata().map_err(|error| away(url, &error))?.len();
        apart(url, async {
            if length <= PART as u64 {
                let mut content = Vec::new();
                let _ = file.read_to_end(&mut content).map_err(|error| away(url, &error))?;
                let _ = self.store.put(&self.path, content.into()).await.map_err(|error| away(url, &error))?;
                return Ok(());
            }
            let upload = self.store.put_multipart(&self.path).await.map_err(|error| away(url, &error))?;
            let mut parts = WriteMultipart::new_with_chunk_size(upload, PART);
            let mut piece = vec![0; PIECE];
            loop {
                let read = file.read(&mut piece).map_err(|error| away(url, &error));
                let read = match read {
                    Ok(0) => break,
                    Ok(read) => read,
                    Err(error) => {
                        // What was begun costs until it is aborted; the error that led here is the one to tell.
                        let _ = parts.abort().await;
                        return Err(error);
                    }
                };
                parts.wait_for_capacity(PARTS_AT_A_TIME).await.map_err(|error| away(url, &error))?;
                parts.write(piece.get(..read).unwrap_or_default());
            }
            let _ = parts.finish().await.map_err(|error| away(url, &error))?;
            Ok(())
        })
    }

    /// Hands over the object piece by piece until `take` has enough.
    pub fn read(&self, url: &str, take: &mut dyn FnMut(&[u8]) -> Result<bool, ColdError>) -> Result<(), ColdError> {
        let (to, pieces) = sync_channel(4);
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                run(url, async {
                    let found = match self.store.get(&self.path).await {
                        Err(object_store::Error::NotFound { .. }) => {
                            return Err(ColdError::Missing { url: url.to_owned() });
                        }
                        other => other.map_err(|error| away(url, &error))?,
                    };
                    let mut stream = found.into_stream();
                    while let Some(piece) = stream.next().await {
                        if to.send(piece.map_err(|error| away(url, &error))?).is_err() {
                            break;
                        }
                    }
                    Ok(())
                })
            });
            let mut pieces = pieces.into_iter();
            let mut wants_more = Ok(true);
            while let (Ok(true), Some(piece)) = (&wants_more, pieces.next()) {
                wants_more = take(&piece);
            }
            // Lets go of the reader if it has more.
            drop(pieces);
            wants_more?;
            reader.join().unwrap_or_else(|_| Err(away(url, &"the thread that reads it panicked")))
        })
    }
}

/// Runs requests on a thread of their own: whoever asks may be inside of another runtime.
fn apart<T: Send>(url: &str, work: impl Future<Output = Result<T, ColdError>> + Send) -> Result<T, ColdError> {
    std::thread::scope(|scope| {
        let done = scope.spawn(|| run(url, work)).join();
        done.unwrap_or_else(|_| Err(away(url, &"the thread that asks panicked")))
    })
}

fn run<T>(url: &str, work: impl Future<Output = Result<T, ColdError>>) -> Result<T, ColdError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| away(url, &error))?.block_on(work)
}

/// What the store said, in the terms of cold storage.
fn away(url: &str, error: &(dyn std::fmt::Display + 'static)) -> ColdError {
    ColdError::Away { url: url.to_owned(), why: error.to_string() }
}
