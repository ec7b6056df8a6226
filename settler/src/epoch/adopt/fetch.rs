//! Folders of epochs that the chain holds and this settler does not have.

use std::path::PathBuf;

use radio_payouts_protocol::hash::Hash;

use super::{failure, folders, store_all};
use crate::artefact::verify::Recomputed;
use crate::artefact::{Artefact, ancestors};
use crate::engine::Choice;
use crate::epoch::view::View;
use crate::epoch::{build, seal};
use crate::outcome::Outcome;
use crate::store::Store;

/// Takes over the folders of epochs that the chain holds and this settler does not have, oldest first.
///
/// # Errors
/// Exit 75 if one is needed and not given, exit 3 if one does not hold.
pub fn fetch_missing(store: &mut Store, view: &View, epoch: u64, commitment: &Hash, from: &[PathBuf]) -> Outcome {
    let (mut wanted, mut missing) = (Some((epoch, *commitment)), Vec::new());
    while let Some((epoch, commitment)) = wanted {
        if ancestors::find(&store.epochs_folder(), epoch, &commitment)?.is_some() {
            break;
        }
        let found = folders(from, epoch).into_iter().find_map(|folder| {
            Artefact::open(&folder).ok().filter(|artefact| artefact.manifest.commitment == commitment)
        });
        // Without it, the caller says what is missing.
        let Some(artefact) = found else { return Ok(()) };
        wanted = artefact.manifest.parent.as_ref().map(|parent| (parent.statement.epoch, parent.commitment));
        missing.push(artefact);
    }
    for artefact in missing.into_iter().rev() {
        let recomputed = Recomputed::from_folder(&artefact.folder).map_err(failure)?;
        recomputed.compare_files().map_err(failure)?;
        store_all(store, view, &recomputed)?;
        let mut batches = recomputed.headers.clone();
        batches.sort_unstable_by_key(|header| (header.sfu_key, header.seq, header.hash));
        let terms = &recomputed.terms;
        let sealed = seal::Sealed { epoch: terms.epoch, attempt: 0, terms: seal::terms_hash(terms)?, batches };
        build::build(store, terms, &sealed, &Choice::Auto, |_| {})?;
        seal::forget(store, terms.epoch)?;
    }
    Ok(())
}
