//! Objects outside of the data folder, by URL: in a folder (`file:///…`), and with the feature `cloud` in Amazon S3 (`s3://bucket/…`) and
//! Google Cloud Storage (`gs://bucket/…`).
//!
//! Credentials and endpoints come from the environment alone, under the names that the crate `object_store` reads (`AWS_…`, `GOOGLE_…`).

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use reqwest::Url;

use super::durable::{self, FileError};

#[cfg(feature = "cloud")]
mod cloud;
mod error;
mod folder;

pub use error::{PlaceError, cause};

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// One object, or what the names of several begin with.
#[derive(Clone, Debug)]
pub struct Place {
    url: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    File(PathBuf),
    #[cfg(feature = "cloud")]
    Cloud(cloud::Object),
}

impl Place {
    /// The object of a URL. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// [`PlaceError::Url`] if it is none, or holds credentials or a query; [`PlaceError::NeedsCloud`].
    pub fn of(url: &str) -> Result<Self, PlaceError> {
        let parsed = Self::check(url)?;
        let kind = match parsed.scheme() {
            "file" => Kind::File(file_path(url, &parsed)?),
            #[cfg(feature = "cloud")]
            _ => Kind::Cloud(cloud::Object::of(&parsed)?),
            #[cfg(not(feature = "cloud"))]
            _ => return Err(PlaceError::NeedsCloud { url: url.to_owned() }),
        };
        Ok(Self { url: url.to_owned(), kind })
    }

    /// Whether a URL is one of a store that this build knows.
    ///
    /// # Errors
    /// As [`Place::of`].
    pub fn check(url: &str) -> Result<Url, PlaceError> {
        // What may be a secret is not repeated.
        let wrong = |why: &str| PlaceError::Url { url: without_secrets(url), why: why.to_owned() };
        let parsed = Url::parse(url).map_err(|error| wrong(&format!("no URL: {error}")))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(wrong("credentials do not belong into a URL: set them in the environment"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(wrong("a URL of a store has neither a query nor a fragment"));
        }
        match parsed.scheme() {
            "file" => file_path(url, &parsed).map(drop)?,
            "s3" | "gs" if parsed.host_str().is_none_or(str::is_empty) => return Err(wrong("it names no bucket")),
            "s3" | "gs" if cfg!(feature = "cloud") => {}
            "s3" | "gs" => return Err(PlaceError::NeedsCloud { url: url.to_owned() }),
            _ => return Err(wrong("a store is at file:///…, s3://… or gs://…")),
        }
        Ok(parsed)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The place of this name below it: parts of names, separated by `/`.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        let url = format!("{}/{name}", self.url.trim_end_matches('/'));
        let kind = match &self.kind {
            Kind::File(path) => Kind::File(path.join(name)),
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => Kind::Cloud(object.below(name)),
        };
        Self { url, kind }
    }

    /// Puts a file there, replacing what is there.
    ///
    /// # Errors
    /// [`PlaceError::Away`]; [`PlaceError::File`] for a folder that cannot be written.
    pub fn write(&self, file: &mut File) -> Result<(), PlaceError> {
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

    /// Creates the object, unless there is one; `false` if there is, which is then left as it is. Of several that create it at the same time
    /// one does.
    ///
    /// # Errors
    /// As [`Place::write`].
    pub fn create_once(&self, bytes: &[u8]) -> Result<bool, PlaceError> {
        match &self.kind {
            Kind::File(path) => Ok(durable::create_once(path, bytes)?),
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => object.create_once(&self.url, bytes),
        }
    }

    /// Length of the object in bytes; `None` if there is none.
    ///
    /// # Errors
    /// [`PlaceError::Away`].
    pub fn length(&self) -> Result<Option<u64>, PlaceError> {
        match &self.kind {
            Kind::File(path) => folder::length(path).map_err(|error| self.away(&error)),
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => object.length(&self.url),
        }
    }

    /// The names of the objects directly below it, sorted.
    ///
    /// # Errors
    /// [`PlaceError::Away`].
    pub fn list(&self) -> Result<Vec<String>, PlaceError> {
        match &self.kind {
            Kind::File(path) => folder::list(path).map_err(|error| self.away(&error)),
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => object.list(&self.url),
        }
    }

    /// Asks whether a store can be there at all: a folder that is not there is a disk that is not mounted, not an empty store. A bucket that
    /// is not there is found by what is asked of it first.
    ///
    /// # Errors
    /// [`PlaceError::Away`].
    pub fn require_folder(&self) -> Result<(), PlaceError> {
        match &self.kind {
            Kind::File(path) if path.is_dir() => Ok(()),
            Kind::File(_) => Err(self.away(&"there is no such folder; create it, or mount it")),
            #[cfg(feature = "cloud")]
            Kind::Cloud(_) => Ok(()),
        }
    }

    /// Hands over the object piece by piece, and stops once it is longer than `limit`. Its length, as far as it was read.
    ///
    /// # Errors
    /// [`PlaceError::Missing`], [`PlaceError::Away`]; [`PlaceError::File`] if `each` fails.
    pub fn read(&self, limit: u64, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, PlaceError> {
        let mut length = 0u64;
        let mut take = |piece: &[u8]| {
            length = length.saturating_add(piece.len() as u64);
            if length > limit {
                return Ok(false);
            }
            let kept = Path::new("a fetched file");
            each(piece).map_err(|error| PlaceError::from(FileError::new("write", kept, error)))?;
            Ok(true)
        };
        match &self.kind {
            Kind::File(path) => folder::read(&self.url, path, &mut take)?,
            #[cfg(feature = "cloud")]
            Kind::Cloud(object) => object.read(&self.url, &mut take)?,
        }
        Ok(length)
    }

    /// An error of this object being another one.
    #[must_use]
    pub fn changed(&self, why: impl std::fmt::Display) -> PlaceError {
        PlaceError::Changed { url: self.url.clone(), why: why.to_string() }
    }

    fn away(&self, why: &dyn std::fmt::Display) -> PlaceError {
        PlaceError::Away { url: self.url.clone(), why: why.to_string() }
    }
}

fn file_path(url: &str, parsed: &Url) -> Result<PathBuf, PlaceError> {
    let wrong = |()| PlaceError::Url { url: url.to_owned(), why: "it names no file of this machine".to_owned() };
    parsed.to_file_path().map_err(wrong)
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
            assert!(matches!(Place::of(url), Err(PlaceError::Url { .. })), "{url}");
        }
        for url in ["s3://key:SECRET@bucket/a", "s3://SECRET@bucket/a", "file:///a?token=SECRET", "gs://a/b#SECRET"] {
            let error = Place::of(url).unwrap_err();
            assert!(matches!(error, PlaceError::Url { .. }) && !error.to_string().contains("SECRET"), "{error}");
        }
        #[cfg(not(feature = "cloud"))]
        for url in ["s3://bucket/a", "gs://bucket/a"] {
            let error = Place::of(url).unwrap_err();
            assert!(error.to_string().contains("--features cloud"), "{error}");
        }
    }

    #[test]
    fn an_object_is_created_once_and_found_by_its_name_and_length() {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::from_file_path(folder.path().join("store")).unwrap().to_string();
        let root = Place::of(&format!("{url}/")).unwrap();
        assert!(matches!(root.require_folder(), Err(PlaceError::Away { .. })));
        let place = root.below("a/b=1/one.json");
        assert_eq!(place.url(), format!("{url}/a/b=1/one.json"));
        assert_eq!((place.length().unwrap(), root.below("a/b=1").list().unwrap().len()), (None, 0));
        assert!(place.create_once(b"one").unwrap());
        assert!(!place.create_once(b"other").unwrap());
        let mut found = Vec::new();
        let length = place.read(10, &mut |piece| io::Write::write_all(&mut found, piece)).unwrap();
        assert_eq!((&*found, length, place.length().unwrap()), (&b"one"[..], 3, Some(3)));
        // What a writer that died left behind is no object, nor is a folder.
        std::fs::write(folder.path().join("store/a/b=1/.tmp123"), b"half").unwrap();
        std::fs::create_dir(folder.path().join("store/a/b=1/deeper")).unwrap();
        assert_eq!(root.below("a/b=1").list().unwrap(), ["one.json"]);
        root.require_folder().unwrap();
    }
}
