//! Sets of sequence numbers as maximal inclusive ascending ranges (sections 5.1 and 5.2).

use alloc::vec::Vec;

/// A set of `u64` as maximal inclusive ascending ranges: no two of them touch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// From numbers in ascending order; repeated ones count once.
    #[must_use]
    pub fn from_ascending(numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut ranges = Self::default();
        for number in numbers {
            ranges.push(number, number);
        }
        ranges
    }

    /// Adds `first ..= last`, which must not begin before the last range does; ranges that touch become one.
    pub fn push(&mut self, first: u64, last: u64) {
        match self.0.last_mut() {
            Some((_, end)) if end.saturating_add(1) >= first => *end = last.max(*end),
            _ => self.0.push((first, last)),
        }
    }

    /// The ranges, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Whether `number` is in the set.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|before| self.0.get(before)).is_some_and(|(_, last)| number <= *last)
    }

    /// The set without `numbers`, which must be ascending.
    #[must_use]
    pub fn without(&self, numbers: &[u64]) -> Self {
        let mut left = Self::default();
        for (first, last) in &self.0 {
            let from = numbers.partition_point(|number| number < first);
            let to = numbers.partition_point(|number| number <= last);
            let mut next = Some(*first);
            for hole in numbers.get(from..to).unwrap_or_default() {
                if let (Some(start), Some(end)) = (next, hole.checked_sub(1))
                    && start <= end
                {
                    left.push(start, end);
                }
                next = hole.checked_add(1);
            }
            if let Some(start) = next
                && start <= *last
            {
                left.push(start, *last);
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    fn expand(ranges: &Ranges) -> BTreeSet<u64> {
        ranges.as_slice().iter().flat_map(|(first, last)| *first..=*last).collect()
    }

    proptest! {
        #[test]
        fn ranges_are_maximal_and_hold_just_the_set(set in prop::collection::btree_set(0u64..60, 0..40)) {
            let ranges = Ranges::from_ascending(set.iter().copied());
            prop_assert_eq!(&expand(&ranges), &set);
            for pair in ranges.as_slice().windows(2) {
                prop_assert!(pair[0].1 + 1 < pair[1].0);
            }
            for number in 0..60 {
                prop_assert_eq!(ranges.contains(number), set.contains(&number));
            }
        }

        #[test]
        fn without_takes_just_the_holes(
            set in prop::collection::btree_set(0u64..60, 0..40),
            holes in prop::collection::btree_set(0u64..60, 0..40),
        ) {
            let holes_list: Vec<u64> = holes.iter().copied().collect();
            let left = Ranges::from_ascending(set.iter().copied()).without(&holes_list);
            prop_assert_eq!(expand(&left), set.difference(&holes).copied().collect::<BTreeSet<_>>());
        }
    }
}
