//! What a dispute does to an epoch.

use anchor_lang::prelude::*;
use radio_payouts_protocol::allocation::dispute_bond;

use super::{Epoch, EpochStatus};
use crate::error::PayoutsError;
use crate::state::Pause;

impl Epoch {
    /// The bond of a dispute about the root in force, by the times that it was posted under.
    pub fn dispute_bond(&self) -> u64 {
        dispute_bond(self.statement.pool, self.times.dispute_bond_min, self.times.dispute_bond_bps)
    }

    /// Puts the root posted in `attempt` in dispute, within its challenge window. A pause extends the window and does
    /// not close it.
    pub fn dispute(&mut self, attempt: u32, pause: &Pause, now: i64) -> Result<()> {
        require!(self.attempt == attempt, PayoutsError::WrongAttempt);
        require!(self.status == EpochStatus::Posted, PayoutsError::EpochNotPosted);
        let over = self.posted.has_passed(self.times.challenge_seconds, pause, now);
        require!(!over, PayoutsError::ChallengeWindowOver);
        self.become_(EpochStatus::Disputed)
    }

    /// Refuses an epoch that is not disputed in `attempt`.
    pub fn check_disputed(&self, attempt: u32) -> Result<()> {
        require!(self.attempt == attempt, PayoutsError::WrongAttempt);
        require!(self.status == EpochStatus::Disputed, PayoutsError::EpochNotDisputed);
        Ok(())
    }

    /// Lets the disputed root stand; `contested` if nobody decided about it.
    pub fn stand(&mut self, contested: bool) -> Result<()> {
        require!(self.status == EpochStatus::Disputed, PayoutsError::EpochNotDisputed);
        self.become_(EpochStatus::Posted)?;
        self.contested = contested;
        Ok(())
    }
}
