//! The role of authority and how it passes on: offered by the holder, accepted by the new address within 14 days.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;

/// How long an offer stands, in seconds.
pub const OFFER_SECONDS: i64 = 14 * 86_400;

/// Who holds the role of authority.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Authority {
    /// The address that signs.
    pub address: Pubkey,
    /// How often the role has changed hands; a proposal made under another number cannot be executed.
    pub nonce: u64,
    /// Whether the address was named at initialisation and never accepted the role; such a one cannot go Live.
    pub bootstrap: bool,
    /// The offer that stands, if any.
    pub offer: Option<AuthorityOffer>,
}

/// An offer of the role of authority.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuthorityOffer {
    /// Who may accept.
    pub to: Pubkey,
    /// When it was made, in Unix seconds.
    pub made_at: i64,
}

impl Authority {
    /// The authority named at initialisation.
    pub fn bootstrap(address: Pubkey) -> Result<Self> {
        require_keys_neq!(address, Pubkey::default(), PayoutsError::ZeroAddress);
        Ok(Self { address, nonce: 0, bootstrap: true, offer: None })
    }

    /// Offers the role to `to`, or withdraws the offer that stands.
    pub fn offer(&mut self, to: Option<Pubkey>, now: i64) -> Result<()> {
        self.offer = match to {
            Some(to) => {
                require_keys_neq!(to, Pubkey::default(), PayoutsError::ZeroAddress);
                require_keys_neq!(to, self.address, PayoutsError::SameAuthority);
                Some(AuthorityOffer { to, made_at: now })
            }
            None => None,
        };
        Ok(())
    }

    /// Hands the role to `by`, if it was offered to it at most 14 days ago.
    pub fn accept(&mut self, by: Pubkey, now: i64) -> Result<()> {
        let offer = self.offer.ok_or(PayoutsError::NoOffer)?;
        require_keys_eq!(offer.to, by, PayoutsError::NotOfferedAddress);
        require!(now.saturating_sub(offer.made_at) <= OFFER_SECONDS, PayoutsError::OfferExpired);
        let nonce = self.nonce.checked_add(1).ok_or(PayoutsError::ArithmeticOverflow)?;
        *self = Self { address: by, nonce, bootstrap: false, offer: None };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_on_in_two_steps_only() {
        let [first, second] = [Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32])];
        let mut authority = Authority::bootstrap(first).unwrap();
        assert_eq!(authority.accept(second, 0), Err(PayoutsError::NoOffer.into()));
        assert!(authority.offer(Some(first), 0).is_err());
        authority.offer(Some(second), 0).unwrap();
        assert_eq!(authority.accept(first, 0), Err(PayoutsError::NotOfferedAddress.into()));
        assert_eq!(authority.accept(second, OFFER_SECONDS + 1), Err(PayoutsError::OfferExpired.into()));
        authority.accept(second, OFFER_SECONDS).unwrap();
        assert_eq!(authority, Authority { address: second, nonce: 1, bootstrap: false, offer: None });
        authority.offer(Some(first), 0).unwrap();
        authority.offer(None, 0).unwrap();
        assert!(authority.accept(first, 0).is_err());
    }
}
