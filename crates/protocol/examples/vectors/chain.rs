//! Batches of one SFU in a row, each naming the one before: for the generator of vectors and for tests.

use radio_payouts_protocol::batch::{Batch, BatchHeader, Descriptor, Receipt};
use radio_payouts_protocol::did::did_of_key;

/// Length of every window.
pub const WINDOW_MS: u64 = 10_000;

/// One batch for each of `count` windows after `start_ms`, with what `measured` yields for its `seq` and end.
pub fn chain(
    sfu_key: &[u8; 32],
    start_ms: u64,
    count: usize,
    mut measured: impl FnMut(u64, u64) -> (Vec<Receipt>, Vec<Descriptor>),
) -> Vec<Batch> {
    let mut prev = [0; 32];
    (1u64..)
        .take(count)
        .map(|seq| {
            let to = start_ms + seq * WINDOW_MS;
            let (receipts, tracks) = measured(seq, to);
            let batch = Batch { from: to - WINDOW_MS, prev, receipts, seq, sfu: did_of_key(sfu_key), to, tracks, v: 1 };
            prev = batch.hash();
            batch
        })
        .collect()
}

/// What sealing knows of a batch.
pub fn header(batch: &Batch) -> BatchHeader {
    BatchHeader {
        sfu_key: batch.check().unwrap(),
        seq: batch.seq,
        hash: batch.hash(),
        prev: batch.prev,
        from_ms: batch.from,
        to_ms: batch.to,
    }
}
