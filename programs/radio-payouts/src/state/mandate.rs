//! Mandates: epochs that may be ratified without a vote of their own, within a budget (section 11).

use anchor_lang::prelude::*;

/// PDA `["mandate", number u64]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct Mandate {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Its number.
    pub number: u64,
    /// First epoch covered.
    pub first_epoch: u64,
    /// Last epoch covered.
    pub last_epoch: u64,
    /// Base units that may be ratified under it.
    pub budget: u64,
    /// Base units ratified under it.
    pub spent: u64,
    /// Seconds for which an epoch must have been final; at least 2 days.
    pub delay_seconds: u32,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// Zero.
    pub reserved_space: [u8; 64],
}
