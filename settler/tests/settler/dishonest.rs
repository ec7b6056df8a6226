//! What a dishonest settler can do: publish a folder that looks right in itself, and post what it says.

use std::collections::HashMap;
use std::path::Path;

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_settler::artefact::source::BatchSource;
use radio_payouts_settler::artefact::verify::Recomputed;
use radio_payouts_settler::artefact::{Artefact, Terms, source};
use radio_payouts_settler::chain::sender::Guard;
use radio_payouts_settler::chain::{Journal, Sender};
use radio_payouts_settler::epoch::post::{self, Posted};

use crate::forgery::publish;
pub use crate::forgery::{publish_with_other_payouts, recompute};
use crate::world::World;

/// Publishes in `to` what these batches lead to under these terms, whatever ancestors judged.
pub fn publish_these_batches(terms: &Terms, envelopes: &Envelopes, to: &Path) -> Hash {
    let settlement = source::settle(terms, &envelopes.headers, envelopes).unwrap();
    publish(terms, &settlement, envelopes, to)
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
