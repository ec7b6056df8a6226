//! The registered SFUs, as the program keeps them (section 10) and sealing reads them (section 5).

/// Most SFUs of a deployment (section 9).
pub const MAX_SFUS: usize = 2_048;
/// Most accepted bytes that one SFU may be allowed in an epoch (section 9).
pub const MAX_SFU_BYTES_PER_EPOCH: u64 = 1 << 46;
/// `stop` of an SFU that is not stopped, `valid_until` of one that stays registered.
pub const NEVER: u64 = u64::MAX;

/// The terms under which an SFU's batches count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "native", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Sfu {
    /// Ed25519 key that signs its batches.
    #[cfg_attr(feature = "native", serde(with = "crate::json::hex32"))]
    pub key: [u8; 32],
    /// Whether it is a demo SFU, whose batches are not valid for Live epochs.
    pub demo: bool,
    /// First epoch for which it is registered.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub valid_from: u64,
    /// First epoch for which it no longer is; [`NEVER`] if there is none.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub valid_until: u64,
    /// Most accepted bytes in one epoch.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub max_bytes_per_epoch: u64,
    /// Batches from this `seq` on do not count; [`NEVER`] if there is none. It never rises.
    #[cfg_attr(feature = "native", serde(with = "crate::json"))]
    pub stop_seq: u64,
}

impl Sfu {
    /// Whether the SFU is registered for `epoch`.
    #[must_use]
    pub const fn is_registered_for(&self, epoch: u64) -> bool {
        self.valid_from <= epoch && epoch < self.valid_until
    }
}
