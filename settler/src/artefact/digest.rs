//! Writers that note what went through them: the hash of a file, and where it differs from another.

use std::io::{self, BufReader, Read, Write};

use sha2::{Digest as _, Sha256};

use super::manifest::FileJson;

/// Hashes and counts what it passes on.
pub struct Digesting<W> {
    inner: W,
    hasher: Sha256,
    length: u64,
}

impl<W: Write> Digesting<W> {
    /// Begins.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), length: 0 }
    }

    /// What it passes on to.
    pub const fn inner(&self) -> &W {
        &self.inner
    }

    /// Goes on with another writer.
    pub fn map<V: Write>(self, other: impl FnOnce(W) -> V) -> Digesting<V> {
        Digesting { inner: other(self.inner), hasher: self.hasher, length: self.length }
    }

    /// What went through.
    pub fn finish(self) -> (FileJson, W) {
        (FileJson { sha256: self.hasher.finalize().into(), length: self.length }, self.inner)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Compares what is written with what a reader yields.
pub struct Comparing<R> {
    other: BufReader<R>,
    at: u64,
    difference: Option<u64>,
}

impl<R: Read> Comparing<R> {
    /// Begins.
    pub fn new(other: R) -> Self {
        Self { other: BufReader::with_capacity(1 << 20, other), at: 0, difference: None }
    }

    /// The first byte that differs, also if one is longer than the other.
    ///
    /// # Errors
    /// If the other cannot be read.
    pub fn finish(mut self) -> io::Result<Option<u64>> {
        if self.difference.is_none() && self.other.read(&mut [0])? > 0 {
            self.difference = Some(self.at);
        }
        Ok(self.difference)
    }
}

impl<R: Read> Write for Comparing<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.difference.is_none() {
            let mut there = vec![0; bytes.len()];
            let mut filled = 0;
            while filled < there.len() {
                match self.other.read(there.get_mut(filled..).unwrap_or_default())? {
                    0 => break,
                    read => filled += read,
                }
            }
            there.truncate(filled);
            let same = bytes.iter().zip(&there).take_while(|(ours, theirs)| ours == theirs).count();
            if same < bytes.len() {
                self.difference = Some(self.at + same as u64);
            }
            self.at += bytes.len() as u64;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(ours: &[u8], theirs: &[u8]) -> Option<u64> {
        let mut comparing = Comparing::new(theirs);
        for piece in ours.chunks(3) {
            comparing.write_all(piece).unwrap();
        }
        comparing.finish().unwrap()
    }

    #[test]
    fn the_first_difference_is_found_at_either_end_too() {
        assert_eq!(difference(b"abcdefgh", b"abcdefgh"), None);
        assert_eq!(difference(b"", b""), None);
        assert_eq!(difference(b"abcdefgh", b"abcdXfgh"), Some(4));
        assert_eq!(difference(b"abcdefgh", b"abcde"), Some(5));
        assert_eq!(difference(b"abcde", b"abcdefgh"), Some(5));
    }
}
