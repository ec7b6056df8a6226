//! Sums of a settled epoch, or of several: what was delivered, what it was worth, what caps and minimum took, what was paid.

use std::collections::BTreeMap;

use radio_payouts_protocol::allocation::pool_limit;
use radio_payouts_protocol::json;
use radio_payouts_protocol::params::Params;
use radio_payouts_protocol::settlement::Settlement;
use serde::{Deserialize, Serialize};

use super::set::Number;

macro_rules! totals {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Sums over one epoch or several.
        #[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Totals {
            $($(#[$doc])* #[serde(with = "json")] pub $name: i128,)*
            /// Receipts of accepted batches that do not count, by verdict.
            pub rejected_receipts: BTreeMap<String, Number>,
        }

        impl Totals {
            /// Names and values, without the receipts.
            #[must_use]
            pub fn fields(&self) -> Vec<(&'static str, i128)> {
                vec![$((stringify!($name), self.$name),)*]
            }

            pub(super) fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
                for (verdict, Number(count)) in &other.rejected_receipts {
                    self.rejected_receipts.entry(verdict.clone()).or_default().0 += count;
                }
            }
        }
    };
}

totals! {
    /// Accepted bytes.
    accepted_bytes;
    /// Bytes that the rate is paid for: by the prices of roles.
    paid_bytes;
    /// Bytes after all multipliers.
    effective_bytes;
    /// What the paid bytes are worth at the rate, before the epoch's cap.
    earned_base_units;
    /// What `epoch_cap` takes of it.
    cut_by_epoch_cap_base_units;
    /// The pools.
    pool_base_units;
    /// What `max_share_bps` takes of shares.
    cut_by_share_cap_base_units;
    /// Amounts below `min_payout`.
    cut_by_minimum_base_units;
    /// The emission: what is paid.
    allocated_base_units;
    /// The rest of the pools: both cuts and rounding. Nothing is minted for it.
    unallocated_base_units;
    /// Shares that are paid.
    shares;
    /// Shares that `max_share_bps` cuts.
    capped_shares;
    /// Shares below `min_payout`.
    small_shares;
}

impl Totals {
    /// Sums of a settled epoch.
    pub(super) fn of(settlement: &Settlement, params: &Params) -> anyhow::Result<Self> {
        let (allocation, weights) = (&settlement.allocation, &settlement.weights);
        let earned = i128::try_from(pool_limit(weights.paid_bytes, params.rate))?;
        let pool = i128::from(allocation.pool);
        let mut totals = Self {
            accepted_bytes: settlement.statement.batches.sum.into(),
            paid_bytes: weights.paid_bytes.into(),
            effective_bytes: weights.total.into(),
            earned_base_units: earned,
            cut_by_epoch_cap_base_units: earned - pool,
            pool_base_units: pool,
            allocated_base_units: allocation.allocated.into(),
            unallocated_base_units: allocation.unallocated.into(),
            ..Self::default()
        };
        for share in &allocation.shares {
            let cut = i128::from(share.raw) - i128::from(share.amount);
            totals.cut_by_share_cap_base_units += cut;
            totals.capped_shares += i128::from(cut > 0);
            match share.no_leaf {
                None => totals.shares += 1,
                Some(_) => {
                    totals.small_shares += 1;
                    totals.cut_by_minimum_base_units += i128::from(share.amount);
                }
            }
        }
        for verdict in settlement.batches.iter().flat_map(|batch| &batch.receipts.verdicts).flatten() {
            totals.rejected_receipts.entry(verdict.as_str().to_owned()).or_default().0 += 1;
        }
        Ok(totals)
    }
}
