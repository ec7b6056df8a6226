//! A round of ingest: verified batches become held ones (section 4.4), all or none of them durable.
//!
//! Answers follow the order in which batches were given. When [`super::Store::hold`] has returned, what it answered
//! `held` survives `kill -9`: pack file (fsync, rename, fsync of the folder), then the index.
//!
//! Limits, so that an SFU's key cannot fill the disk: two hashes under one `seq`; nothing from 100 000 above the
//! known stop; `try_later` for what lies more than 60 s or 100 000 `seq` ahead.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use radio_payouts_protocol::batch::{Answer, BatchHeader, MAX_SEQ_AHEAD, MAX_TIME_AHEAD_MS};
use radio_payouts_protocol::hash::{Hash, ZERO_HASH};

use super::index::Round;
use super::pack::{self, PackName, Span};
use super::{Store, StoreError};
use crate::crash;

/// A batch whose signature was verified, with what the store needs of it.
#[derive(Clone, Debug)]
pub struct Holdable<'a> {
    /// The batch.
    pub header: BatchHeader,
    /// Number of its receipts.
    pub receipts: u64,
    /// The envelope as received, with a line feed, as a frame.
    pub frame: &'a [u8],
}

/// What is held of an SFU, going along with what the round adds.
struct Standing {
    id: i64,
    greatest_seq: u64,
    /// The least of the account's `stop_seq` and what the held batches show.
    stop: u64,
}

/// How a round answers: with the words of section 4.4, `held` or not.
struct Judge<'a, 'r, F> {
    round: &'r Round<'a>,
    account_stop: F,
    now_ms: u64,
    standings: HashMap<[u8; 32], Standing>,
    /// The pack's row, made when the first batch is taken; its name is known only at the end.
    pack: Option<i64>,
}

impl Store {
    /// Holds a round of batches at the receiver's time `now_ms`; `account_stop` is the `stop_seq` of an SFU's account. Returns the
    /// answers, and the pack that was written if something is newly held.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the round is held.
    pub fn hold(
        &mut self,
        now_ms: u64,
        account_stop: impl Fn(&[u8; 32]) -> u64,
        batches: &[Holdable<'_>],
    ) -> Result<(Vec<Answer>, Option<PackName>), StoreError> {
        let root = self.packs_folder();
        let round = self.index_mut()?.begin()?;
        let mut judge = Judge { round: &round, account_stop, now_ms, standings: HashMap::new(), pack: None };
        let mut answers = Vec::with_capacity(batches.len());
        let mut frames = Vec::new();
        let mut start = 0;
        for batch in batches {
            let length = batch.frame.len() as u64;
            let answer = judge.take(batch, Span { start, length })?;
            if answer == Answer::Held {
                frames.push(batch.frame);
                start += length;
            }
            answers.push(answer);
        }
        let Some(pack) = judge.pack else { return Ok((answers, None)) };
        crash::point("store.before_pack");
        let (name, length) = pack::write(&root, now_ms, &frames)?;
        crash::point("store.after_pack");
        round.name_pack(pack, &name.path().to_string_lossy(), length)?;
        crash::point("store.before_index");
        round.commit()?;
        crash::point("store.after_index");
        Ok((answers, Some(name)))
    }
}

impl<F: Fn(&[u8; 32]) -> u64> Judge<'_, '_, F> {
    /// Answers one batch and indexes it if it is held from now on.
    fn take(&mut self, batch: &Holdable<'_>, span: Span) -> Result<Answer, StoreError> {
        let Holdable { header, receipts, .. } = batch;
        if header.to_ms > self.now_ms.saturating_add(MAX_TIME_AHEAD_MS) {
            return Ok(Answer::TryLater);
        }
        let round = self.round;
        let standing = match self.standings.entry(header.sfu_key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let held = round.sfu(&header.sfu_key)?;
                let stop = held.stop.min((self.account_stop)(&header.sfu_key));
                entry.insert(Standing { id: held.id, greatest_seq: held.greatest_seq, stop })
            }
        };
        if header.seq > standing.greatest_seq.saturating_add(MAX_SEQ_AHEAD) {
            return Ok(Answer::TryLater);
        }
        let held = hashes_at(round, standing.id, standing.greatest_seq, header.seq)?;
        let is_past_the_stop = standing.stop.checked_add(MAX_SEQ_AHEAD).is_some_and(|end| header.seq >= end);
        if held.contains(&header.hash) || held.len() >= 2 || is_past_the_stop {
            return Ok(Answer::AlreadyHeld);
        }
        let stops = stops(round, standing.id, standing.greatest_seq, header)?;
        let pack = match self.pack {
            Some(pack) => pack,
            None => *self.pack.insert(round.open_pack(self.now_ms)?),
        };
        round.add_batch(standing.id, header, *receipts, stops, pack, span)?;
        standing.greatest_seq = standing.greatest_seq.max(header.seq);
        if stops {
            standing.stop = standing.stop.min(header.seq);
        }
        Ok(Answer::Held)
    }
}

fn hashes_at(round: &Round<'_>, sfu: i64, greatest_seq: u64, seq: u64) -> Result<Vec<Hash>, StoreError> {
    if seq > greatest_seq { Ok(Vec::new()) } else { round.hashes_at(sfu, seq) }
}

/// Whether a batch about to be held stops its SFU at its `seq`: it is the second under it, or it goes on from another
/// batch than the one held before it. One that fills a gap does not break the chain: section 4.4 passes it over.
pub(super) fn stops(round: &Round<'_>, sfu: i64, greatest_seq: u64, header: &BatchHeader) -> Result<bool, StoreError> {
    if !hashes_at(round, sfu, greatest_seq, header.seq)?.is_empty() {
        return Ok(true);
    }
    if header.seq < greatest_seq {
        return Ok(false);
    }
    match header.seq.saturating_sub(1) {
        0 => Ok(header.prev != ZERO_HASH),
        before => {
            let hashes = hashes_at(round, sfu, greatest_seq, before)?;
            Ok(!hashes.is_empty() && !hashes.contains(&header.prev))
        }
    }
}
