//! What a dishonest settler can do: publish a folder that looks right in itself, and post what it says.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::forest::{Forest, hash_leaves};
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::settlement::Settlement;
use radio_payouts_protocol::tree::share_leaf;
use radio_payouts_settler::artefact::digest::Digesting;
use radio_payouts_settler::artefact::files::Contents;
use radio_payouts_settler::artefact::manifest::Manifest;
use radio_payouts_settler::artefact::source::{self, BatchSource};
use radio_payouts_settler::artefact::verify::Recomputed;
use radio_payouts_settler::artefact::{Artefact, Terms};
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Journal, Sender};
use radio_payouts_settler::epoch::post::{self, Posted};

use crate::world::World;

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

/// Publishes in `to` what these batches lead to under these terms, whatever ancestors judged.
pub fn publish_these_batches(terms: &Terms, envelopes: &Envelopes, to: &Path) -> Hash {
    let settlement = source::settle(terms, &envelopes.headers, envelopes).unwrap();
    publish(terms, &settlement, envelopes, to)
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

fn publish(terms: &Terms, settlement: &Settlement, batches: &dyn BatchSource, to: &Path) -> Hash {
    let contents = Contents { terms, settlement, batches };
    let mut files = BTreeMap::new();
    for kind in contents.files() {
        let path = to.join(kind.name());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = Digesting::new(std::fs::File::create(path).unwrap());
        contents.write(&kind, &mut writer).unwrap();
        files.insert(kind.name().to_owned(), writer.finish().0);
    }
    let manifest = Manifest::of(terms, settlement, files);
    std::fs::write(to.join("manifest.json"), manifest.to_bytes().unwrap()).unwrap();
    settlement.commitment
}

/// Posts what a folder says as settler `number`, whether it is true or not.
pub fn post(world: &World, number: usize, folder: &Path) -> Posted {
    let settler = &world.settlers[number];
    let guard = Guard { genesis_hash: None, may_initialize: false };
    let journal = Journal::new(&settler.data.join("journal"));
    let mut sender = Sender::new(Box::new(world.open_chain()), journal, guard, 0);
    let artefact = Artefact::open(folder).unwrap();
    post::post(&mut sender, &settler.key, &artefact).unwrap_or_else(|failure| panic!("{:#}", failure.error))
}

/// Batches in memory.
#[derive(Default)]
pub struct Envelopes {
    pub headers: Vec<BatchHeader>,
    bytes: HashMap<Hash, Vec<u8>>,
}

impl Envelopes {
    /// Adds all batches of a folder.
    pub fn add_folder(&mut self, recomputed: &Recomputed) {
        for header in &recomputed.headers {
            self.bytes.insert(header.hash, recomputed.batches.envelope(header).unwrap());
            self.headers.push(*header);
        }
    }
}

impl BatchSource for Envelopes {
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        Ok(self.bytes[&header.hash].clone())
    }
}
