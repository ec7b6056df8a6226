//! Checks that a share is in the root in force, from Posted on; moves nothing and is never paused.
//!
//! Sums are compared before hashes: an altered amount is `SumMismatch`, another epoch `WrongEpoch`, an index past the
//! leaves `IndexOutOfRange`, an altered DID, payee, sibling or an index within the leaves `RootMismatch`.

use anchor_lang::prelude::*;

use crate::event::ShareVerified;
use crate::state::{Epoch, EpochStatus, Mode, ProofNode, Share};

/// Return data of `verify_share`: the share, and how much it is worth yet.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifiedShare {
    /// The share.
    pub share: Share,
    /// Commitment of the root that contains it.
    pub commitment: [u8; 32],
    /// Where the epoch stands; provisional before `Ratified`.
    pub status: EpochStatus,
    /// Mode of the epoch; Demo is never paid.
    pub mode: Mode,
}

#[derive(Accounts)]
pub struct VerifyShare<'info> {
    pub epoch: Box<Account<'info, Epoch>>,
}

impl VerifyShare<'_> {
    pub fn handle(ctx: Context<Self>, share: Share, siblings: Vec<ProofNode>) -> Result<VerifiedShare> {
        let epoch = &ctx.accounts.epoch;
        epoch.verify_share(&share, &siblings)?;
        let Share { epoch: number, index, did_hash, payee, amount } = share;
        let (commitment, status, mode) = (epoch.commitment, epoch.status, epoch.mode);
        emit!(ShareVerified { epoch: number, index, did_hash, payee, amount, commitment, status });
        Ok(VerifiedShare { share, commitment, status, mode })
    }
}
