//! Reading token accounts of both token programs.

use anchor_spl::token_interface::spl_token_2022::extension::StateWithExtensions;
use anchor_spl::token_interface::spl_token_2022::state::Account;
use solana_program::pubkey::Pubkey;

/// What of a token account matters for payouts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenAccount {
    /// Its mint.
    pub mint: Pubkey,
    /// Who owns what is in it.
    pub owner: Pubkey,
    /// Base units.
    pub amount: u64,
}

/// Reads a token account from the program that owns it and its bytes; `None` if it is none.
#[must_use]
pub fn token_account(program: &Pubkey, data: &[u8]) -> Option<TokenAccount> {
    if ![anchor_spl::token::ID, anchor_spl::token_2022::ID].contains(program) {
        return None;
    }
    let state = StateWithExtensions::<Account>::unpack(data).ok()?.base;
    Some(TokenAccount { mint: state.mint, owner: state.owner, amount: state.amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_accounts_of_token_programs_only() {
        let mut data = vec![0; 165];
        data[..32].fill(1);
        data[32..64].fill(2);
        data[64..72].copy_from_slice(&7u64.to_le_bytes());
        let (spl, system) = (anchor_spl::token::ID, Pubkey::default());
        assert_eq!(token_account(&spl, &data), None, "not initialised");
        data[108] = 1;
        let (mint, owner) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        assert_eq!(token_account(&spl, &data), Some(TokenAccount { mint, owner, amount: 7 }));
        assert_eq!(token_account(&system, &data), None);
        assert_eq!(token_account(&spl, &data[..164]), None);
    }
}
