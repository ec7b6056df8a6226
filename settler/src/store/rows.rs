//! Rows of held batches, for epochs that an engine settles: `DATA/rows/`, made of packs.

use radio_payouts_engine::rows::{Rows, SHARDS, Source};
use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::calendar::Calendar;

use super::pack;
use super::rebuild::parse;
use super::{Store, StoreError};

impl Store {
    /// The rows of this store.
    #[must_use]
    pub fn rows(&self, calendar: Calendar) -> Rows {
        Rows::new(&self.folder().join("rows"), calendar, SHARDS)
    }

    /// Receipts of these batches.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn receipts_of(&self, batches: &[BatchHeader]) -> Result<u64, StoreError> {
        let mut sum = 0u64;
        for header in batches {
            sum = sum.saturating_add(self.index().receipts(&header.hash)?);
        }
        Ok(sum)
    }

    /// Makes the rows of all packs that have none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn make_rows(&self, rows: &Rows) -> anyhow::Result<()> {
        let known = rows.sources()?;
        let packs = pack::list(&self.packs_folder())?;
        for (name, path) in packs.iter().filter(|(name, _)| !known.contains(&name.hash)) {
            let mut batches = Vec::new();
            pack::scan(name, path, |_, envelope| {
                batches.push(parse(envelope, path)?);
                Ok(())
            })?;
            rows.add(&[Source { hash: name.hash, batches }], &|_| {})?;
        }
        Ok(())
    }
}
