//! Mandates: epochs that may be ratified without a vote of their own, within a budget (section 11).
//!
//! The delay gives everybody time to look at a final epoch, and the authority time to reject it, before money is
//! promised. A mandate outlives the authority that made it; whoever holds the role may cancel it.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::{ACCOUNT_VERSION, Epoch, EpochChain, MAX_TIME_SECONDS, Pause};

/// Shortest delay of a mandate: 2 days.
pub const MIN_MANDATE_DELAY_SECONDS: u32 = 2 * 86_400;

/// What a mandate allows.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct MandateTerms {
    /// First epoch covered.
    pub first_epoch: u64,
    /// Last epoch covered.
    pub last_epoch: u64,
    /// Base units that may be ratified under it.
    pub budget: u64,
    /// Unpaused seconds for which an epoch must have been final; at least 2 days.
    pub delay_seconds: u32,
}

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
    /// What it allows.
    pub terms: MandateTerms,
    /// Base units ratified under it.
    pub spent: u64,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// Zero.
    pub reserved_space: [u8; 64],
}

impl MandateTerms {
    /// Refuses an empty range, no budget, and a delay under 2 days or over 366.
    pub fn check(&self) -> Result<()> {
        require!(self.first_epoch <= self.last_epoch, PayoutsError::MandateRangeEmpty);
        require!(self.budget > 0, PayoutsError::MandateWithoutBudget);
        require!(self.delay_seconds >= MIN_MANDATE_DELAY_SECONDS, PayoutsError::MandateDelayTooShort);
        require!(self.delay_seconds <= MAX_TIME_SECONDS, PayoutsError::TimeOutOfBounds);
        Ok(())
    }
}

impl Mandate {
    /// A mandate under which nothing was ratified yet.
    pub fn make(bump: u8, number: u64, terms: MandateTerms) -> Result<Self> {
        terms.check()?;
        Ok(Self { version: ACCOUNT_VERSION, bump, number, terms, spent: 0, cancelled: false, reserved_space: [0; 64] })
    }

    /// Ends the mandate; what was ratified under it stays so.
    pub fn cancel(&mut self) -> Result<()> {
        require!(!self.cancelled, PayoutsError::MandateIsCancelled);
        self.cancelled = true;
        Ok(())
    }

    /// Base units that may still be ratified under it.
    pub fn left(&self) -> u64 {
        self.terms.budget.saturating_sub(self.spent)
    }

    /// Whether it covers a final epoch now, budget apart.
    ///
    /// An epoch that stands on a contested one is covered only once that one is ratified: ratifying the child would
    /// take from the authority the choice to reject the parent.
    pub fn check_covers(&self, epoch: &Epoch, chain: &EpochChain, pause: &Pause, now: i64) -> Result<()> {
        let MandateTerms { first_epoch, last_epoch, delay_seconds, .. } = self.terms;
        require!(!self.cancelled, PayoutsError::MandateIsCancelled);
        require!((first_epoch..=last_epoch).contains(&epoch.epoch), PayoutsError::EpochOutsideMandate);
        require!(!epoch.contested, PayoutsError::EpochContested);
        let settled = epoch.contested_before.is_none_or(|contested| chain.ratified_through >= Some(contested));
        require!(settled, PayoutsError::EpochStandsOnContested);
        require!(epoch.finalized.has_passed(delay_seconds, pause, now), PayoutsError::MandateDelayRunning);
        Ok(())
    }

    /// Takes `sum` base units out of the budget.
    pub fn spend(&mut self, sum: u64) -> Result<()> {
        require!(sum <= self.left(), PayoutsError::MandateBudgetExceeded);
        self.spent = self.spent.checked_add(sum).ok_or(PayoutsError::ArithmeticOverflow)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: MandateTerms =
        MandateTerms { first_epoch: 5, last_epoch: 9, budget: 100, delay_seconds: MIN_MANDATE_DELAY_SECONDS };

    fn refused(terms: MandateTerms) -> Error {
        Mandate::make(0, 0, terms).unwrap_err()
    }

    #[test]
    fn refuses_each_bound_with_its_own_error() {
        Mandate::make(0, 0, TERMS).unwrap();
        Mandate::make(0, 0, MandateTerms { last_epoch: 5, ..TERMS }).unwrap();
        assert_eq!(refused(MandateTerms { last_epoch: 4, ..TERMS }), PayoutsError::MandateRangeEmpty.into());
        assert_eq!(refused(MandateTerms { budget: 0, ..TERMS }), PayoutsError::MandateWithoutBudget.into());
        let short = MandateTerms { delay_seconds: MIN_MANDATE_DELAY_SECONDS - 1, ..TERMS };
        assert_eq!(refused(short), PayoutsError::MandateDelayTooShort.into());
        let long = MandateTerms { delay_seconds: MAX_TIME_SECONDS + 1, ..TERMS };
        assert_eq!(refused(long), PayoutsError::TimeOutOfBounds.into());
    }

    #[test]
    fn the_budget_is_spent_to_the_last_base_unit_and_no_further() {
        let mut mandate = Mandate::make(0, 0, TERMS).unwrap();
        mandate.spend(60).unwrap();
        assert_eq!(mandate.spend(41), Err(PayoutsError::MandateBudgetExceeded.into()));
        mandate.spend(40).unwrap();
        mandate.spend(0).unwrap();
        assert_eq!((mandate.left(), mandate.spend(1)), (0, Err(PayoutsError::MandateBudgetExceeded.into())));
        assert_eq!(mandate.spend(u64::MAX), Err(PayoutsError::MandateBudgetExceeded.into()));
    }

    #[test]
    fn covers_an_epoch_in_range_after_the_delay_unless_something_is_contested() {
        let (pause, mut chain) = (Pause::default(), EpochChain::default());
        let mut mandate = Mandate::make(0, 0, TERMS).unwrap();
        let epoch = |number| Epoch::open(0, number, [0; 32], Pubkey::default(), Default::default());
        let now = i64::from(MIN_MANDATE_DELAY_SECONDS);
        let covers =
            |mandate: &Mandate, chain: &EpochChain, epoch: &Epoch, now| mandate.check_covers(epoch, chain, &pause, now);
        for number in 5..=9 {
            covers(&mandate, &chain, &epoch(number), now).unwrap();
        }
        for number in [4, 10] {
            let outside = covers(&mandate, &chain, &epoch(number), now);
            assert_eq!(outside, Err(PayoutsError::EpochOutsideMandate.into()));
        }
        let young = covers(&mandate, &chain, &epoch(5), now - 1);
        assert_eq!(young, Err(PayoutsError::MandateDelayRunning.into()));
        let contested = Epoch { contested: true, ..epoch(6) };
        assert_eq!(covers(&mandate, &chain, &contested, now), Err(PayoutsError::EpochContested.into()));
        let child = Epoch { contested_before: Some(6), ..epoch(8) };
        for ratified_through in [None, Some(5)] {
            chain.ratified_through = ratified_through;
            assert_eq!(covers(&mandate, &chain, &child, now), Err(PayoutsError::EpochStandsOnContested.into()));
        }
        chain.ratified_through = Some(6);
        covers(&mandate, &chain, &child, now).unwrap();
        mandate.cancel().unwrap();
        assert_eq!(covers(&mandate, &chain, &child, now), Err(PayoutsError::MandateIsCancelled.into()));
        assert_eq!(mandate.cancel(), Err(PayoutsError::MandateIsCancelled.into()));
    }
}
