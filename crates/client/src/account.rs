//! Reading the program's accounts.

use anchor_lang::{AccountDeserialize, Discriminator};
use radio_payouts::state::{
    ACCOUNT_VERSION, Candidate, ClaimChunk, Config, Dispute, Epoch, Mandate, ParamsVersion, PayeeBinding, Proposal,
    Settler, Sfu, ShareRecord, VoteRecord, VoterStake,
};
use solana_program::pubkey::Pubkey;
use thiserror::Error;

use crate::PROGRAM_ID;

/// Why bytes are not the account that was expected.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AccountError {
    /// Another program owns the account.
    #[error("the account belongs to {0}, not to the Radio Payouts program")]
    WrongOwner(Pubkey),
    /// Fewer bytes than a discriminator.
    #[error("the account has {0} bytes: too few for a {1}")]
    TooShort(usize, &'static str),
    /// The program's account, but of another kind.
    #[error("the account is not a {0}")]
    WrongKind(&'static str),
    /// Bytes after the discriminator that do not decode.
    #[error("the {0} does not decode: {1}")]
    Malformed(&'static str, String),
    /// A layout that this client does not know.
    #[error("the {0} has layout version {1}; this client knows {ACCOUNT_VERSION}")]
    UnknownVersion(&'static str, u8),
}

/// An account kind that [`read`] understands.
pub trait PayoutsAccount: AccountDeserialize + Discriminator {
    /// Its name.
    const NAME: &'static str;
    /// Its layout version.
    fn layout_version(&self) -> u8;
}

macro_rules! kinds {
    ($($kind:ident),*) => {$(
        impl PayoutsAccount for $kind {
            const NAME: &'static str = stringify!($kind);
            fn layout_version(&self) -> u8 {
                self.version
            }
        }
    )*};
}

kinds!(
    Config,
    ParamsVersion,
    Sfu,
    Settler,
    PayeeBinding,
    Epoch,
    Candidate,
    ClaimChunk,
    Dispute,
    ShareRecord,
    Mandate,
    Proposal,
    VoterStake,
    VoteRecord
);

/// Reads an account of the kind `T` from its owner and bytes.
///
/// # Errors
/// [`AccountError`], the first that applies: owner, length, kind, bytes, layout version.
pub fn read<T: PayoutsAccount>(owner: &Pubkey, data: &[u8]) -> Result<T, AccountError> {
    if *owner != PROGRAM_ID {
        return Err(AccountError::WrongOwner(*owner));
    }
    let Some(discriminator) = data.get(..T::DISCRIMINATOR.len()) else {
        return Err(AccountError::TooShort(data.len(), T::NAME));
    };
    if discriminator != T::DISCRIMINATOR {
        return Err(AccountError::WrongKind(T::NAME));
    }
    let mut bytes = data;
    let account =
        T::try_deserialize(&mut bytes).map_err(|error| AccountError::Malformed(T::NAME, error.to_string()))?;
    match account.layout_version() {
        ACCOUNT_VERSION => Ok(account),
        version => Err(AccountError::UnknownVersion(T::NAME, version)),
    }
}

/// The first eight bytes of an account of the kind `T`, for filters of RPC queries.
#[must_use]
pub fn discriminator<T: PayoutsAccount>() -> &'static [u8] {
    T::DISCRIMINATOR
}

#[cfg(test)]
mod tests {
    use anchor_lang::AccountSerialize;

    use super::*;

    fn candidate() -> Vec<u8> {
        let mut data = Vec::new();
        Candidate::open(255, 7, [1; 32], 0, Pubkey::default()).try_serialize(&mut data).unwrap();
        data
    }

    #[test]
    fn reads_what_the_program_writes() {
        let read: Candidate = read(&PROGRAM_ID, &candidate()).unwrap();
        assert_eq!((read.epoch, read.commitment), (7, [1; 32]));
    }

    #[test]
    fn says_what_is_wrong() {
        let data = candidate();
        let stranger = Pubkey::new_from_array([9; 32]);
        let refused = |owner, data: &[u8]| read::<Candidate>(&owner, data).unwrap_err();
        assert_eq!(refused(stranger, &data), AccountError::WrongOwner(stranger));
        assert_eq!(refused(PROGRAM_ID, &data[..7]), AccountError::TooShort(7, "Candidate"));
        assert!(matches!(refused(PROGRAM_ID, &data[..20]), AccountError::Malformed("Candidate", _)));
        assert_eq!(read::<Epoch>(&PROGRAM_ID, &data).unwrap_err(), AccountError::WrongKind("Epoch"));
        let mut later = data;
        later[8] = 2;
        assert_eq!(refused(PROGRAM_ID, &later), AccountError::UnknownVersion("Candidate", 2));
    }
}
