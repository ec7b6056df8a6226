//! The parameters of an epoch and their bounds (section 9).
//!
//! A change names only the fields that it changes ([`ParamsDelta`]); the result is checked with all joint bounds.

use thiserror::Error;

use crate::units::ONE_BPS;

/// What a version of the parameters allows: Demo epochs are never ratified or claimed (section 10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "native", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[repr(u8)]
pub enum Mode {
    /// Posted, proven, disputed, finalised; never paid.
    Demo = 0,
    /// Can be ratified and claimed.
    Live = 1,
}

/// A value, or values together, outside the bounds of section 9. Carries the field's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ParamsError {
    /// One field is out of its own bounds.
    #[error("{0} is out of bounds")]
    OutOfBounds(&'static str),
    /// The product of the time multipliers exceeds 10.0.
    #[error("the product of the time multipliers exceeds 10.0")]
    TimeProduct,
    /// The product of the quality multipliers exceeds 10.0.
    #[error("the product of the quality multipliers exceeds 10.0")]
    QualityProduct,
    /// `consistency_min_epochs` exceeds `consistency_window_epochs`.
    #[error("consistency_min_epochs exceeds consistency_window_epochs")]
    ConsistencyWindow,
    /// `min_kbps_per_recipient` exceeds `max_kbps_per_recipient`.
    #[error("min_kbps_per_recipient exceeds max_kbps_per_recipient")]
    KbpsRange,
}

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $demo:expr, $bounds:expr;)*) => {
        /// The values of one `ParamsVersion` (section 9). Units are in each field's description.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[cfg_attr(feature = "native", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
        pub struct Params {
            $($(#[$doc])* #[cfg_attr(feature = "native", serde(with = "crate::json"))] pub $name: $kind,)*
            /// Whether tracks whose rights are `Licensed` are paid.
            pub pay_licensed: bool,
        }

        /// A change of parameters: fields that are `None` stay as they are.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct ParamsDelta {
            $($(#[$doc])* pub $name: Option<$kind>,)*
            /// Whether tracks whose rights are `Licensed` are paid.
            pub pay_licensed: Option<bool>,
        }

        impl Params {
            /// Names of all fields, in the order of section 9.
            pub const FIELDS: &'static [&'static str] = &[$(stringify!($name),)* "pay_licensed"];

            /// The values of a demo deployment.
            #[must_use]
            pub const fn demo() -> Self {
                Self { $($name: $demo,)* pay_licensed: false }
            }

            /// Value of a field by name as a number (`pay_licensed` as 0 or 1); `None` for an unknown name.
            #[must_use]
            pub fn field(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some(u64::from(self.$name)),)*
                    "pay_licensed" => Some(u64::from(self.pay_licensed)),
                    _ => None,
                }
            }

            fn check_fields(&self) -> Result<(), ParamsError> {
                $(if !$bounds.contains(&self.$name) {
                    return Err(ParamsError::OutOfBounds(stringify!($name)));
                })*
                Ok(())
            }

            fn with(self, delta: &ParamsDelta) -> Self {
                Self {
                    $($name: delta.$name.unwrap_or(self.$name),)*
                    pay_licensed: delta.pay_licensed.unwrap_or(self.pay_licensed),
                }
            }
        }

        impl ParamsDelta {
            /// Sets a field by name from a number (`pay_licensed`: 0 or 1).
            ///
            /// # Errors
            /// [`ParamsError::OutOfBounds`] for an unknown name or a number that does not fit the field.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), ParamsError> {
                match name {
                    $(stringify!($name) => {
                        self.$name = Some(
                            <$kind>::try_from(value).map_err(|_| ParamsError::OutOfBounds(stringify!($name)))?,
                        );
                    })*
                    "pay_licensed" if value <= 1 => self.pay_licensed = Some(value == 1),
                    _ => return Err(ParamsError::OutOfBounds("a field of this name")),
                }
                Ok(())
            }

            /// What a field is changed to, by name and as a number; `None` if it stays, or there is none of that name.
            #[must_use]
            pub fn field(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => self.$name.map(u64::from),)*
                    "pay_licensed" => self.pay_licensed.map(u64::from),
                    _ => None,
                }
            }

            /// Whether nothing would change.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

params! {
    /// Femto-BLOOM per byte.
    rate: u64 = 1_000_000_000, (1..=1_000_000_000_000_000);
    /// Most base units of one epoch's pool.
    epoch_cap: u64 = 1_000_000_000_000_000, (0..=1 << 62);
    /// Most of a pool that one contributor gets, in bps.
    max_share_bps: u32 = 10_000, (1..=10_000);
    /// Smallest amount that becomes a leaf, in base units.
    min_payout: u64 = 1, (1..=1_000_000_000_000);
    /// Multiplier in bps of a contributor active in enough recent epochs.
    consistency_bps: u32 = 12_000, (10_000..=50_000);
    /// Multiplier in bps of bytes delivered in peak hours.
    peak_bps: u32 = 15_000, (10_000..=50_000);
    /// Multiplier in bps of a contributor known for long.
    long_term_bps: u32 = 11_000, (10_000..=50_000);
    /// Multiplier in bps of tracks of high measured bit rate.
    high_quality_bps: u32 = 13_000, (10_000..=50_000);
    /// Multiplier in bps of tracks with rich metadata.
    metadata_rich_bps: u32 = 11_000, (10_000..=50_000);
    /// Multiplier in bps of tracks much listened to.
    popular_bps: u32 = 12_000, (10_000..=50_000);
    /// Price in bps of bytes of role `uploader`.
    role_uploader_bps: u32 = 10_000, (0..=10_000);
    /// Price in bps of bytes of role `seeder`.
    role_seeder_bps: u32 = 10_000, (0..=10_000);
    /// Price in bps of bytes of role `relay`.
    role_relay_bps: u32 = 10_000, (0..=10_000);
    /// Price in bps of bytes of role `storage`.
    role_storage_bps: u32 = 10_000, (0..=10_000);
    /// How many recent epochs consistency looks at.
    consistency_window_epochs: u8 = 7, (1..=64);
    /// In how many of them a contributor must have been active.
    consistency_min_epochs: u8 = 5, (1..=64);
    /// Epochs since the first active one that make a contributor long term.
    long_term_epochs: u32 = 30, (1..=10_000);
    /// Accepted bytes that make an epoch an active one.
    active_min_bytes: u64 = 10 * 1024 * 1024, (1..=1 << 46);
    /// Peak hours (UTC), bit h = hour h.
    peak_hours_utc: u32 = 0x7C_0000, (0..=0xFF_FFFF);
    /// Measured kbit/s from which a track is of high quality.
    high_quality_min_kbps: u32 = 256, (1..=1_000_000);
    /// Metadata fields from which a track is rich.
    metadata_min_fields: u8 = 6, (1..=8);
    /// Listener milliseconds from which a track is popular.
    popular_min_listener_ms: u64 = 10_000_000, (1..=u64::MAX);
    /// Most kbit/s per recipient that a receipt may claim.
    max_kbps_per_recipient: u32 = 20_000, (1..=1_000_000);
    /// kbit/s per recipient below which listening time is not counted in full.
    min_kbps_per_recipient: u32 = 8, (1..=1_000_000);
}

impl Params {
    /// Checks every field and the joint bounds.
    ///
    /// # Errors
    /// The first [`ParamsError`] found, single fields before joint bounds.
    pub fn check(&self) -> Result<(), ParamsError> {
        self.check_fields()?;
        if product_exceeds_ten([self.consistency_bps, self.peak_bps, self.long_term_bps]) {
            return Err(ParamsError::TimeProduct);
        }
        if product_exceeds_ten([self.high_quality_bps, self.metadata_rich_bps, self.popular_bps]) {
            return Err(ParamsError::QualityProduct);
        }
        if self.consistency_min_epochs > self.consistency_window_epochs {
            return Err(ParamsError::ConsistencyWindow);
        }
        if self.min_kbps_per_recipient > self.max_kbps_per_recipient {
            return Err(ParamsError::KbpsRange);
        }
        Ok(())
    }

    /// These parameters with `delta` applied.
    ///
    /// # Errors
    /// [`ParamsError`] if the result breaks a bound.
    pub fn apply(&self, delta: &ParamsDelta) -> Result<Self, ParamsError> {
        let changed = self.with(delta);
        changed.check()?;
        Ok(changed)
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "three u32 fit u128")]
fn product_exceeds_ten(bps: [u32; 3]) -> bool {
    let product = bps.iter().fold(1u128, |product, factor| product * u128::from(*factor));
    let one = u128::from(ONE_BPS);
    product > 10 * one * one * one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_values_are_within_bounds() {
        assert_eq!(Params::demo().check(), Ok(()));
        assert_eq!(Params::FIELDS.len(), 25);
    }

    #[test]
    fn refuses_each_joint_bound() {
        let refuse = |delta: ParamsDelta, error| assert_eq!(Params::demo().apply(&delta), Err(error));
        let five = Some(50_000);
        refuse(ParamsDelta { consistency_bps: five, peak_bps: five, ..Default::default() }, ParamsError::TimeProduct);
        refuse(
            ParamsDelta { high_quality_bps: five, popular_bps: five, ..Default::default() },
            ParamsError::QualityProduct,
        );
        refuse(ParamsDelta { consistency_min_epochs: Some(8), ..Default::default() }, ParamsError::ConsistencyWindow);
        refuse(ParamsDelta { min_kbps_per_recipient: Some(20_001), ..Default::default() }, ParamsError::KbpsRange);
        refuse(ParamsDelta { rate: Some(0), ..Default::default() }, ParamsError::OutOfBounds("rate"));
    }

    #[test]
    fn a_product_of_exactly_ten_is_allowed() {
        let delta = ParamsDelta {
            consistency_bps: Some(50_000),
            peak_bps: Some(20_000),
            long_term_bps: Some(10_000),
            ..Default::default()
        };
        assert!(Params::demo().apply(&delta).is_ok());
    }

    #[test]
    fn fields_are_set_and_read_by_name() {
        for name in Params::FIELDS {
            let mut delta = ParamsDelta::default();
            assert!(delta.is_empty());
            delta.set(name, 1).unwrap();
            assert!(!delta.is_empty());
            assert_eq!(Params::demo().with(&delta).field(name), Some(1));
        }
        assert!(ParamsDelta::default().set("rates", 1).is_err());
        assert!(ParamsDelta::default().set("max_share_bps", 1 << 40).is_err());
    }
}
