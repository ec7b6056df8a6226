//! The limits of section 4.2 that one batch can break by itself: what breaks them is `malformed`.

use alloc::format;
use alloc::string::String;

use super::{Batch, Descriptor, Receipt, sfu_key};
use crate::did::Did;
use hashbrown::HashSet;

/// Greatest integer of a batch: 2^53 - 1.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
/// Most receipts of a batch.
pub const MAX_RECEIPTS: usize = 10_000;
/// Most contributors of a receipt.
pub const MAX_CONTRIBUTORS: usize = 64;
/// Most recipients of a receipt.
pub const MAX_RECIPIENTS: u32 = 1_000_000;
/// Most canonical bytes of a batch: 4 MiB.
pub const MAX_BATCH_BYTES: usize = 4 << 20;
/// Most bytes of an envelope: a batch and its signature.
pub const MAX_ENVELOPE_BYTES: usize = MAX_BATCH_BYTES + 9 + SIGNATURE_TAIL_BYTES;
/// `,"sig":"<128 hex>"}` behind the batch.
pub(super) const SIGNATURE_TAIL_BYTES: usize = 138;
/// How far the end of a batch may lie ahead of the receiver's clock: 60 s (section 4.4).
pub const MAX_TIME_AHEAD_MS: u64 = 60_000;
/// How far a `seq` may lie above the greatest held, or above a known stop (section 4.4).
pub const MAX_SEQ_AHEAD: u64 = 100_000;

pub(crate) const MAX_IDENTIFIER_BYTES: usize = 256;
const MAX_TEXT_BYTES: usize = 1_024;
const MAX_ACKS: usize = 64;

pub(super) fn too_long(bytes: usize) -> String {
    format!("the batch has {bytes} bytes, at most {MAX_BATCH_BYTES} are allowed")
}

pub(super) fn check<S: AsRef<str>>(batch: &Batch<S>) -> Result<[u8; 32], String> {
    let key = sfu_key(batch.sfu.as_ref())?;
    if batch.seq == 0 {
        return Err("seq: starts at 1".into());
    }
    for (name, value) in [("seq", batch.seq), ("from", batch.from), ("to", batch.to)] {
        integer(name, value)?;
    }
    if batch.receipts.len() > MAX_RECEIPTS {
        return Err(format!("receipts: {} of at most {MAX_RECEIPTS}", batch.receipts.len()));
    }
    let mut described = HashSet::with_capacity(batch.tracks.len());
    for (position, descriptor) in batch.tracks.iter().enumerate() {
        check_descriptor(descriptor).map_err(|reason| format!("tracks[{position}].{reason}"))?;
        if !described.insert(descriptor.track_id.as_ref()) {
            return Err(format!("tracks: {:?} is described twice", descriptor.track_id.as_ref()));
        }
    }
    let mut mentioned = HashSet::with_capacity(described.len());
    for (position, receipt) in batch.receipts.iter().enumerate() {
        check_receipt(receipt).map_err(|reason| format!("receipts[{position}].{reason}"))?;
        if !described.contains(receipt.track_id.as_ref()) {
            return Err(format!("receipts[{position}].trackId: {:?} is not described", receipt.track_id.as_ref()));
        }
        mentioned.insert(receipt.track_id.as_ref());
    }
    if let Some(unused) = batch.tracks.iter().find(|descriptor| !mentioned.contains(descriptor.track_id.as_ref())) {
        return Err(format!("tracks: {:?} is described and not mentioned", unused.track_id.as_ref()));
    }
    Ok(key)
}

pub(crate) fn check_descriptor<S: AsRef<str>>(descriptor: &Descriptor<S>) -> Result<(), String> {
    identifier("trackId", descriptor.track_id.as_ref())?;
    Did::parse(descriptor.uploader.as_ref()).map_err(|error| format!("uploader: {error}"))?;
    if let Some(metadata) = &descriptor.metadata {
        for (name, value) in metadata.texts() {
            text(name, value.unwrap_or_default()).map_err(|reason| format!("metadata.{reason}"))?;
        }
        integer("metadata.durationMs", metadata.duration_ms.unwrap_or_default())?;
    }
    Ok(())
}

pub(crate) fn check_receipt<S: AsRef<str>>(receipt: &Receipt<S>) -> Result<(), String> {
    identifier("roomId", receipt.room_id.as_ref())?;
    identifier("trackId", receipt.track_id.as_ref())?;
    integer("timestamp", receipt.timestamp)?;
    if receipt.recipients > MAX_RECIPIENTS {
        return Err(format!("recipients: {} of at most {MAX_RECIPIENTS}", receipt.recipients));
    }
    if receipt.contributors.len() > MAX_CONTRIBUTORS {
        return Err(format!("contributors: {} of at most {MAX_CONTRIBUTORS}", receipt.contributors.len()));
    }
    for (position, entry) in receipt.contributors.iter().enumerate() {
        identifier("did", entry.did.as_ref())
            .and_then(|()| integer("bytesOut", entry.bytes_out))
            .map_err(|reason| format!("contributors[{position}].{reason}"))?;
    }
    let acks = receipt.acks.as_deref().unwrap_or_default();
    if acks.len() > MAX_ACKS {
        return Err(format!("acks: {} of at most {MAX_ACKS}", acks.len()));
    }
    acks.iter().try_for_each(|ack| text("acks", ack.as_ref()))
}

fn integer(name: &str, value: u64) -> Result<(), String> {
    if value > MAX_INTEGER { Err(format!("{name}: {value} exceeds 2^53 - 1")) } else { Ok(()) }
}

fn identifier(name: &str, value: &str) -> Result<(), String> {
    if value.is_empty() || value.len() > MAX_IDENTIFIER_BYTES {
        return Err(format!("{name}: has {} bytes, 1 to {MAX_IDENTIFIER_BYTES} are allowed", value.len()));
    }
    no_control_characters(name, value)
}

fn text(name: &str, value: &str) -> Result<(), String> {
    if value.len() > MAX_TEXT_BYTES {
        return Err(format!("{name}: has {} bytes, at most {MAX_TEXT_BYTES} are allowed", value.len()));
    }
    no_control_characters(name, value)
}

fn no_control_characters(name: &str, value: &str) -> Result<(), String> {
    // Plain ASCII, the rule, is decided without decoding.
    let is_plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if is_plain || !value.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(format!("{name}: has control characters"))
    }
}
