//! Takes the role of authority that was offered. Proposals made under the old authority can no longer be executed.

use anchor_lang::prelude::*;

use crate::event::AuthorityChanged;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct AcceptAuthority<'info> {
    pub new_authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl AcceptAuthority<'_> {
    pub fn handle(ctx: Context<Self>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let authority = &mut ctx.accounts.config.authority;
        let old = authority.address;
        authority.accept(ctx.accounts.new_authority.key(), now)?;
        emit!(AuthorityChanged { old, new: authority.address, nonce: authority.nonce });
        Ok(())
    }
}
