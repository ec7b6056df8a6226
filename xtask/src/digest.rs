//! SHA-256 over what a result was made from: equal digests mean that there is nothing to do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

/// A digest in the making.
#[derive(Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds one labelled value; lengths go in as well, so that no two sequences look the same.
    pub fn add(&mut self, label: &str, value: &[u8]) -> &mut Self {
        for part in [label.as_bytes(), value] {
            self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds a file's content under the given label.
    pub fn add_file(&mut self, label: &str, path: &Path) -> Result<&mut Self> {
        let content = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(self.add(label, &content))
    }

    /// Adds every file below `folder`, in the order of their paths.
    pub fn add_tree(&mut self, folder: &Path) -> Result<&mut Self> {
        let mut files = Vec::new();
        collect(folder, &mut files)?;
        files.sort();
        for file in files {
            let label = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
            self.add_file(&label, &file)?;
        }
        Ok(self)
    }

    /// The digest in hexadecimal.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
