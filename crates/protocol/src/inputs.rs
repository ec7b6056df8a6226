//! `inputs_hash`: what of every SFU went into an epoch (section 5.2).

use alloc::vec::Vec;

use crate::hash::{Hash, sha256};
use crate::ranges::Ranges;
use crate::seal::SfuSeal;

/// SHA-256 over the SFUs, which must be sorted by key; lists are preceded by their number of items as `u32`.
///
/// Each SFU: key, cursor before, cursor after, stop; new gaps and carried batches as ranges; rejected batches
/// as (seq, batch hash, verdict code).
#[must_use]
pub fn inputs_hash(seals: &[SfuSeal]) -> Hash {
    let mut bytes = Vec::new();
    for seal in seals {
        bytes.extend_from_slice(&seal.key);
        for number in [seal.cursor_before, seal.cursor_after, seal.stop] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        write_ranges(&mut bytes, &seal.gaps);
        write_ranges(&mut bytes, &seal.carried);
        write_count(&mut bytes, seal.rejected().count());
        for (header, verdict) in seal.rejected() {
            bytes.extend_from_slice(&header.seq.to_le_bytes());
            bytes.extend_from_slice(&header.hash);
            bytes.push(verdict.code());
        }
    }
    sha256(&[&bytes])
}

fn write_ranges(bytes: &mut Vec<u8>, ranges: &Ranges) {
    write_count(bytes, ranges.as_slice().len());
    for (first, last) in ranges.as_slice() {
        bytes.extend_from_slice(&first.to_le_bytes());
        bytes.extend_from_slice(&last.to_le_bytes());
    }
}

/// A list longer than `u32` can count does not fit the memory it would take: at most 2 hashes per `seq` are held,
/// and at most 100 000 `seq` above the greatest.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn write_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend_from_slice(&(count as u32).to_le_bytes());
}
