//! Where the envelopes of judged batches come from: the store, or an artefact's own folder.

use anyhow::Context as _;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Envelope};

use crate::store::Store;

/// Yields batches by their headers.
pub trait BatchSource {
    /// The envelope as received, without a line end.
    ///
    /// # Errors
    /// If it is not there.
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>>;

    /// The batch; its hash is checked.
    ///
    /// # Errors
    /// If it is not there, or is another one.
    fn batch(&self, header: &BatchHeader) -> anyhow::Result<Batch> {
        parse(header, &self.envelope(header)?)
    }
}

/// The batch in an envelope, which must be the one of `header`.
///
/// # Errors
/// If it is not.
pub fn parse(header: &BatchHeader, envelope: &[u8]) -> anyhow::Result<Batch> {
    let received = Envelope::parse(envelope)
        .map_err(|answer| anyhow::anyhow!("{}: {}", answer.as_str(), answer.explanation()))
        .with_context(|| format!("seq {} of SFU {}", header.seq, super::sfu_name(&header.sfu_key)))?;
    anyhow::ensure!(received.header() == *header, "seq {}: the batch stored is another one", header.seq);
    Ok(received.batch().clone())
}

impl BatchSource for Store {
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        Ok(self.envelope_of(&header.hash)?)
    }
}
