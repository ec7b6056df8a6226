//! Locks: one settlement of a store at a time, and no rebuild while anything is written.

use std::fs::File;
use std::path::Path;

use super::StoreError;
use super::durable::FileError;

/// Held as long as the value lives; the system lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, without waiting.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        Self::with(path, File::try_lock)
    }

    /// Takes the lock together with others who do so, without waiting.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if a process has it for itself.
    pub fn share(path: &Path) -> Result<Self, StoreError> {
        Self::with(path, File::try_lock_shared)
    }

    fn with(path: &Path, lock: fn(&File) -> Result<(), std::fs::TryLockError>) -> Result<Self, StoreError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|error| FileError::new("open", path, error))?;
        match lock(&file) {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Busy(path.to_owned())),
            Err(std::fs::TryLockError::Error(error)) => Err(FileError::new("lock", path, error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_that_it_is_busy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path).unwrap();
        assert!(matches!(Lock::take(&path), Err(StoreError::Busy(_))));
        drop(first);
        Lock::take(&path).unwrap();
    }
}
