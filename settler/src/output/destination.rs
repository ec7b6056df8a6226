//! Where a long result goes: stdout, or a file that is there whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::durable;
use crate::outcome::{Failure, Outcome};

/// A destination that is being written to.
pub enum Destination {
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
    /// A temporary file beside its place.
    File {
        /// The file so far.
        file: BufWriter<NamedTempFile>,
        /// Where it goes.
        place: PathBuf,
        /// Whether one that is there may be replaced.
        force: bool,
    },
}

impl Destination {
    /// Opens it: the file `out`, or stdout. Without `force` a file that is there is not touched.
    ///
    /// # Errors
    /// Exit 2 if the file is there, or `force` is given without one; exit 1 if it cannot be written to.
    pub fn open(out: Option<&Path>, force: bool) -> Outcome<Self> {
        let Some(out) = out else {
            if force {
                return Err(Failure::usage("--force is for --out FILE"));
            }
            return Ok(Self::Stdout(BufWriter::with_capacity(1 << 16, io::stdout())));
        };
        if !force && out.symlink_metadata().is_ok() {
            return Err(Self::is_there(out));
        }
        let file = tempfile::Builder::new()
            .prefix(".tmp")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(durable::folder_of(out))
            .map_err(|error| anyhow::anyhow!("{} cannot be written: {error}", out.display()))?;
        Ok(Self::File { file: BufWriter::with_capacity(1 << 16, file), place: out.to_owned(), force })
    }

    fn is_there(out: &Path) -> Failure {
        Failure::usage(format!("{} is there already and was not changed; --force replaces it", out.display()))
    }

    /// Ends: the file is synced and takes its place. If this is never called, nothing is left of it.
    ///
    /// # Errors
    /// If it cannot be written, or without `force` if a file has come to be there.
    pub fn commit(self) -> Outcome {
        match self {
            Self::Stdout(mut stdout) => Ok(stdout.flush()?),
            Self::File { file, place, force } => {
                let doing = |error: io::Error| anyhow::anyhow!("{} cannot be written: {error}", place.display());
                let file = file.into_inner().map_err(|error| doing(error.into_error()))?;
                file.as_file().sync_all().map_err(doing)?;
                let persisted = if force { file.persist(&place) } else { file.persist_noclobber(&place) };
                match persisted {
                    Ok(_) => Ok(durable::sync_folder(durable::folder_of(&place)).map_err(doing)?),
                    Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(Self::is_there(&place)),
                    Err(error) => Err(doing(error.error).into()),
                }
            }
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_by_force_and_never_half() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("file");
        let mut dropped = Destination::open(Some(&place), false).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");

        let (mut first, mut second) =
            (Destination::open(Some(&place), false).unwrap(), Destination::open(Some(&place), false).unwrap());
        first.write_all(b"first").unwrap();
        second.write_all(b"second").unwrap();
        first.commit().unwrap();
        assert!(second.commit().is_err(), "a file has come to be there");
        assert!(Destination::open(Some(&place), false).is_err());
        assert_eq!(std::fs::read(&place).unwrap(), b"first");

        let mut third = Destination::open(Some(&place), true).unwrap();
        third.write_all(b"third").unwrap();
        third.commit().unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), b"third");
        assert!(Destination::open(Some(&place.join("below")), false).is_err());
        assert!(Destination::open(None, true).is_err());
    }
}
