//! Figures of concentration and share, in integers: floors, in basis points.

/// `floor(part * 10^4 / whole)`; 0 if there is no whole.
#[must_use]
pub fn share_bps(part: u128, whole: u128) -> u128 {
    part.saturating_mul(10_000).checked_div(whole).unwrap_or_default()
}

/// How unequal amounts are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Concentration {
    /// How many there are.
    pub count: usize,
    /// Their sum.
    pub sum: u128,
    /// Share of the largest, in bps.
    pub top_1_bps: u128,
    /// Share of the ten largest, in bps.
    pub top_10_bps: u128,
    /// The Gini coefficient in bps: 0 if all are equal; towards 10 000 the more one has.
    pub gini_bps: u128,
    /// Share of the sum that the smallest 0 %, 10 %, … 100 % of them have together, in bps.
    pub lorenz_bps: Vec<u128>,
}

/// Steps of the Lorenz curve.
const STEPS: usize = 10;

impl Concentration {
    /// Of these amounts. With `x_1 <= … <= x_n`: `Gini = sum((2i - n - 1) * x_i) / (n * sum(x_i))`, rounded down to bps.
    #[must_use]
    pub fn of(mut amounts: Vec<u128>) -> Self {
        amounts.sort_unstable();
        let (count, sum) = (amounts.len(), amounts.iter().sum::<u128>());
        let top = |number: usize| amounts.iter().rev().take(number).sum::<u128>();
        let n = count as u128;
        // sum(2i * x_i) is never less than sum((n + 1) * x_i), because the amounts ascend.
        let weighted: u128 = (1u128..).zip(&amounts).map(|(place, amount)| 2 * place * amount).sum();
        let gini = share_bps(weighted.saturating_sub((n + 1) * sum), n * sum);
        let lorenz = (0..=STEPS).map(|step| {
            let smallest = amounts.iter().take(count * step / STEPS).sum::<u128>();
            share_bps(smallest, sum)
        });
        let lorenz_bps = lorenz.collect();
        Self {
            count,
            sum,
            top_1_bps: share_bps(top(1), sum),
            top_10_bps: share_bps(top(10), sum),
            gini_bps: gini,
            lorenz_bps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_distributions() {
        let none = Concentration::of(Vec::new());
        assert_eq!((none.gini_bps, none.top_1_bps, none.top_10_bps), (0, 0, 0));
        let equal = Concentration::of(vec![7; 20]);
        assert_eq!((equal.gini_bps, equal.top_1_bps, equal.top_10_bps), (0, 500, 5_000));
        assert_eq!(equal.lorenz_bps, (0..=10).map(|step| step * 1_000).collect::<Vec<_>>());
        let one = Concentration::of([vec![0; 9], vec![100]].concat());
        assert_eq!((one.gini_bps, one.top_1_bps), (9_000, 10_000));
        // 1, 2, 3, 4: (-3 - 2 + 3 + 12) / (4 * 10) = 0.25
        assert_eq!(Concentration::of(vec![4, 1, 3, 2]).gini_bps, 2_500);
    }

    proptest! {
        #[test]
        fn bounds_hold_and_scale_does_not_matter(amounts in proptest::collection::vec(0u64..1 << 40, 1..60), factor in 1u128..1_000) {
            let amounts: Vec<u128> = amounts.into_iter().map(u128::from).collect();
            let figures = Concentration::of(amounts.clone());
            prop_assert!(figures.gini_bps < 10_000 && figures.top_1_bps <= figures.top_10_bps && figures.top_10_bps <= 10_000);
            prop_assert!(figures.lorenz_bps.is_sorted());
            let scaled = Concentration::of(amounts.iter().map(|amount| amount * factor).collect());
            prop_assert_eq!(figures.gini_bps, scaled.gini_bps);
        }
    }
}
