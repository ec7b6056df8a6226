//! The files of a folder against those that were written again: the first byte, row or line that differs, and files too many or too few.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use radio_payouts_protocol::seal::SfuSeal;
use radio_payouts_protocol::settlement::Summary;

use super::{Checks, Fault, Group, Opened, in_folder};
use crate::artefact::batches::{self, write_envelopes};
use crate::artefact::digest::{Comparing, Digesting};
use crate::artefact::envelopes;
use crate::artefact::files::FileKind;
use crate::artefact::manifest::{FileJson, Manifest};
use crate::artefact::streamed::{Digests, Heard};
use crate::artefact::{Artefact, Terms, differ};

/// Notes what came of a file.
pub(super) fn note(checks: &mut Checks, name: &str, difference: Option<String>, ours: &FileJson) {
    let detail = format!("{} bytes, SHA-256 {}", ours.length, hex::encode(ours.sha256));
    checks.note(Group::Files, name, difference, detail);
}

/// What is said of a file that is not there.
pub(super) fn is_missing(name: &str) -> String {
    format!("{name} is missing")
}

/// Says where a file of `folder` differs from the one that was written again as `ours`, from byte `at` on.
///
/// # Errors
/// [`Fault::Failed`] if one cannot be read.
pub(super) fn name_difference(folder: &Path, name: &str, ours: &Path, at: u64) -> Result<String, Fault> {
    let named = match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("parquet") => differ::tables(&folder.join(name), ours).ok().flatten(),
        _ => differ::lines(envelopes::open_plain(folder, name)?, File::open(ours)?)?,
    };
    let named = named.unwrap_or_else(|| "no row differs, so the file was damaged or written by another version".into());
    Ok(format!("{name}: differs from byte {at} on: {named}"))
}

/// Compares the files below `written`, of these digests, with those of the folder; every one is noted.
///
/// # Errors
/// [`Fault::Failed`] if one cannot be read.
pub(super) fn check_written(
    folder: &Path,
    kinds: &[FileKind],
    written: &Path,
    digests: &Digests,
    heard: Heard<'_>,
    checks: &mut Checks,
) -> Result<(), Fault> {
    for (done, kind) in (0u64..).zip(kinds) {
        heard("files compared", done, Some(kinds.len() as u64));
        let name = kind.name();
        let ours = digests.get(name).ok_or_else(|| anyhow::anyhow!("{name} was not written again"))?;
        let found = File::open(folder.join(name)).ok().map(digest_of).transpose()?;
        let difference = match found {
            Some(digest) if digest == *ours => None,
            Some(_) => {
                let mut comparing = Comparing::new(File::open(folder.join(name))?);
                io::copy(&mut File::open(written.join(name))?, &mut comparing)?;
                let at = comparing.finish()?.unwrap_or_default();
                Some(name_difference(folder, name, &written.join(name), at)?)
            }
            None => Some(is_missing(name)),
        };
        note(checks, name, difference, ours);
    }
    heard("files compared", kinds.len() as u64, Some(kinds.len() as u64));
    Ok(())
}

fn digest_of(mut file: File) -> io::Result<FileJson> {
    let mut digesting = Digesting::new(io::sink());
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = io::Read::read(&mut file, &mut buffer)?;
        if read == 0 {
            return Ok(digesting.finish().0);
        }
        digesting.write_all(buffer.get(..read).unwrap_or_default())?;
    }
}

/// Compares the files of envelopes with what sealing says that stands in them. They were read already: what is left is their order. The
/// digests of the plain files are added to `digests`.
///
/// # Errors
/// [`Fault::Failed`] if a difference cannot be named.
pub(super) fn check_envelopes(
    opened: &Opened,
    seals: &[SfuSeal],
    digests: &mut Digests,
    checks: &mut Checks,
) -> Result<(), Fault> {
    for seal in seals.iter().filter(|seal| !seal.judged.is_empty()) {
        let name = batches::file_name(&seal.key);
        let read = opened.batches.file(&name);
        let headers = read.and_then(|read| opened.headers.get(read.headers.clone())).unwrap_or_default();
        let is_same = headers.iter().eq(seal.judged.iter().map(|judged| &judged.header));
        let (digest, difference) = match read {
            Some(read) if read.is_whole && is_same => (read.digest.clone(), None),
            _ => write_again(opened, seal, &name)?,
        };
        note(checks, &name, difference, &digest);
        digests.insert(name, digest);
    }
    Ok(())
}

/// The digest of a file of envelopes as it must be, and what is different in the one that is there.
fn write_again(opened: &Opened, seal: &SfuSeal, name: &str) -> Result<(FileJson, Option<String>), Fault> {
    let ours = tempfile::NamedTempFile::new()?;
    let folder = &opened.artefact.folder;
    let theirs = match envelopes::open_plain(folder, name) {
        Ok(theirs) => theirs,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut writer = Digesting::new(io::sink());
            write_envelopes(seal, &opened.batches, &mut writer)?;
            return Ok((writer.finish().0, Some(is_missing(name))));
        }
        Err(error) => return in_folder(Err(anyhow::Error::from(error).context(format!("cannot read {name}")))),
    };
    let mut writer = Digesting::new(ours.as_file());
    write_envelopes(seal, &opened.batches, &mut writer)?;
    let (digest, _) = writer.finish();
    let mut comparing = Comparing::new(theirs);
    io::copy(&mut File::open(ours.path())?, &mut comparing)?;
    let difference = comparing.finish()?.map(|at| name_difference(folder, name, ours.path(), at)).transpose()?;
    Ok((digest, difference))
}

/// Compares the manifest with the one that these terms, this result and these files lead to, and looks for files that are none of the
/// epoch's. The number of files, the manifest among them.
///
/// # Errors
/// [`Fault::Failed`] if that cannot be done.
pub(super) fn check_manifest(
    artefact: &Artefact,
    terms: &Terms,
    settled: &Summary,
    files: Digests,
    checks: &mut Checks,
) -> Result<usize, Fault> {
    let manifest = Manifest::of(terms, settled, files);
    let found = std::fs::read(artefact.folder.join("manifest.json"))?;
    let expected = manifest.to_bytes()?;
    let difference = if found == expected {
        None
    } else {
        let theirs = serde_json::from_slice(&found)?;
        let difference = differ::json(&theirs, &serde_json::to_value(&manifest)?);
        Some(format!("manifest.json: {}", difference.unwrap_or_else(|| "it is written in another form".into())))
    };
    checks.note(Group::Files, "manifest.json", difference, format!("{} bytes", expected.len()));
    checks.note(Group::Files, "no other file", find_stranger(&artefact.folder, &manifest)?, "none is there");
    Ok(manifest.files.len() + 1)
}

fn find_stranger(folder: &Path, manifest: &Manifest) -> Result<Option<String>, Fault> {
    for (below, prefix) in [(folder.to_owned(), ""), (folder.join("batches"), "batches/")] {
        for entry in std::fs::read_dir(below)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let plain = if prefix.is_empty() { &name } else { envelopes::listed_name(&name) };
            let is_known = manifest.files.contains_key(plain) || name == "manifest.json" || name == "batches";
            if !is_known {
                return Ok(Some(format!("{name} is no file of this epoch")));
            }
        }
    }
    Ok(None)
}
