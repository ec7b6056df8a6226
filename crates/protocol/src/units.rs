//! The units of section 1 as types: what differs in meaning cannot be added, compared or swapped by mistake.
//!
//! Fields are private, constructors refuse what is out of range, and only the operators that make sense exist.

use thiserror::Error;

/// A value outside the range that the protocol page gives its unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{value} is out of range for {unit}")]
pub struct OutOfRange {
    /// The unit's name.
    pub unit: &'static str,
    /// The value refused.
    pub value: u64,
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty), $range:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name($inner);

        impl $name {
            /// Accepts a value within the unit's range.
            ///
            /// # Errors
            /// [`OutOfRange`] otherwise.
            pub fn new(value: $inner) -> Result<Self, OutOfRange> {
                if $range.contains(&value) {
                    Ok(Self(value))
                } else {
                    Err(OutOfRange { unit: stringify!($name), value: u64::from(value) })
                }
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

unit! {
    /// BLOOM base units (10^-9 BLOOM).
    Amount(u64), (0..=u64::MAX)
}
unit! {
    /// Femto-BLOOM (10^-15 BLOOM) per byte, 1 … 10^15.
    Rate(u64), (1..=1_000_000_000_000_000)
}
unit! {
    /// A multiplier in basis points, 10_000 = 1.0; 0 … 50_000.
    Bps(u32), (0..=50_000)
}
unit! {
    /// Bytes after all multipliers (section 6).
    EffectiveBytes(u64), (0..=u64::MAX)
}
unit! {
    /// The number of an epoch (section 5).
    EpochIndex(u64), (0..=u64::MAX)
}
unit! {
    /// A leaf's global index in the forest, below 12 * 2^20 (section 8).
    LeafIndex(u32), (0..=12 * (1 << 20) - 1)
}

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Sum, `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference, `None` if `other` is larger.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

/// Multiplier 1.0 in basis points.
pub const ONE_BPS: u32 = 10_000;
