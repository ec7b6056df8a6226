//! What the verifying instructions return.

use anchor_lang::AnchorDeserialize as _;
use radio_payouts::{VerifiedBatch, VerifiedShare};
use solana_program::pubkey::Pubkey;

use crate::PROGRAM_ID;

/// The return data of `verify_share`; `None` if it is another program's or does not decode.
#[must_use]
pub fn verified_share(program_id: &Pubkey, data: &[u8]) -> Option<VerifiedShare> {
    (*program_id == PROGRAM_ID).then(|| VerifiedShare::try_from_slice(data).ok()).flatten()
}

/// The return data of `verify_batch`; `None` if it is another program's or does not decode.
#[must_use]
pub fn verified_batch(program_id: &Pubkey, data: &[u8]) -> Option<VerifiedBatch> {
    (*program_id == PROGRAM_ID).then(|| VerifiedBatch::try_from_slice(data).ok()).flatten()
}
