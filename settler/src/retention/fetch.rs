//! `store fetch`: archived files are brought back for good. The objects stay where they are.

use std::fs::File;

use serde::Serialize;

use super::{Pair, Quiet, link, remove_stub, work_folder};
use crate::artefact::{Artefact, folder_name, sealed_epochs, sfu_name};
use crate::crash;
use crate::outcome::Outcome;
use crate::output::Progress;
use crate::store::Store;
use crate::store::cold::{Stub, cache};
use crate::store::durable::{self, FileError};

/// One SFU's batches of an epoch, brought back.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The epoch.
    #[serde(with = "radio_payouts_protocol::json")]
    pub epoch: u64,
    /// The SFU's DID.
    pub sfu: String,
    /// Where it was fetched from.
    pub url: String,
    /// Its bytes.
    #[serde(with = "radio_payouts_protocol::json")]
    pub bytes: u64,
}

/// Brings back the archived files of these epochs; of none in particular, of all.
///
/// # Errors
/// Exit 75 if the store is away, exit 3 if the object is another one: then its stub stays.
pub fn run(quiet: &mut Quiet, asked: &[u64]) -> Outcome<Vec<Line>> {
    let store = &quiet.store;
    let epochs = if asked.is_empty() { sealed_epochs(&store.epochs_folder())? } else { asked.to_vec() };
    let progress = Progress::new();
    let mut lines = Vec::new();
    for epoch in epochs {
        let artefact = Artefact::open(&store.epochs_folder().join(folder_name(epoch)))?;
        for pair in Pair::all(store, &artefact)? {
            // One of the two is enough: a run that archived or fetched may have been killed in between.
            let Some(pack) = pair.pack_path(store) else { continue };
            let Some(stub) = Stub::of(&pair.artefact)?.map_or_else(|| Stub::of(&pack), |stub| Ok(Some(stub)))? else {
                continue;
            };
            fetch(store, &pair, &stub)?;
            progress.add("bytes fetched", stub.packed.length, None);
            lines.push(Line { epoch, sfu: sfu_name(&pair.key), url: stub.url, bytes: stub.packed.length });
        }
    }
    Ok(lines)
}

fn fetch(store: &Store, pair: &Pair, stub: &Stub) -> Outcome {
    let Some(pack) = pair.pack_path(store) else { return Ok(()) };
    if !pack.is_file() {
        let aside = work_folder(store).join(hex::encode(pair.key));
        let doing = |error| FileError::new("write", &aside, error);
        let mut file = File::create(&aside).map_err(doing)?;
        stub.fetch(&mut file)?;
        file.sync_all().map_err(doing)?;
        crash::point("fetch.before_pack");
        durable::rename(&aside, &pack)?;
        crash::point("fetch.after_pack");
    }
    link(store, &pack, &pair.artefact)?;
    crash::point("fetch.after_link");
    remove_stub(&pair.artefact)?;
    crash::point("fetch.after_stub");
    remove_stub(&pack)?;
    crash::point("fetch.after_pack_stub");
    cache::forget(&pack, stub)?;
    Ok(())
}
