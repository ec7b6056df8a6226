//! Checks that a batch is in the root in force, from Posted on; moves nothing and is never paused.

use anchor_lang::prelude::*;

use crate::event::BatchVerified;
use crate::state::{Batch, Epoch, EpochStatus, Mode, ProofNode};

/// Return data of `verify_batch`.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifiedBatch {
    /// The batch.
    pub batch: Batch,
    /// Commitment of the root that contains it.
    pub commitment: [u8; 32],
    /// Where the epoch stands.
    pub status: EpochStatus,
    /// Mode of the epoch.
    pub mode: Mode,
}

#[derive(Accounts)]
pub struct VerifyBatch<'info> {
    pub epoch: Box<Account<'info, Epoch>>,
}

impl VerifyBatch<'_> {
    pub fn handle(ctx: Context<Self>, batch: Batch, siblings: Vec<ProofNode>) -> Result<VerifiedBatch> {
        let epoch = &ctx.accounts.epoch;
        epoch.verify_batch(&batch, &siblings)?;
        let Batch { epoch: number, index, sfu_key, seq, batch_hash, accepted_bytes } = batch;
        let (commitment, status, mode) = (epoch.commitment, epoch.status, epoch.mode);
        emit!(BatchVerified { epoch: number, index, sfu_key, seq, batch_hash, accepted_bytes, commitment, status });
        Ok(VerifiedBatch { batch, commitment, status, mode })
    }
}
