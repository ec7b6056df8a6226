//! The store by URL: where packs and rows are kept for good, if the setting `store` names a place.
//!
//! ```text
//! STORE/<domain, hex>/packs/<day>/<received_ms>-<sha256>.ndjson.zst   as below DATA/batches
//! STORE/<domain, hex>/rows/rows/…, receipts/…, batches/…, dids/…, tracks/…   as below DATA/rows
//! STORE/<domain, hex>/rows/sources/<id>.json   names of the packs that a record's sources are
//! STORE/<domain, hex>/rows/records/<id>.json   created once, and last: what it names is there
//! ```
//!
//! The data folder stays the place of work. It has what was not sent yet ([`push`]) and what was fetched ([`pull`]); an engine reads
//! files of rows there and nowhere else (see the module `keep`). Several hosts may push into one place: packs and rows are named by their content, a record
//! by its packs. Nothing is ever deleted there.

use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::Hash;

use super::pack::PackName;
use super::{Lock, Place, PlaceError, Store, StoreError, rows};

mod keep;
mod noted;
pub mod pull;
pub mod push;
pub(super) mod staged;
mod transfer;

/// Longest record that is read, in bytes. One of two million receipts in every hour and shard of a day has a hundredth of it.
const RECORD_BYTES: u64 = 64 << 20;

/// What a store keeps of one deployment.
#[derive(Clone, Debug)]
pub struct Bucket {
    setting: Place,
    root: Place,
}

impl Bucket {
    /// What is kept below `setting` for a deployment.
    #[must_use]
    pub fn of(setting: &Place, domain: &Domain) -> Self {
        Self { setting: setting.clone(), root: setting.below(&hex::encode(domain.as_bytes())) }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.root.url()
    }

    fn pack(&self, name: &PackName) -> Place {
        self.root.below("packs").below(&name.path().to_string_lossy())
    }

    fn file(&self, path: &std::path::Path) -> Place {
        self.root.below("rows").below(&path.to_string_lossy())
    }

    fn records(&self) -> Place {
        self.root.below("rows/records")
    }

    fn record(&self, id: &Hash) -> Place {
        self.records().below(&named(id))
    }

    fn sources(&self, id: &Hash) -> Place {
        self.root.below("rows/sources").below(&named(id))
    }

    /// That the place is there, as far as can be told without asking for an object.
    fn require(&self) -> Result<(), PlaceError> {
        self.setting.require_folder()
    }
}

/// The file of a record, or of its sources.
fn named(id: &Hash) -> String {
    format!("{}.json", hex::encode(id))
}

impl Store {
    /// The store, with the place where its packs and rows are kept for good.
    #[must_use]
    pub fn kept_at(self, place: Option<Place>) -> Self {
        Self { kept_at: place, ..self }
    }

    /// What is kept of a deployment; `None` if the data folder is all that there is.
    #[must_use]
    pub fn bucket(&self, domain: &Domain) -> Option<Bucket> {
        self.kept_at.as_ref().map(|place| Bucket::of(place, domain))
    }

    /// Held by whoever pushes or pulls; waits for another one to end.
    fn bucket_lock(&self) -> Result<Lock, StoreError> {
        rows::wait_for(&self.folder.join("bucket.lock"))
    }
}
