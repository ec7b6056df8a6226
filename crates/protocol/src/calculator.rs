//! The calculator of the Radio front end (section 12): what receipts would come to, provisionally.
//!
//! It is no second code path: receipts are wrapped into batches as section 4.5 has it, and the batches are settled as any
//! others are. All of them are one epoch, that of the last window, with an empty history. All receipts are there at once,
//! so none comes too late: they are taken window by window, within a window in the order given.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use thiserror::Error;

use crate::bare::{BareReceipt, BareRefusal, LeftOut, Position, Wrapper, window_end};
use crate::batch::{Batch, BatchHeader, ReceiptVerdict};
use crate::calendar::{Calendar, CalendarError};
use crate::did::did_of_key;
use crate::domain::Domain;
use crate::hash::ZERO_HASH;
use crate::params::{Mode, Params, ParamsError};
use crate::registry::{MAX_SFU_BYTES_PER_EPOCH, NEVER, Sfu};
use crate::settlement::{Setting, Settlement, SettlementError, settle};

#[cfg(test)]
mod tests;

/// What every result of the calculator says of itself.
pub const PROVISIONAL_NOTICE: &str =
    "Provisional calculation for demonstration. Mainnet payouts require governance approval.";

/// Key of the SFU that the batches are wrapped for: the curve's base point. Nothing is signed with it, and no amount
/// depends on it.
const SFU_KEY: [u8; 32] = {
    let mut key = [0x66; 32];
    key[0] = 0x58;
    key
};

/// What receipts would come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calculation {
    /// Contributors with an amount, highest first, ties by DID.
    pub shares: Vec<ProvisionalShare>,
    /// Contributors whose amount is below the minimum, in the same order.
    pub below_minimum: Vec<ProvisionalShare>,
    /// Base units to be split.
    pub pool: u64,
    /// Most base units that one contributor gets.
    pub cap: u64,
    /// Sum of the shares.
    pub allocated: u64,
    /// What is left of the pool.
    pub unallocated: u64,
    /// Accepted bytes.
    pub accepted_bytes: u64,
    /// Sum of effective bytes.
    pub effective_bytes: u64,
    /// Tracks that nobody with a valid DID can be named for.
    pub left_out: Vec<LeftOut>,
    /// Receipts (after merging) that do not count, by verdict.
    pub rejected: BTreeMap<ReceiptVerdict, u32>,
}

/// One contributor's part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvisionalShare {
    /// The DID as in the receipts.
    pub did: String,
    /// Base units.
    pub amount: u64,
}

/// Why nothing could be calculated.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CalculatorError {
    /// The parameters are out of their bounds.
    #[error("parameters: {0}")]
    Params(#[from] ParamsError),
    /// A receipt was refused.
    #[error("receipts[{position}]: {refusal}")]
    Receipt {
        /// Its position among those given, from 0.
        position: usize,
        /// Why.
        refusal: BareRefusal,
    },
    /// The receipts lie beyond every calendar, or a sum left its range.
    #[error("{0}")]
    Settlement(String),
}

/// Calculates provisional shares: the pool of these receipts split by effective bytes.
///
/// Guarantees, each a property test of the same name: `the_order_of_windows_is_irrelevant`,
/// `shares_and_unallocated_add_up_to_the_pool`.
///
/// # Errors
/// [`CalculatorError`]. A receipt that breaks a limit refuses the calculation: a sum without it would be a false one.
pub fn calculate(params: &Params, receipts: Vec<BareReceipt>) -> Result<Calculation, CalculatorError> {
    params.check()?;
    let (batches, left_out) = wrap(params, receipts)?;
    let settlement = settle_as_one_epoch(params, batches)?;
    Ok(sum_up(settlement, left_out))
}

/// Batches of all windows in order, and the tracks that they do not carry.
fn wrap(params: &Params, receipts: Vec<BareReceipt>) -> Result<(Vec<Batch>, Vec<LeftOut>), CalculatorError> {
    // Checked: at least 1.
    let most = NonZeroU32::new(params.max_kbps_per_recipient).unwrap_or(NonZeroU32::MIN);
    let mut wrapper = Wrapper::new(did_of_key(&SFU_KEY), Position::START, most);
    let mut in_order: Vec<(usize, BareReceipt)> = receipts.into_iter().enumerate().collect();
    in_order.sort_by_key(|(_, receipt)| window_end(receipt.timestamp));
    let (mut batches, mut left_out) = (Vec::new(), Vec::new());
    let mut take = |closed: Option<crate::bare::Closed>| {
        if let Some(closed) = closed {
            batches.extend(closed.batch);
            left_out.extend(closed.left_out);
        }
    };
    for (position, receipt) in in_order {
        take(wrapper.push(receipt).map_err(|refusal| CalculatorError::Receipt { position, refusal })?);
    }
    take(wrapper.finish());
    Ok((batches, left_out))
}

/// Settles the batches as the epoch of the last of them, as if none had been before.
fn settle_as_one_epoch(params: &Params, batches: Vec<Batch>) -> Result<Settlement, CalculatorError> {
    let beyond = |error: CalendarError| CalculatorError::Settlement(alloc::format!("{error}"));
    let calendar = Calendar::new(0, 86_400).map_err(beyond)?;
    let last = batches.last().map_or(1, |batch| batch.to);
    let in_no_epoch = || CalculatorError::Settlement("the last window ends in no epoch".into());
    let epoch = calendar.epoch_at_ms(last).ok_or_else(in_no_epoch)?;
    let sfu = Sfu {
        key: SFU_KEY,
        demo: true,
        valid_from: 0,
        valid_until: NEVER,
        max_bytes_per_epoch: MAX_SFU_BYTES_PER_EPOCH,
        stop_seq: NEVER,
    };
    let setting = Setting {
        // Neither a hash nor a payee leaves this module; amounts depend on neither domain nor cluster.
        domain: &Domain::from_bytes(ZERO_HASH),
        cluster_reference: "",
        calendar,
        epoch,
        parent: None,
        params,
        params_version: 0,
        mode_of: &|_| Mode::Demo,
        registry_version: 0,
        sfus: &[sfu],
    };
    let header = |batch: &Batch| BatchHeader {
        sfu_key: SFU_KEY,
        seq: batch.seq,
        hash: batch.hash(),
        prev: batch.prev,
        from_ms: batch.from,
        to_ms: batch.to,
    };
    let headers: Vec<BatchHeader> = batches.iter().map(header).collect();
    // Accepted batches are loaded by seq, as they stand here; none is passed over.
    let mut batches = batches.into_iter();
    settle(&setting, &headers, |wanted| batches.find(|batch| batch.seq == wanted.seq).ok_or("it is not there"))
        .map_err(|error: SettlementError<&str>| CalculatorError::Settlement(alloc::format!("{error}")))
}

fn sum_up(settlement: Settlement, left_out: Vec<LeftOut>) -> Calculation {
    let Settlement { statement, batches, cells, weights, allocation, .. } = settlement;
    let (mut shares, mut below_minimum) = (Vec::new(), Vec::new());
    for (contributor, share) in cells.contributors.into_iter().zip(&allocation.shares) {
        let list = if share.no_leaf.is_none() { &mut shares } else { &mut below_minimum };
        list.push(ProvisionalShare { did: contributor.did, amount: share.amount });
    }
    for list in [&mut shares, &mut below_minimum] {
        list.sort_unstable_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.did.cmp(&b.did)));
    }
    let mut rejected: BTreeMap<ReceiptVerdict, u32> = BTreeMap::new();
    for verdict in batches.iter().flat_map(|batch| batch.receipts.verdicts.iter().flatten()) {
        let count = rejected.entry(*verdict).or_default();
        *count = count.saturating_add(1);
    }
    Calculation {
        shares,
        below_minimum,
        pool: allocation.pool,
        cap: allocation.cap,
        allocated: allocation.allocated,
        unallocated: allocation.unallocated,
        accepted_bytes: statement.batches.sum,
        effective_bytes: weights.total,
        left_out,
        rejected,
    }
}
