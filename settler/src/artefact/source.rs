//! Where the envelopes of judged batches come from: the store, or an artefact's own folder.

use std::borrow::Cow;

use anyhow::Context as _;
use radio_payouts_protocol::batch::{Batch, BatchHeader, Envelope};
use radio_payouts_protocol::settlement::{Settlement, SettlementError};
use rayon::prelude::*;

use super::Terms;
use crate::store::Store;
use crate::store::frame::{self, Compressor};

/// Yields batches by their headers.
pub trait BatchSource {
    /// The envelope as received, without a line end.
    ///
    /// # Errors
    /// If it is not there.
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>>;

    /// The envelope with a line feed as one ZSTD frame.
    ///
    /// # Errors
    /// If it is not there.
    fn frame(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        Ok(Compressor::new()?.compress_envelope(&self.envelope(header)?)?)
    }

    /// Several envelopes, in order.
    ///
    /// # Errors
    /// If one is not there.
    fn envelopes(&self, headers: &[BatchHeader]) -> anyhow::Result<Vec<Vec<u8>>> {
        headers.iter().map(|header| self.envelope(header)).collect()
    }

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
    Ok(received.into_batch())
}

/// As [`parse`], with text borrowed from the envelope.
///
/// # Errors
/// As [`parse`].
pub fn read<'a>(header: &BatchHeader, envelope: &'a [u8]) -> anyhow::Result<Batch<Cow<'a, str>>> {
    let received = Envelope::read(envelope)
        .map_err(|answer| anyhow::anyhow!("{}: {}", answer.as_str(), answer.explanation()))
        .with_context(|| format!("seq {} of SFU {}", header.seq, super::sfu_name(&header.sfu_key)))?;
    anyhow::ensure!(received.header() == *header, "seq {}: the batch stored is another one", header.seq);
    Ok(received.into_batch())
}

/// Settles an epoch over the held batches that no ancestor judged: the protocol crate's one path.
///
/// # Errors
/// If a batch cannot be loaded.
pub fn settle(terms: &Terms, held: &[BatchHeader], batches: &dyn BatchSource) -> anyhow::Result<Settlement> {
    terms.settle(held, |header| batches.batch(header)).map_err(|error| match error {
        SettlementError::Load(error) => error.context("a held batch could not be loaded"),
        other => anyhow::anyhow!("{other}"),
    })
}

impl BatchSource for Store {
    fn envelope(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        Ok(self.envelope_of(&header.hash)?)
    }

    fn frame(&self, header: &BatchHeader) -> anyhow::Result<Vec<u8>> {
        Ok(self.frame_of(&header.hash)?)
    }

    /// Unpacked on all cores.
    fn envelopes(&self, headers: &[BatchHeader]) -> anyhow::Result<Vec<Vec<u8>>> {
        let frames = headers.iter().map(|header| self.frame(header)).collect::<anyhow::Result<Vec<_>>>()?;
        frames.par_iter().map(|frame| frame::decompress(frame).map_err(anyhow::Error::msg)).collect()
    }
}
