//! Payee bindings: where the shares of a DID without a payee of its own go (section 3).
//!
//! A registrar proposes, the payee accepts, and after `binding_delay` the change is in force; until then the authority
//! or the pause key may cancel it. Changing a binding needs the old payee's signature, or registrar and authority.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::state::{ACCOUNT_VERSION, Pause, Start};

/// PDA `["payee", did_hash]`.
#[account]
#[derive(InitSpace, Debug)]
pub struct PayeeBinding {
    /// Layout version, 1.
    pub version: u8,
    /// Bump of this address.
    pub bump: u8,
    /// SHA-256 of the DID.
    pub did_hash: [u8; 32],
    /// The payee in force, before `pending` is looked at.
    pub payee: Option<Pubkey>,
    /// The change on its way.
    pub pending: Option<PendingPayee>,
    /// Zero.
    pub reserved_space: [u8; 64],
}

/// A change of a binding on its way.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingPayee {
    /// The payee proposed.
    pub payee: Pubkey,
    /// Who proposed it.
    pub proposer: Pubkey,
    /// When the payee accepted; from then on the delay runs.
    pub accepted: Option<Start>,
    /// The delay in force at the acceptance, in seconds.
    pub delay_seconds: u32,
}

impl PayeeBinding {
    /// A binding of nobody.
    pub fn new(bump: u8, did_hash: [u8; 32]) -> Self {
        Self { version: ACCOUNT_VERSION, bump, did_hash, payee: None, pending: None, reserved_space: [0; 64] }
    }

    /// The payee at `now`: the pending one once its delay is over.
    pub fn payee_at(&self, pause: &Pause, now: i64) -> Option<Pubkey> {
        match self.pending {
            Some(PendingPayee { payee, accepted: Some(start), delay_seconds, .. })
                if start.has_passed(delay_seconds, pause, now) =>
            {
                Some(payee)
            }
            _ => self.payee,
        }
    }

    /// Makes a pending change whose delay is over the payee.
    fn settle(&mut self, pause: &Pause, now: i64) {
        let payee = self.payee_at(pause, now);
        if payee != self.payee {
            self.payee = payee;
            self.pending = None;
        }
    }

    /// Proposes `payee`. A proposal that nobody accepted is replaced.
    pub fn propose(&mut self, payee: Pubkey, by: &Proposer, pause: &Pause, now: i64) -> Result<()> {
        require_keys_neq!(payee, Pubkey::default(), PayoutsError::ZeroAddress);
        self.settle(pause, now);
        match self.payee {
            None => require!(by.is_registrar, PayoutsError::NotRegistrar),
            Some(old) => {
                require_keys_neq!(payee, old, PayoutsError::SamePayee);
                let allowed = by.key == old || (by.is_registrar && by.with_authority);
                require!(allowed, PayoutsError::ChangeNeedsOldPayee);
            }
        }
        require!(self.pending.is_none_or(|pending| pending.accepted.is_none()), PayoutsError::BindingPending);
        self.pending = Some(PendingPayee { payee, proposer: by.key, accepted: None, delay_seconds: 0 });
        Ok(())
    }

    /// Accepts a proposal; the delay begins.
    pub fn accept(&mut self, by: Pubkey, delay_seconds: u32, pause: &Pause, now: i64) -> Result<()> {
        let mut pending = self.pending.ok_or(PayoutsError::NoBindingProposed)?;
        require_keys_eq!(pending.payee, by, PayoutsError::NotProposedPayee);
        require!(pending.accepted.is_none(), PayoutsError::BindingPending);
        pending.accepted = Some(Start::now(now, pause));
        pending.delay_seconds = delay_seconds;
        self.pending = Some(pending);
        Ok(())
    }

    /// Cancels a change that is not yet in force. Returns it.
    pub fn cancel(&mut self, pause: &Pause, now: i64) -> Result<PendingPayee> {
        let pending = self.pending.ok_or(PayoutsError::NoBindingProposed)?;
        require!(self.payee_at(pause, now) != Some(pending.payee), PayoutsError::BindingInForce);
        self.pending = None;
        Ok(pending)
    }
}

/// Who proposes a payee, and with whose consent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proposer {
    /// The signer.
    pub key: Pubkey,
    /// Whether it is a registrar.
    pub is_registrar: bool,
    /// Whether the authority signed too.
    pub with_authority: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    const REGISTRAR: u8 = 1;

    fn registrar(with_authority: bool) -> Proposer {
        Proposer { key: key(REGISTRAR), is_registrar: true, with_authority }
    }

    #[test]
    fn takes_effect_after_the_delay_and_can_be_cancelled_until_then() {
        let pause = Pause::default();
        let mut binding = PayeeBinding::new(0, [0; 32]);
        let stranger = Proposer { key: key(7), is_registrar: false, with_authority: true };
        assert_eq!(binding.propose(key(2), &stranger, &pause, 0), Err(PayoutsError::NotRegistrar.into()));
        assert_eq!(binding.accept(key(2), 10, &pause, 0), Err(PayoutsError::NoBindingProposed.into()));
        binding.propose(key(2), &registrar(false), &pause, 0).unwrap();
        assert_eq!(binding.accept(key(3), 10, &pause, 0), Err(PayoutsError::NotProposedPayee.into()));
        assert_eq!(binding.payee_at(&pause, i64::MAX), None);
        binding.accept(key(2), 10, &pause, 5).unwrap();
        let again = binding.propose(key(3), &registrar(false), &pause, 6);
        assert_eq!(again, Err(PayoutsError::BindingPending.into()));
        assert_eq!(binding.payee_at(&pause, 14), None);
        assert_eq!(binding.clone().cancel(&pause, 14).unwrap().payee, key(2));
        assert_eq!(binding.payee_at(&pause, 15), Some(key(2)));
        assert_eq!(binding.cancel(&pause, 15), Err(PayoutsError::BindingInForce.into()));
    }

    #[test]
    fn a_change_needs_the_old_payee_or_registrar_and_authority() {
        let pause = Pause::default();
        let mut binding = PayeeBinding::new(0, [0; 32]);
        binding.payee = Some(key(2));
        let refused = binding.propose(key(3), &registrar(false), &pause, 0);
        assert_eq!(refused, Err(PayoutsError::ChangeNeedsOldPayee.into()));
        assert_eq!(binding.propose(key(2), &registrar(true), &pause, 0), Err(PayoutsError::SamePayee.into()));
        binding.clone().propose(key(3), &registrar(true), &pause, 0).unwrap();
        let old = Proposer { key: key(2), is_registrar: false, with_authority: false };
        binding.propose(key(3), &old, &pause, 0).unwrap();
        binding.accept(key(3), 10, &pause, 0).unwrap();
        assert_eq!(binding.payee_at(&pause, 9), Some(key(2)));
        assert_eq!(binding.payee_at(&pause, 10), Some(key(3)));
    }
}
