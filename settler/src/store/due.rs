//! Which held batches an epoch has to judge: those with `to <= end(e)` that no ancestor judged (section 5.1).
//!
//! What ancestors judged is never read from a mutable table. Above the parent's cursor and in its open gaps nothing
//! was; elsewhere something was, and it is this very batch unless two hashes are held under the `seq`. Only then is
//! it looked up in the listings of the ancestors' artefacts.

use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::hash::Hash;
use radio_payouts_protocol::seal::SfuState;

use super::index::Located;
use super::{Store, StoreError};

impl Store {
    /// Held batches of an SFU that end by `end_ms` and that no ancestor judged, by (seq, hash).
    ///
    /// `state` is the SFU's state after the parent; `was_judged` tells whether an ancestor judged a batch, and is
    /// asked only where the state leaves it open.
    ///
    /// # Errors
    /// [`StoreError`], or that of `was_judged`.
    pub fn due<E: From<StoreError>>(
        &self,
        key: &[u8; 32],
        state: &SfuState,
        end_ms: u64,
        mut was_judged: impl FnMut(u64, &Hash) -> Result<bool, E>,
    ) -> Result<Vec<Located>, E> {
        let is_due = |located: &Located| located.header.to_ms <= end_ms;
        let mut due = Vec::new();
        for seq in self.index().equivocations(key, state.cursor)? {
            if state.gaps.contains(seq) {
                continue;
            }
            for located in self.index().between(key, seq, seq)? {
                if is_due(&located) && !was_judged(seq, &located.header.hash)? {
                    due.push(located);
                }
            }
        }
        for (first, last) in state.gaps.as_slice() {
            due.extend(self.index().between(key, *first, *last)?.into_iter().filter(is_due));
        }
        if let Some(above) = state.cursor.checked_add(1) {
            due.extend(self.index().between(key, above, u64::MAX)?.into_iter().filter(is_due));
        }
        due.sort_unstable_by_key(|located| (located.header.seq, located.header.hash));
        Ok(due)
    }
}

/// Only the headers.
#[must_use]
pub fn headers(due: &[Located]) -> Vec<BatchHeader> {
    due.iter().map(|located| located.header).collect()
}
