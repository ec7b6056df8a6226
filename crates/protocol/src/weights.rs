//! From bytes to effective bytes (section 6).
//!
//! Each multiplier is its parameter where its condition holds, else 1.0. They are combined with two floors,
//! `time` and `quality`, and one floor at the end over the sum of all cells of a contributor:
//!
//! ```text
//! time = floor(consistency * peak * long_term / 10^8)      quality = floor(high * metadata * popular / 10^8)
//! effective_bytes(did) = floor( sum over cells of bytes * role * time * quality / 10^12 )
//! ```

use alloc::vec::Vec;

use crate::batch::Role;
use crate::cells::{Cell, Cells, Overflow, Track};
use crate::history::HistoryRecord;
use crate::params::Params;
use crate::units::ONE_BPS;

/// The six multipliers of a cell and its role's price, in bps, with the two combined factors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Factors {
    /// Price of the role.
    pub role: u32,
    /// Active in enough recent epochs.
    pub consistency: u32,
    /// Delivered in a peak hour.
    pub peak: u32,
    /// Known for long.
    pub long_term: u32,
    /// Track of high measured bit rate.
    pub high_quality: u32,
    /// Track with rich metadata.
    pub metadata_rich: u32,
    /// Track much listened to.
    pub popular: u32,
    /// `floor(consistency * peak * long_term / 10^8)`.
    pub time: u32,
    /// `floor(high_quality * metadata_rich * popular / 10^8)`.
    pub quality: u32,
}

impl Factors {
    /// The factors of a cell: `record` is the contributor's history after this epoch, if there is one.
    #[must_use]
    pub fn of(params: &Params, epoch: u64, cell: &Cell, track: &Track, record: Option<&HistoryRecord>) -> Self {
        let when = |condition: bool, bps: u32| if condition { bps } else { ONE_BPS };
        let consistency = when(
            record.is_some_and(|record| {
                record.active_epochs(params.consistency_window_epochs) >= u32::from(params.consistency_min_epochs)
            }),
            params.consistency_bps,
        );
        let peak = when(params.peak_hours_utc >> cell.hour & 1 == 1, params.peak_bps);
        let long_term = when(
            record.is_some_and(|record| {
                epoch.checked_sub(record.first_epoch).is_some_and(|age| age >= u64::from(params.long_term_epochs))
            }),
            params.long_term_bps,
        );
        let high_quality = when(track.kbps() >= u128::from(params.high_quality_min_kbps), params.high_quality_bps);
        let metadata_rich = when(track.metadata_fields >= params.metadata_min_fields, params.metadata_rich_bps);
        let popular = when(track.listener_ms >= u128::from(params.popular_min_listener_ms), params.popular_bps);
        Self {
            role: role_bps(params, cell.role),
            consistency,
            peak,
            long_term,
            high_quality,
            metadata_rich,
            popular,
            time: combine([consistency, peak, long_term]),
            quality: combine([high_quality, metadata_rich, popular]),
        }
    }
}

/// Price of a role in bps.
#[must_use]
pub const fn role_bps(params: &Params, role: Role) -> u32 {
    match role {
        Role::Uploader => params.role_uploader_bps,
        Role::Seeder => params.role_seeder_bps,
        Role::Relay => params.role_relay_bps,
        Role::Storage => params.role_storage_bps,
    }
}

/// `floor(a * b * c / 10^8)`: at most 100_000 (10.0) within the joint bounds of section 9.
#[expect(
    clippy::integer_division,
    clippy::cast_possible_truncation,
    reason = "the floor of section 6; three bps of at most 50_000 fit u64, their floor fits u32"
)]
fn combine(bps: [u32; 3]) -> u32 {
    let product: u64 = bps.iter().map(|bps| u64::from(*bps)).product();
    (product / 100_000_000) as u32
}

/// What everybody's bytes weigh.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Effective bytes of every contributor, in the order of [`Cells::contributors`].
    pub effective: Vec<u64>,
    /// `B = floor(sum of bytes * role / 10^4)`: the bytes that the rate is paid for.
    pub paid_bytes: u64,
    /// `W`, the sum of effective bytes.
    pub total: u64,
}

/// Weighs all cells. `record_of` gives a contributor's history after this epoch, by its index.
///
/// # Errors
/// [`Overflow`], which no input within the bounds of section 9 can cause.
pub fn weigh<'h>(
    params: &Params,
    epoch: u64,
    cells: &Cells,
    record_of: impl Fn(usize) -> Option<&'h HistoryRecord>,
) -> Result<Weights, Overflow> {
    let mut effective = Vec::with_capacity(cells.contributors.len());
    let mut sums = WeightSums::default();
    let mut rest = cells.cells.as_slice();
    for index in 0..cells.contributors.len() {
        let count = rest.partition_point(|cell| cell.contributor as usize <= index);
        let (own, others) = rest.split_at(count);
        rest = others;
        effective.push(sums.add(params, epoch, &cells.tracks, own, record_of(index))?);
    }
    Ok(Weights { effective, paid_bytes: sums.paid_bytes()?, total: sums.total })
}

/// The sums that [`weigh`] leads to, contributor after contributor, in any order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "native", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct WeightSums {
    /// Sum of bytes * role.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    paid: u128,
    /// `W`, the sum of effective bytes.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub total: u64,
}

impl WeightSums {
    /// Adds all cells of a contributor, whose history after this epoch is `record`. Its effective bytes.
    ///
    /// # Errors
    /// [`Overflow`], which no input within the bounds of section 9 can cause.
    pub fn add(
        &mut self,
        params: &Params,
        epoch: u64,
        tracks: &[Track],
        cells: &[Cell],
        record: Option<&HistoryRecord>,
    ) -> Result<u64, Overflow> {
        let mut weight = 0u128;
        for cell in cells {
            let track = tracks.get(cell.track as usize).ok_or(Overflow)?;
            let factors = Factors::of(params, epoch, cell, track, record);
            weight = weight.checked_add(cell_weight(cell.bytes, &factors).ok_or(Overflow)?).ok_or(Overflow)?;
            let at_price = u128::from(cell.bytes).checked_mul(u128::from(factors.role)).ok_or(Overflow)?;
            self.paid = self.paid.checked_add(at_price).ok_or(Overflow)?;
        }
        let effective = floor_div(weight, 1_000_000_000_000)?;
        self.total = self.total.checked_add(effective).ok_or(Overflow)?;
        Ok(effective)
    }

    /// Adds the sums of others.
    ///
    /// # Errors
    /// As [`WeightSums::add`].
    pub fn join(&mut self, others: &Self) -> Result<(), Overflow> {
        self.paid = self.paid.checked_add(others.paid).ok_or(Overflow)?;
        self.total = self.total.checked_add(others.total).ok_or(Overflow)?;
        Ok(())
    }

    /// `B = floor(sum of bytes * role / 10^4)`.
    ///
    /// # Errors
    /// As [`WeightSums::add`].
    pub fn paid_bytes(&self) -> Result<u64, Overflow> {
        floor_div(self.paid, u128::from(ONE_BPS))
    }
}

/// `bytes * role * time * quality`, in byte * 10^-12.
#[must_use]
pub fn cell_weight(bytes: u64, factors: &Factors) -> Option<u128> {
    u128::from(bytes)
        .checked_mul(u128::from(factors.role))?
        .checked_mul(u128::from(factors.time))?
        .checked_mul(u128::from(factors.quality))
}

fn floor_div(dividend: u128, divisor: u128) -> Result<u64, Overflow> {
    dividend.checked_div(divisor).and_then(|quotient| u64::try_from(quotient).ok()).ok_or(Overflow)
}
