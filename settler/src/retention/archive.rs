//! `store archive`: compacted files go to cold storage, are read back and compared, and give way to stubs.
//!
//! Stubs are written before files are removed, and files are removed only after the object was read back. A run that was killed anywhere is
//! finished by the next one.

use std::fs::File;
use std::path::Path;

use serde::Serialize;

use super::{Kept, Pair, Quiet, digest, remove};
use crate::artefact::digest::Digesting;
use crate::artefact::manifest::FileJson;
use crate::artefact::{Artefact, folder_name, sfu_name};
use crate::crash;
use crate::outcome::{Exit, Failure, Outcome};
use crate::output::Progress;
use crate::store::Store;
use crate::store::cold::Stub;
use crate::store::durable::FileError;
use crate::store::place::{Place, PlaceError};

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Archived now.
    Archived,
    /// It was before.
    Already,
    /// It has to be compacted first.
    Uncompacted,
}

/// One SFU's batches of an epoch.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The epoch.
    #[serde(with = "radio_payouts_protocol::json")]
    pub epoch: u64,
    /// The SFU's DID.
    pub sfu: String,
    /// What became of its file.
    pub state: State,
    /// Where it is, if it is archived.
    pub url: Option<String>,
    /// Its bytes there, and here before; 0 if it is not archived.
    #[serde(with = "radio_payouts_protocol::json")]
    pub bytes: u64,
}

/// Moves the compacted files of these epochs below the URL `to`, which has been checked to be one. Those that are not compacted yet are left out.
///
/// # Errors
/// Exit 75 if the store is away; exit 3 if what is read back is another file. What was not read back as it is stays here.
pub fn run(quiet: &mut Quiet, epochs: &[Artefact], to: &str) -> Outcome<Vec<Line>> {
    let progress = Progress::new();
    let mut lines = Vec::new();
    for artefact in epochs {
        for pair in Pair::all(&quiet.store, artefact)? {
            let line = archive(&quiet.store, artefact, &pair, to)?;
            progress.add("bytes archived", line.bytes, None);
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The object of one SFU's batches of an epoch.
fn object(to: &str, artefact: &Artefact, key: &[u8; 32]) -> String {
    let domain = hex::encode(artefact.manifest.deployment.domain);
    let (epoch, sfu) = (folder_name(artefact.manifest.statement.epoch), hex::encode(key));
    format!("{}/{domain}/{epoch}/{sfu}.ndjson.zst", to.trim_end_matches('/'))
}

fn archive(store: &Store, artefact: &Artefact, pair: &Pair, to: &str) -> Outcome<Line> {
    let epoch = artefact.manifest.statement.epoch;
    let line = |state, stub: Option<&Stub>| Line {
        epoch,
        sfu: sfu_name(&pair.key),
        state,
        url: stub.map(|stub| stub.url.clone()),
        bytes: stub.map_or(0, |stub| stub.packed.length),
    };
    let Some(pack) = pair.pack_path(store) else { return Ok(line(State::Uncompacted, None)) };
    match pair.kept(store, artefact)? {
        Kept::Archived(stub) => {
            let state = if pair.artefact.is_file() || pack.is_file() { State::Archived } else { State::Already };
            // Both stubs are there, so what they stand for was read back: a run was killed before it had removed the files.
            remove_files(&pair.artefact, &pack)?;
            return Ok(line(state, Some(&stub)));
        }
        Kept::Published => return Ok(line(State::Uncompacted, None)),
        Kept::Compacted => {}
    }
    let packed = digest(&pack)?;
    require_content(pair, &pack)?;
    let stub = Stub { url: object(to, artefact, &pair.key), packed, plain: pair.plain.clone() };
    let place = Place::of(&stub.url)?;
    let mut file = File::open(&pack).map_err(|error| FileError::new("read", &pack, error))?;
    crash::point("archive.before_upload");
    place.write(&mut file)?;
    crash::point("archive.after_upload");
    read_back(&place, &stub)?;
    crash::point("archive.after_reading_back");
    stub.write(&pack)?;
    crash::point("archive.after_pack_stub");
    stub.write(&pair.artefact)?;
    crash::point("archive.after_stub");
    remove_files(&pair.artefact, &pack)?;
    Ok(line(State::Archived, Some(&stub)))
}

fn remove_files(artefact: &Path, pack: &Path) -> Outcome {
    remove(artefact)?;
    crash::point("archive.after_file");
    remove(pack)?;
    crash::point("archive.after_pack_file");
    Ok(())
}

/// A file that leaves this machine must be what the manifest names.
fn require_content(pair: &Pair, pack: &Path) -> Outcome {
    let mut plain = Digesting::new(std::io::sink());
    let file = File::open(pack).map_err(|error| FileError::new("read", pack, error))?;
    let unpacked = zstd::Decoder::new(file).and_then(|mut decoder| std::io::copy(&mut decoder, &mut plain));
    let _ = unpacked.map_err(|error| FileError::new("read", pack, error))?;
    if plain.finish().0 == pair.plain {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Difference,
        format!("{} does not unpack to the {} of the manifest", pack.display(), pair.name),
    ))
}

fn read_back(place: &Place, stub: &Stub) -> Result<(), PlaceError> {
    let mut found = Digesting::new(std::io::sink());
    let _ = place.read(stub.packed.length, &mut |piece| std::io::Write::write_all(&mut found, piece))?;
    let (found, _): (FileJson, _) = found.finish();
    if found == stub.packed {
        return Ok(());
    }
    Err(place.changed("what is read back is not what was written; nothing was removed here"))
}
