//! Bare receipts (section 4.5): wrapped into batches of the demo SFU, then ingested like any other.

use std::io::BufRead;
use std::num::NonZeroU32;

use radio_payouts_protocol::bare::{BareReceipt, BareRefusal, Closed, Position, Wrapper};
use radio_payouts_protocol::did::did_of_key;

use super::super::Context;
use crate::epoch::view::View;
use crate::keyfile;
use crate::outcome::{Failure, Outcome};
use crate::output::note;
use crate::receipt::source::{Content, Item, Items, no_value};
use crate::store::Store;
use crate::store::intake::{Intake, Run};

/// What bare receipts that were not taken are counted as.
pub(super) const REFUSED: &str = "bare_receipt_refused";
/// Messages about refused receipts that are printed; the rest is counted.
const MESSAGES: u64 = 20;

/// Wraps, signs and ingests.
pub(super) fn ingest(
    context: &Context,
    view: &View,
    intake: &Intake<'_>,
    run: &mut Run<'_>,
    origin: &str,
    reader: Box<dyn BufRead + Send>,
) -> Outcome {
    let config = context.config()?;
    config.require_demo_flag()?;
    let path = config.demo_sfu_keypair.as_ref().ok_or_else(|| {
        Failure::usage(
            "bare receipts need a demo SFU: `settler init` makes its key and registers it (demo_sfu_keypair)",
        )
    })?;
    let key = keyfile::signing_key(&keyfile::load(path)?);
    let public = key.verifying_key().to_bytes();
    let position = position(run.store, &public)?;
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
    let mut refuse = |line: u64, refusal: BareRefusal| {
        refused += 1;
        if refused <= MESSAGES {
            note(format_args!("{origin}:{line}: {refusal}"));
        }
    };
    let mut items = Items::new(reader);
    while let Some(Item { line, content }) = items.next_item()? {
        let receipt = match content {
            Content::Value(bytes) => std::str::from_utf8(bytes)
                .map_err(|error| BareRefusal::Malformed(error.to_string()))
                .and_then(BareReceipt::parse),
            other => Err(BareRefusal::Malformed(no_value(other).unwrap_or_default())),
        };
        match receipt.and_then(|receipt| wrapper.push(receipt)) {
            Ok(closed) => take(closed, &mut envelopes)?,
            Err(refusal) => refuse(line, refusal),
        }
    }
    take(wrapper.finish(), &mut envelopes)?;
    if refused > 0 {
        *run.tally.answers.entry(REFUSED.to_owned()).or_default() += refused;
    }
    let mut signed = Vec::new();
    for envelope in envelopes {
        signed.extend_from_slice(&envelope);
        signed.push(b'\n');
    }
    Ok(intake.run(run, origin, signed.as_slice())?)
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
