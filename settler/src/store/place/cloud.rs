//! Objects in S3 or Google Cloud Storage.

use std::fs::File;
use std::io::Read as _;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig, WriteMultipart,
};
use reqwest::Url;
use tokio::runtime::Runtime;

use super::{PIECE, PlaceError};

/// Length of a part of an upload; a file of up to this length is put with one request.
pub const PART: usize = 16 << 20;
/// Parts that are under way together.
const PARTS_AT_A_TIME: usize = 4;
/// How often and for how long a request is tried again.
const RETRIES: usize = 4;
const RETRY_FOR: Duration = Duration::from_secs(30);

/// What connections live in: one for the process, so that they are kept from one request to the next, whoever asks.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("objects").enable_all().build()
});

/// An object and its store.
#[derive(Clone, Debug)]
pub struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl Object {
    /// The object of a URL, with credentials, region and endpoint from the environment.
    pub fn of(url: &Url) -> Result<Self, PlaceError> {
        let wrong = |why: String| PlaceError::Url { url: url.to_string(), why };
        let path = Path::from_url_path(url.path()).map_err(|error| wrong(error.to_string()))?;
        let bucket = url.host_str().unwrap_or_default();
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
        let store: Result<Arc<dyn ObjectStore>, _> = match url.scheme() {
            "s3" => {
                let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
                // S3 refuses what it did not receive as it was sent.
                if builder.get_config_value(&AmazonS3ConfigKey::Checksum).is_none() {
                    builder = builder.with_checksum_algorithm(Checksum::SHA256);
                }
                builder.build().map(|store| Arc::new(store) as _)
            }
            _ => {
                let built = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry).build();
                built.map(|store| Arc::new(store) as _)
            }
        };
        Ok(Self { store: store.map_err(|error| wrong(error.to_string()))?, path })
    }

    /// The object of this name below it.
    pub fn below(&self, name: &str) -> Self {
        let path = name.split('/').fold(self.path.clone(), |path, part| path.join(part));
        Self { store: self.store.clone(), path }
    }

    /// Puts a file there, in parts if it is long.
    pub fn write(&self, url: &str, file: &mut File) -> Result<(), PlaceError> {
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

    /// Puts an object if there is none of its name.
    pub fn create_once(&self, url: &str, bytes: &[u8]) -> Result<bool, PlaceError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.to_vec());
        apart(url, async {
            match self.store.put_opts(&self.path, payload, options).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(away(url, &error)),
            }
        })
    }

    /// Length of the object; `None` if there is none.
    pub fn length(&self, url: &str) -> Result<Option<u64>, PlaceError> {
        apart(url, async {
            match self.store.head(&self.path).await {
                Ok(found) => Ok(Some(found.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(away(url, &error)),
            }
        })
    }

    /// Names of the objects directly below it, sorted.
    pub fn list(&self, url: &str) -> Result<Vec<String>, PlaceError> {
        apart(url, async {
            let depth = self.path.parts().count() + 1;
            let found = self.store.list(Some(&self.path)).try_filter_map(|object| async move {
                let is_direct = object.location.parts().count() == depth;
                Ok(object.location.filename().filter(|_| is_direct).map(str::to_owned))
            });
            let mut names: Vec<String> = found.try_collect().await.map_err(|error| away(url, &error))?;
            names.sort_unstable();
            Ok(names)
        })
    }

    /// Hands over the object piece by piece until `take` has enough.
    pub fn read(&self, url: &str, take: &mut dyn FnMut(&[u8]) -> Result<bool, PlaceError>) -> Result<(), PlaceError> {
        let (to, pieces) = sync_channel(4);
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                run(url, async {
                    let found = match self.store.get(&self.path).await {
                        Err(Error::NotFound { .. }) => {
                            return Err(PlaceError::Missing { url: url.to_owned() });
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
fn apart<T: Send>(url: &str, work: impl Future<Output = Result<T, PlaceError>> + Send) -> Result<T, PlaceError> {
    std::thread::scope(|scope| {
        let done = scope.spawn(|| run(url, work)).join();
        done.unwrap_or_else(|_| Err(away(url, &"the thread that asks panicked")))
    })
}

fn run<T>(url: &str, work: impl Future<Output = Result<T, PlaceError>>) -> Result<T, PlaceError> {
    RUNTIME.as_ref().map_err(|error| away(url, error))?.block_on(work)
}

/// What the store said.
fn away(url: &str, error: &(dyn std::fmt::Display + 'static)) -> PlaceError {
    PlaceError::Away { url: url.to_owned(), why: error.to_string() }
}
