//! A folder that looks right in itself and is not what its batches lead to. The stories over RPC forge with it too.

use std::collections::BTreeMap;
use std::path::Path;

use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{Forest, hash_leaves};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::tree::share_leaf;
use radio_payouts_settler::artefact::Terms;
use radio_payouts_settler::artefact::digest::Digesting;
use radio_payouts_settler::artefact::files::Contents;
use radio_payouts_settler::artefact::manifest::Manifest;
use radio_payouts_settler::artefact::source::BatchSource;
use radio_payouts_settler::artefact::verify::Recomputed;

/// Everything that a folder leads to.
pub fn recompute(folder: &Path) -> Recomputed {
    Recomputed::from_folder(folder).unwrap_or_else(|fault| panic!("{fault:?}"))
}

/// Publishes in `to` what `honest` would be with another split: manifest, trees and tables agree with each other, and
/// not with the batches.
pub fn publish_with_other_payouts(honest: &Path, to: &Path, change: impl FnOnce(&mut Settlement)) -> Hash {
    let recomputed = recompute(honest);
    let mut settlement = recomputed.settlement.clone();
    change(&mut settlement);
    plant_again(&recomputed.terms, &mut settlement);
    publish(&recomputed.terms, &settlement, &recomputed.batches, to)
}

/// Trees, statement and commitment of what the shares now say.
fn plant_again(terms: &Terms, settlement: &mut Settlement) {
    let domain = Domain::from_bytes(terms.deployment.domain);
    let epoch = terms.epoch;
    let shares = settlement.allocation.shares.iter().zip(&settlement.payees).zip(&settlement.leaf_indices);
    let paid: Vec<_> = settlement
        .cells
        .contributors
        .iter()
        .zip(shares)
        .filter_map(|(contributor, ((share, payee), index))| {
            Some(((*index)?, contributor.did_hash, *payee, share.amount))
        })
        .collect();
    let leaves = hash_leaves(&paid, |_, (index, did_hash, payee, amount)| {
        share_leaf(&domain, epoch, *index, did_hash, payee, *amount)
    });
    settlement.forest = Forest::build(&domain, &leaves).unwrap();
    settlement.statement.payouts = settlement.forest.roots();
    settlement.commitment = settlement.statement.commitment(&domain);
}

/// Writes a folder of what is said of these batches.
pub fn publish(terms: &Terms, settlement: &Settlement, batches: &dyn BatchSource, to: &Path) -> Hash {
    let contents = Contents { terms, settlement, batches };
    let mut files = BTreeMap::new();
    for kind in contents.files() {
        let path = to.join(kind.name());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = Digesting::new(std::fs::File::create(path).unwrap());
        contents.write(&kind, &mut writer).unwrap();
        files.insert(kind.name().to_owned(), writer.finish().0);
    }
    let manifest = Manifest::of(terms, &settlement.to_summary(), files);
    std::fs::write(to.join("manifest.json"), manifest.to_bytes().unwrap()).unwrap();
    settlement.commitment
}

/// Takes nearly all of one contributor's share and gives it to another: no sum changes.
pub fn rob(settlement: &mut Settlement) {
    let taken = settlement.allocation.shares[0].amount - 1;
    settlement.allocation.shares[0].amount = 1;
    settlement.allocation.shares[1].amount += taken;
}
