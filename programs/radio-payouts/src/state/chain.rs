//! The chain of posted epochs (section 5.3): its head, what was passed over, what a revocation orphaned.

use anchor_lang::prelude::*;
use radio_payouts_protocol::calendar::{Calendar, SKIP_AFTER_SECONDS};
use radio_payouts_protocol::hash::ZERO_HASH;

use crate::error::PayoutsError;

/// The last epoch of the chain of posted epochs.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Its number.
    pub epoch: u64,
    /// Its commitment.
    pub commitment: [u8; 32],
}

/// Where the chain of posted epochs stands.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EpochChain {
    /// The last epoch of the chain; `None` before the first post.
    pub head: Option<Head>,
    /// The greatest epoch ever passed over; it and all before it can never be posted (again).
    pub skipped_through: Option<u64>,
    /// A revoked epoch whose descendants have not all been reopened; nothing can be posted until they are.
    pub orphaned_from: Option<u64>,
    /// The greatest epoch ever ratified; it and all before it can no longer be revoked.
    pub ratified_through: Option<u64>,
    /// Whether a root was ever posted, even if it was revoked since.
    pub ever_posted: bool,
}

impl EpochChain {
    /// The parent that the next post must name: the head's commitment, zeros if there is none.
    pub fn parent(&self) -> [u8; 32] {
        self.head.map_or(ZERO_HASH, |head| head.commitment)
    }

    /// Whether `epoch` could be posted next, by the chain, the calendar and the clock.
    ///
    /// It must follow the head directly, or each epoch between must have ended a day ago (the last of them ended
    /// last, so that one is checked). The very first epoch may be any that has ended.
    pub fn check_next(&self, epoch: u64, calendar: &Calendar, grace_seconds: u32, now: i64) -> Result<()> {
        require!(self.orphaned_from.is_none(), PayoutsError::HeadOrphaned);
        require!(self.head.is_none_or(|head| epoch > head.epoch), PayoutsError::EpochNotAfterHead);
        require!(self.skipped_through.is_none_or(|skipped| epoch > skipped), PayoutsError::EpochSkipped);
        let end = calendar.end_unix(epoch).ok_or(PayoutsError::EpochNotOver)?;
        require!(now >= end.saturating_add(i64::from(grace_seconds)), PayoutsError::EpochNotOver);
        if let (Some(head), Some(before)) = (self.head, epoch.checked_sub(1))
            && before > head.epoch
        {
            let end = calendar.end_unix(before).ok_or(PayoutsError::ArithmeticOverflow)?;
            require!(now >= end.saturating_add(SKIP_AFTER_SECONDS), PayoutsError::SkipTooEarly);
        }
        Ok(())
    }

    /// Makes a posted epoch the head; what lies between it and the old head is passed over for good.
    pub fn advance(&mut self, epoch: u64, commitment: [u8; 32]) {
        if let (Some(head), Some(before)) = (self.head, epoch.checked_sub(1))
            && before > head.epoch
        {
            self.skipped_through = self.skipped_through.max(Some(before));
        }
        self.head = Some(Head { epoch, commitment });
        self.ever_posted = true;
    }

    /// Whether an epoch of the chain stands on a revoked one, or is it.
    pub fn is_orphaned(&self, epoch: u64) -> bool {
        self.orphaned_from.is_some_and(|orphaned| epoch >= orphaned)
    }

    /// Refuses an epoch that stands on a revoked one (or is it).
    pub fn check_not_orphaned(&self, epoch: u64) -> Result<()> {
        require!(!self.is_orphaned(epoch), PayoutsError::EpochOrphaned);
        Ok(())
    }

    /// Notes that `epoch` is revoked: everything after it is orphaned.
    pub fn revoke(&mut self, epoch: u64) -> Result<()> {
        self.check_not_orphaned(epoch)?;
        require!(self.ratified_through.is_none_or(|ratified| epoch > ratified), PayoutsError::LaterEpochRatified);
        self.orphaned_from = Some(epoch);
        Ok(())
    }

    /// Notes that `epoch` is ratified: nothing at or before it can be revoked any more.
    pub fn ratify(&mut self, epoch: u64) -> Result<()> {
        self.check_not_orphaned(epoch)?;
        self.ratified_through = self.ratified_through.max(Some(epoch));
        Ok(())
    }

    /// Takes the head off the chain: `parent` becomes the head. Ends the orphanhood if it was the revoked epoch.
    pub fn retreat(&mut self, epoch: u64, parent: Option<Head>) -> Result<()> {
        let orphaned = self.orphaned_from.ok_or(PayoutsError::NothingRevoked)?;
        require!(self.head.is_some_and(|head| head.epoch == epoch), PayoutsError::NotTheHead);
        self.head = parent;
        if epoch <= orphaned {
            self.orphaned_from = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: u32 = 600;
    const HOUR: i64 = 3_600;

    fn calendar() -> Calendar {
        Calendar::new(0, HOUR as u32).unwrap()
    }

    fn chain(head: u64) -> EpochChain {
        let mut chain = EpochChain::default();
        chain.advance(head, [head as u8; 32]);
        chain
    }

    #[test]
    fn the_first_epoch_may_be_any_that_has_ended() {
        let now = 10 * HOUR + 600;
        for epoch in 0..=9 {
            EpochChain::default().check_next(epoch, &calendar(), GRACE, now).unwrap();
        }
        let refused = EpochChain::default().check_next(10, &calendar(), GRACE, now);
        assert_eq!(refused, Err(PayoutsError::EpochNotOver.into()));
        let refused = EpochChain::default().check_next(9, &calendar(), GRACE, now - 1);
        assert_eq!(refused, Err(PayoutsError::EpochNotOver.into()));
        let refused = EpochChain::default().check_next(u64::MAX, &calendar(), GRACE, now);
        assert_eq!(refused, Err(PayoutsError::EpochNotOver.into()));
    }

    #[test]
    fn an_epoch_is_passed_over_a_day_after_its_end_and_for_good() {
        let mut chain = chain(4);
        let (end_of_5, end_of_6) = (6 * HOUR, 7 * HOUR);
        chain.check_next(5, &calendar(), GRACE, end_of_6).unwrap();
        assert_eq!(chain.check_next(4, &calendar(), GRACE, end_of_6), Err(PayoutsError::EpochNotAfterHead.into()));
        let early = chain.check_next(6, &calendar(), GRACE, end_of_5 + 86_399);
        assert_eq!(early, Err(PayoutsError::SkipTooEarly.into()));
        chain.check_next(6, &calendar(), GRACE, end_of_5 + 86_400).unwrap();
        chain.advance(6, [6; 32]);
        assert_eq!(chain.skipped_through, Some(5));
        chain.revoke(6).unwrap();
        assert_eq!(chain.check_next(7, &calendar(), GRACE, i64::MAX), Err(PayoutsError::HeadOrphaned.into()));
        chain.retreat(6, Some(Head { epoch: 4, commitment: [4; 32] })).unwrap();
        let now = 1_000 * HOUR;
        assert_eq!(chain.check_next(5, &calendar(), GRACE, now), Err(PayoutsError::EpochSkipped.into()));
        chain.check_next(6, &calendar(), GRACE, now).unwrap();
    }

    #[test]
    fn a_revocation_unwinds_from_the_head_down_to_the_revoked_epoch() {
        let mut chain = chain(1);
        chain.advance(2, [2; 32]);
        chain.advance(3, [3; 32]);
        assert_eq!(chain.retreat(3, None), Err(PayoutsError::NothingRevoked.into()));
        chain.revoke(2).unwrap();
        assert_eq!(chain.revoke(3), Err(PayoutsError::EpochOrphaned.into()));
        assert_eq!(chain.retreat(2, None), Err(PayoutsError::NotTheHead.into()));
        chain.retreat(3, Some(Head { epoch: 2, commitment: [2; 32] })).unwrap();
        assert_eq!(chain.orphaned_from, Some(2));
        chain.retreat(2, Some(Head { epoch: 1, commitment: [1; 32] })).unwrap();
        assert_eq!((chain.orphaned_from, chain.parent()), (None, [1; 32]));
    }

    #[test]
    fn nothing_at_or_before_a_ratified_epoch_is_revoked() {
        let mut chain = chain(3);
        chain.ratify(2).unwrap();
        chain.ratify(1).unwrap();
        assert_eq!(chain.ratified_through, Some(2));
        assert_eq!(chain.revoke(1), Err(PayoutsError::LaterEpochRatified.into()));
        assert_eq!(chain.revoke(2), Err(PayoutsError::LaterEpochRatified.into()));
        chain.revoke(3).unwrap();
        assert_eq!(chain.ratify(3), Err(PayoutsError::EpochOrphaned.into()));
    }
}
