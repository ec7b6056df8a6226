//! The governance PDA takes the role of authority that was offered to it.
//!
//! It cannot sign a transaction, so anyone may call this: the offer, made by the holder at most 14 days ago, is what
//! decides. From then on only an accepted proposal signs for the deployment.

use anchor_lang::prelude::*;

use crate::event::AuthorityChanged;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct AcceptAuthorityForGovernance<'info> {
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    /// CHECK: an address that signs for what was voted; it has no data.
    #[account(seeds = [seeds::GOVERNANCE], bump)]
    pub governance: UncheckedAccount<'info>,
}

impl AcceptAuthorityForGovernance<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let authority = &mut ctx.accounts.config.authority;
        let old = authority.address;
        authority.accept(ctx.accounts.governance.key(), now)?;
        emit!(AuthorityChanged { old, new: authority.address, nonce: authority.nonce });
        Ok(())
    }
}
