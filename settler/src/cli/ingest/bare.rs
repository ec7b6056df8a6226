//! Bare receipts (section 4.5): wrapped into batches of the demo SFU, then ingested like any other.

use std::io::BufRead;
use std::num::NonZeroU32;

use ed25519_dalek::SigningKey;
use radio_payouts_protocol::bare::{BareReceipt, BareRefusal, Closed, Position, Wrapper};
use radio_payouts_protocol::did::did_of_key;
use solana_keypair::Keypair;

use super::super::Context;
use crate::epoch::view::View;
use crate::keyfile;
use crate::outcome::{Failure, Outcome};
use crate::output::note;
use crate::store::Store;
use crate::store::intake::{Intake, Tally};

/// Longest array that is read whole; a stream has no limit.
const MAX_ARRAY_BYTES: u64 = 256 << 20;
/// Messages about refused receipts that are printed; the rest is counted.
const MESSAGES: u64 = 20;

/// Wraps, signs and ingests.
pub(super) fn ingest(
    context: &Context,
    view: &View,
    intake: &Intake<'_>,
    store: &mut Store,
    origin: &str,
    mut reader: Box<dyn BufRead>,
    tally: &mut Tally,
) -> Outcome {
    let config = context.config()?;
    config.require_demo_flag()?;
    let path = config.demo_sfu_keypair.as_ref().ok_or_else(|| {
        Failure::usage(
            "bare receipts need a demo SFU: `settler init` makes its key and registers it (demo_sfu_keypair)",
        )
    })?;
    let key = signing_key(&keyfile::load(path)?);
    let public = key.verifying_key().to_bytes();
    let position = position(store, &public)?;
    let current = view.deployment().calendar()?.epoch_at_unix(view.now).unwrap_or_default();
    let max_kbps = NonZeroU32::new(view.params(current)?.values.max_kbps_per_recipient)
        .ok_or_else(|| Failure::usage("max_kbps_per_recipient is 0"))?;
    let mut wrapper = Wrapper::new(did_of_key(&public), position, max_kbps);
    let mut envelopes = Vec::new();
    let mut refused = 0u64;
    let take = |closed: Option<Closed>, envelopes: &mut Vec<Vec<u8>>| -> Outcome {
        let Some(closed) = closed else { return Ok(()) };
        for left_out in &closed.left_out {
            note(format_args!("{origin}: track {:?} was left out: nobody can be named for it", left_out.track_id));
        }
        if let Some(batch) = closed.batch {
            let envelope = batch.sign(&key, &intake.domain).map_err(Failure::usage)?;
            envelopes.extend_from_slice(&[envelope.to_bytes()]);
        }
        Ok(())
    };
    let mut refuse = |place: &str, refusal: BareRefusal| {
        refused += 1;
        if refused <= MESSAGES {
            note(format_args!("{origin} {place}: {refusal}"));
        }
    };
    let is_array = first_byte(&mut reader)? == Some(b'[');
    if is_array {
        let bytes = super::read_whole(reader, MAX_ARRAY_BYTES)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| Failure::usage(format!("{origin}: {error}")))?;
        let receipts = BareReceipt::parse_list(text).map_err(|error| Failure::usage(format!("{origin}: {error}")))?;
        for (number, receipt) in (1u64..).zip(receipts) {
            match wrapper.push(receipt) {
                Ok(closed) => take(closed, &mut envelopes)?,
                Err(refusal) => refuse(&format!("receipt {number}"), refusal),
            }
        }
    } else {
        for (number, line) in (1u64..).zip(reader.lines()) {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            match BareReceipt::parse(&line).and_then(|receipt| wrapper.push(receipt)) {
                Ok(closed) => take(closed, &mut envelopes)?,
                Err(refusal) => refuse(&format!("line {number}"), refusal),
            }
        }
    }
    take(wrapper.finish(), &mut envelopes)?;
    if refused > 0 {
        *tally.answers.entry("bare_receipt_refused".to_owned()).or_default() += refused;
    }
    let mut signed = Vec::new();
    for envelope in envelopes {
        signed.extend_from_slice(&envelope);
        signed.push(b'\n');
    }
    Ok(intake.read(store, origin, signed.as_slice(), tally)?)
}

fn signing_key(keypair: &Keypair) -> SigningKey {
    SigningKey::from_bytes(keypair.secret_bytes())
}

/// Where the demo SFU stands, by what is held of it.
fn position(store: &Store, key: &[u8; 32]) -> Outcome<Position> {
    let last = store.index().last(key)?;
    Ok(last.map_or(Position { next_seq: 1, prev: [0; 32], closed_to_ms: 0 }, |last| Position {
        next_seq: last.header.seq.saturating_add(1),
        prev: last.header.hash,
        closed_to_ms: last.header.to_ms,
    }))
}

/// The first byte that is no space, without consuming it.
fn first_byte(reader: &mut Box<dyn BufRead>) -> Outcome<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(at) => {
                let byte = buffer.get(at).copied();
                reader.consume(at);
                return Ok(byte);
            }
            None if buffer.is_empty() => return Ok(None),
            None => {
                let length = buffer.len();
                reader.consume(length);
            }
        }
    }
}
