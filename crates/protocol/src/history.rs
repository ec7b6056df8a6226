//! Who was active in which of the last 64 posted epochs, and since when (section 6).

use alloc::vec::Vec;
use core::iter::Peekable;

use sha2::{Digest as _, Sha256};

use crate::hash::Hash;

/// The history of one DID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "native", derive(serde::Serialize, serde::Deserialize))]
pub struct HistoryRecord {
    /// First epoch in which it was active; never unset in a record.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub first_epoch: u64,
    /// Bit `k` is set if it was active `k` posted epochs ago; bit 0 is the epoch itself.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub activity: u64,
}

impl HistoryRecord {
    /// In how many of the last `window` posted epochs (1 … 64) the DID was active, this one included.
    #[must_use]
    pub fn active_epochs(&self, window: u8) -> u32 {
        let unused = 64u32.saturating_sub(u32::from(window));
        self.activity.checked_shl(unused).unwrap_or_default().count_ones()
    }

    /// The record after `epoch`: the map shifts by one, bit 0 is set if the DID is active, one new to history gets
    /// `first_epoch = epoch`; `None` if the map is then 0.
    #[must_use]
    pub fn after(before: Option<&Self>, epoch: u64, is_active: bool) -> Option<Self> {
        let shifted = before.map_or(Self { first_epoch: epoch, activity: 0 }, |record| Self {
            activity: record.activity << 1,
            ..*record
        });
        let activity = shifted.activity | u64::from(is_active);
        (activity != 0).then_some(Self { activity, ..shifted })
    }
}

/// History records by `did_hash`, after the epoch that they belong to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History(Vec<(Hash, HistoryRecord)>);

impl History {
    /// From records as an artefact has them; a later one replaces an earlier one of the same DID.
    #[must_use]
    pub fn from_records(records: impl IntoIterator<Item = (Hash, HistoryRecord)>) -> Self {
        let mut records: Vec<_> = records.into_iter().collect();
        records.sort_by_key(|(did_hash, _)| *did_hash);
        records.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                earlier.1 = later.1;
            }
            is_same
        });
        Self(records)
    }

    /// The record of a DID.
    #[must_use]
    pub fn get(&self, did_hash: &Hash) -> Option<&HistoryRecord> {
        let place = self.0.binary_search_by_key(&did_hash, |(key, _)| key).ok()?;
        self.0.get(place).map(|(_, record)| record)
    }

    /// All records, sorted by `did_hash`.
    pub fn iter(&self) -> impl Iterator<Item = (&Hash, &HistoryRecord)> {
        self.0.iter().map(|(did_hash, record)| (did_hash, record))
    }

    /// Number of DIDs remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The history after `epoch`, in which the DIDs of `active` delivered at least `active_min_bytes`.
    ///
    /// Every map shifts by one, active DIDs get bit 0, those new to history get `first_epoch = epoch`; a DID whose
    /// map is then 0 is forgotten.
    #[must_use]
    pub fn after(&self, epoch: u64, active: impl IntoIterator<Item = Hash>) -> Self {
        let mut active: Vec<Hash> = active.into_iter().collect();
        active.sort_unstable();
        active.dedup();
        let mut next = Vec::with_capacity(self.0.len().saturating_add(active.len()));
        let mut keep = |change: HistoryChange| next.extend(change.after.map(|record| (change.did_hash, record)));
        let mut succession = Succession::new(self, epoch);
        for did_hash in &active {
            succession.take(did_hash, true, &mut keep);
        }
        succession.finish(&mut keep);
        Self(next)
    }

    /// `history_hash` of section 5.2: SHA-256 over `did_hash || first_epoch || activity`, sorted by `did_hash`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        self.0.iter().for_each(|(did_hash, record)| update(&mut hasher, did_hash, record));
        hasher.finalize().into()
    }
}

fn update(hasher: &mut Sha256, did_hash: &Hash, record: &HistoryRecord) {
    hasher.update(did_hash);
    hasher.update(record.first_epoch.to_le_bytes());
    hasher.update(record.activity.to_le_bytes());
}

/// What an epoch does to the history of one DID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryChange {
    /// The DID.
    pub did_hash: Hash,
    /// Its record after the epoch before; `None` if it had none.
    pub before: Option<HistoryRecord>,
    /// Its record after the epoch; `None` if it is forgotten, or was not active and had none.
    pub after: Option<HistoryRecord>,
}

/// A history passing from one epoch to the next, DID after DID, so that the next one need not be held.
pub struct Succession<'a> {
    before: Peekable<core::slice::Iter<'a, (Hash, HistoryRecord)>>,
    epoch: u64,
    hasher: Sha256,
}

impl<'a> Succession<'a> {
    /// From the history before `epoch`.
    #[must_use]
    pub fn new(before: &'a History, epoch: u64) -> Self {
        Self { before: before.0.iter().peekable(), epoch, hasher: Sha256::new() }
    }

    /// A DID that delivered something; each must be greater than the one before. `each` hears of everybody up to it, in order.
    /// Its record after the epoch.
    pub fn take(
        &mut self,
        did_hash: &Hash,
        is_active: bool,
        each: &mut impl FnMut(HistoryChange),
    ) -> Option<HistoryRecord> {
        while let Some((absent, record)) = self.before.next_if(|(key, _)| key < did_hash) {
            self.pass(*absent, Some(*record), false, each);
        }
        let before = self.before.next_if(|(key, _)| key == did_hash).map(|(_, record)| *record);
        self.pass(*did_hash, before, is_active, each)
    }

    fn pass(
        &mut self,
        did_hash: Hash,
        before: Option<HistoryRecord>,
        is_active: bool,
        each: &mut impl FnMut(HistoryChange),
    ) -> Option<HistoryRecord> {
        let after = HistoryRecord::after(before.as_ref(), self.epoch, is_active);
        if let Some(record) = &after {
            update(&mut self.hasher, &did_hash, record);
        }
        each(HistoryChange { did_hash, before, after });
        after
    }

    /// Everybody after the last one that was taken; the `history_hash` after the epoch.
    pub fn finish(mut self, each: &mut impl FnMut(HistoryChange)) -> Hash {
        while let Some((absent, record)) = self.before.next() {
            self.pass(*absent, Some(*record), false, each);
        }
        self.hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_did_is_forgotten_64_epochs_after_its_last_activity() {
        let mut history = History::default().after(7, [[1; 32]]);
        for epoch in 8..71 {
            history = history.after(epoch, []);
            assert_eq!(history.get(&[1; 32]).map(|record| record.first_epoch), Some(7));
        }
        assert!(history.after(71, []).is_empty());
        // Active again just in time: its first epoch stays.
        assert_eq!(history.after(71, [[1; 32]]).get(&[1; 32]).map(|record| record.first_epoch), Some(7));
        let forgotten = history.after(71, []);
        assert_eq!(forgotten.after(72, [[1; 32]]).get(&[1; 32]).map(|record| record.first_epoch), Some(72));
    }

    #[test]
    fn a_succession_leads_to_the_same_history_and_hash() {
        let before = History::from_records((0..40u8).map(|key| {
            ([key; 32], HistoryRecord { first_epoch: u64::from(key), activity: 1 << (key % 3 * 31) | 1 << 63 })
        }));
        let active: Vec<Hash> = (0..60u8).step_by(3).map(|key| [key; 32]).collect();
        let after = before.after(9, active.iter().copied());
        let mut succession = Succession::new(&before, 9);
        let mut records = Vec::new();
        let mut keep = |change: HistoryChange| {
            assert_eq!(before.get(&change.did_hash).copied(), change.before);
            records.extend(change.after.map(|record| (change.did_hash, record)));
        };
        for key in (0..60u8).map(|key| [key; 32]) {
            succession.take(&key, active.contains(&key), &mut keep);
        }
        assert_eq!(succession.finish(&mut keep), after.hash());
        assert_eq!(History::from_records(records), after);
        assert!(after.len() < before.len() + active.len(), "somebody is forgotten");
    }

    #[test]
    fn only_the_window_counts_for_consistency() {
        let record = HistoryRecord { first_epoch: 0, activity: 0b1000_0101 };
        assert_eq!(record.active_epochs(1), 1);
        assert_eq!(record.active_epochs(3), 2);
        assert_eq!(record.active_epochs(7), 2);
        assert_eq!(record.active_epochs(8), 3);
        assert_eq!(record.active_epochs(64), 3);
    }
}
