//! Offers the role of authority, or withdraws the offer. Nothing changes hands until it is accepted.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::AuthorityOffered;
use crate::seeds;
use crate::state::Config;

#[derive(Accounts)]
pub struct OfferAuthority<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl OfferAuthority<'_> {
    pub fn handle(ctx: Context<Self>, to: Option<Pubkey>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let authority = &mut ctx.accounts.config.authority;
        let old = authority.offer;
        authority.offer(to, now)?;
        emit!(AuthorityOffered { authority: authority.address, old, new: authority.offer });
        Ok(())
    }
}
