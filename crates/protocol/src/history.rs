//! Who was active in which of the last 64 posted epochs, and since when (section 6).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::hash::{Hash, sha256};

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
}

/// History records by `did_hash`, after the epoch that they belong to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History(BTreeMap<Hash, HistoryRecord>);

impl History {
    /// From records as an artefact has them; a later one replaces an earlier one of the same DID.
    #[must_use]
    pub fn from_records(records: impl IntoIterator<Item = (Hash, HistoryRecord)>) -> Self {
        Self(records.into_iter().collect())
    }

    /// The record of a DID.
    #[must_use]
    pub fn get(&self, did_hash: &Hash) -> Option<&HistoryRecord> {
        self.0.get(did_hash)
    }

    /// All records, sorted by `did_hash`.
    pub fn iter(&self) -> impl Iterator<Item = (&Hash, &HistoryRecord)> {
        self.0.iter()
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
        let mut next: BTreeMap<Hash, HistoryRecord> = self
            .0
            .iter()
            .map(|(did_hash, record)| (*did_hash, HistoryRecord { activity: record.activity << 1, ..*record }))
            .collect();
        for did_hash in active {
            next.entry(did_hash).or_insert(HistoryRecord { first_epoch: epoch, activity: 0 }).activity |= 1;
        }
        next.retain(|_, record| record.activity != 0);
        Self(next)
    }

    /// `history_hash` of section 5.2: SHA-256 over `did_hash || first_epoch || activity`, sorted by `did_hash`.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(self.0.len().saturating_mul(48));
        for (did_hash, record) in &self.0 {
            bytes.extend_from_slice(did_hash);
            bytes.extend_from_slice(&record.first_epoch.to_le_bytes());
            bytes.extend_from_slice(&record.activity.to_le_bytes());
        }
        sha256(&[&bytes])
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
    fn only_the_window_counts_for_consistency() {
        let record = HistoryRecord { first_epoch: 0, activity: 0b1000_0101 };
        assert_eq!(record.active_epochs(1), 1);
        assert_eq!(record.active_epochs(3), 2);
        assert_eq!(record.active_epochs(7), 2);
        assert_eq!(record.active_epochs(8), 3);
        assert_eq!(record.active_epochs(64), 3);
    }
}
