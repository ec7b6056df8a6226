//! Where archived files lie, by URL: a folder (`file:///…`), and with the feature `cloud` Amazon S3 (`s3://bucket/…`) and Google Cloud
//! Storage (`gs://bucket/…`).
//!
//! Credentials and endpoints come from the environment alone, under the names that the crate `object_store` reads (`AWS_…`, `GOOGLE_…`).

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use reqwest::Url;

use super::ColdError;
use crate::store::durable::{self, FileError};

#[cfg(feature = "cloud")]
mod cloud;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// One object.
#[derive(Debug)]
pub struct Place {
    url: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File(PathBuf),
    #[cfg(feature = "cloud")]
    Cloud(cloud::Object),
}

impl Place {
    /// The object of a URL.
    ///
    /// # Errors
    /// [`ColdError::Url`] if it is none, or holds credentials or a query; [`ColdError::NeedsCloud`].
    pub fn of(url: &str) -> Result<Self, ColdError> {
        // What may be a secret is not repeated.
        let wrong = |why: &str| ColdError::Url { url: without_secrets(url), why: why.to_owned() };
        let parsed = Url::parse(url).map_err(|error| wrong(&format!("no URL: {error}")))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(wrong("credentials do not belong into a URL: set them in the environment"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(wrong("a URL of cold storage has neither a query nor a fragment"));
        }
        let kind = match parsed.scheme() {
            "file" => Kind::File(parsed.to_file_path().map_err(|()| wrong("it names no file of this machine"))?),
            "s3" | "gs" if parsed.host_str().is_none_or(str::is_empty) => return Err(wrong("it names no bucket")),
            #[cfg(feature = "cloud")]
            "s3" | "gs" => Kind::Cloud(cloud::Object::of(&parsed)?),
            #[cfg(not(feature = "cloud"))]
            "s3" | "gs" => return Err(ColdError::NeedsCloud { url: url.to_owned() }),
            _ => return Err(wrong("cold storage is at file:///…, s3://… or gs://…")),
        };
        Ok(Self { url: url.to_owned(), kind })
    }

    /// Puts a file there, replacing what is there.
    ///
    /// # Errors
    /// [`ColdError::Away`]; [`ColdError::File`] for a folder that cannot be written.
    pub fn write(&self, file: &mut File) -> Result<(), ColdError> {
        file.seek(SeekFrom::Start(0)).map_err(|error| self.away(&error))?;
        match &self.kind {
            Kind::File(path) => durable::write_with(path, |target| {
                io::copy(file, target).map_err(|error| FileError::new("write", path, error))?;
                Ok(())
            }),
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => object.write(&self.url, file),
        }
    }

    /// Hands over the object piece by piece, and stops once it is longer than `limit`. Its length, as far as it was read.
    ///
    /// # Errors
    /// [`ColdError::Missing`], [`ColdError::Away`]; [`ColdError::File`] if `each` fails.
    pub fn read(&self, limit: u64, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, ColdError> {
        let mut length = 0u64;
        let mut take = |piece: &[u8]| {
            length = length.saturating_add(piece.len() as u64);
            if length > limit {
                return Ok(false);
            }
            let kept = Path::new("a fetched file");
            each(piece).map_err(|error| ColdError::from(FileError::new("write", kept, error)))?;
            Ok(true)
        };
        match &self.kind {
            Kind::File(path) => self.read_file(path, &mut take)?,
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => object.read(&self.url, &mut take)?,
        }
        Ok(length)
    }

    fn read_file(&self, path: &Path, take: &mut dyn FnMut(&[u8]) -> Result<bool, ColdError>) -> Result<(), ColdError> {
        let mut file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ColdError::Missing { url: self.url.clone() },
            _ => self.away(&error),
        })?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).map_err(|error| self.away(&error))?;
            if read == 0 || !take(piece.get(..read).unwrap_or_default())? {
                return Ok(());
            }
        }
    }

    fn away(&self, why: &dyn std::fmt::Display) -> ColdError {
        ColdError::Away { url: self.url.clone(), why: why.to_string() }
    }
}

/// A URL without what may be a secret in it.
fn without_secrets(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or_default();
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}***{}", url.get(..scheme + 3).unwrap_or_default(), url.get(at..).unwrap_or_default())
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_name_no_object_or_hold_a_secret_are_refused_without_repeating_it() {
        for url in ["", "batches", "http://host/a", "s3:///key", "file://elsewhere/a"] {
            assert!(matches!(Place::of(url), Err(ColdError::Url { .. })), "{url}");
        }
        for url in ["s3://key:SECRET@bucket/a", "s3://SECRET@bucket/a", "file:///a?token=SECRET", "gs://a/b#SECRET"] {
            let error = Place::of(url).unwrap_err();
            assert!(matches!(error, ColdError::Url { .. }) && !error.to_string().contains("SECRET"), "{error}");
        }
        #[cfg(not(feature = "cloud"))]
        for url in ["s3://bucket/a", "gs://bucket/a"] {
            let error = Place::of(url).unwrap_err();
            assert!(error.to_string().contains("--features cloud"), "{error}");
        }
    }
}
