//! Closes a record of a leaf and gives its rent back. Signed by its recorder alone, so that nobody takes evidence away.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::ShareRecordClosed;
use crate::state::ShareRecord;

#[derive(Accounts)]
pub struct CloseShareRecord<'info> {
    #[account(mut)]
    pub recorder: Signer<'info>,
    #[account(mut, close = recorder, constraint = record.recorder == recorder.key() @ PayoutsError::NotRecorder)]
    pub record: Box<Account<'info, ShareRecord>>,
}

impl CloseShareRecord<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let ShareRecord { epoch, commitment, index, recorder, .. } = **ctx.accounts.record;
        emit!(ShareRecordClosed { epoch, commitment, index, recorder });
        Ok(())
    }
}
