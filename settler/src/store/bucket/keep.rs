//! Files of rows that an engine needs and that are not on this disk, out of the bucket.

use std::path::Path;
use std::sync::Arc;

use radio_payouts_engine::Rows;
use radio_payouts_engine::record::FileName;
use radio_payouts_engine::rows::Keeper;
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::domain::Domain;

use super::Bucket;
use super::transfer::read_file;
use crate::store::Store;

impl Keeper for Bucket {
    fn bring(&self, path: &Path, file: &FileName) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(read_file(&self.file(path), file)?)
    }
}

impl Store {
    /// The rows of what is held, for an engine: files that are not here are fetched before it reads them, if a bucket has them.
    #[must_use]
    pub fn rows_for_engine(&self, calendar: Calendar, domain: &Domain) -> Rows {
        let rows = self.rows(calendar);
        match self.bucket(domain) {
            Some(bucket) => rows.kept_by(Arc::new(bucket)),
            None => rows,
        }
    }
}
