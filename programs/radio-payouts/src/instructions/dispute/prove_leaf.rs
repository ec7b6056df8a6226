//! Records a leaf of the root in force, so that two records can prove a duplicate. Anyone, never paused; the recorder
//! pays the rent and gets it back with `close_share_record`.

use anchor_lang::prelude::*;

use crate::event::LeafProven;
use crate::seeds;
use crate::state::{ACCOUNT_VERSION, Epoch, ProofNode, Share, ShareRecord};

#[derive(Accounts)]
#[instruction(share: Share)]
pub struct ProveLeaf<'info> {
    #[account(mut)]
    pub recorder: Signer<'info>,
    #[account(seeds = [seeds::EPOCH, &share.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    #[account(
        init,
        payer = recorder,
        space = 8 + ShareRecord::INIT_SPACE,
        seeds = [
            seeds::SHARE_RECORD,
            &share.epoch.to_le_bytes(),
            &epoch.commitment,
            &share.index.to_le_bytes(),
            recorder.key.as_ref()
        ],
        bump
    )]
    pub record: Box<Account<'info, ShareRecord>>,
    pub system_program: Program<'info, System>,
}

impl ProveLeaf<'_> {
    fn validate(&self, share: &Share, siblings: &[ProofNode]) -> Result<()> {
        self.epoch.check_revocable()?;
        self.epoch.verify_leaf(share, siblings)
    }

    pub fn handle(ctx: Context<Self>, share: Share, siblings: Vec<ProofNode>) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(&share, &siblings)?;
        let (commitment, recorder) = (accounts.epoch.commitment, accounts.recorder.key());
        let Share { epoch, index, did_hash, payee, amount } = share;
        accounts.record.set_inner(ShareRecord {
            version: ACCOUNT_VERSION,
            bump: ctx.bumps.record,
            epoch,
            commitment,
            index,
            did_hash,
            payee,
            amount,
            recorder,
            reserved_space: [0; 32],
        });
        emit!(LeafProven { epoch, commitment, index, did_hash, payee, amount, recorder });
        Ok(())
    }
}
