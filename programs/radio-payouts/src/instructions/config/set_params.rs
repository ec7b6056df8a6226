//! Makes the next version of the parameters.
//!
//! The change is a delta on the last version; all bounds, joint ones included, are checked on the result. A change to
//! Live needs the program's ProgramData account, to look at its upgrade authority.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::bpf_loader_upgradeable::get_program_data_address;

use crate::error::PayoutsError;
use crate::event::ParamsVersionCreated;
use crate::seeds;
use crate::state::{Config, Mode, ParamsChange, ParamsVersion};

#[derive(Accounts)]
pub struct SetParams<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(constraint = last.number == config.params_version @ PayoutsError::NotLastParams)]
    pub last: Box<Account<'info, ParamsVersion>>,
    #[account(
        init,
        payer = payer,
        space = 8 + ParamsVersion::INIT_SPACE,
        seeds = [seeds::PARAMS, &config.params_version.saturating_add(1).to_le_bytes()],
        bump
    )]
    pub params: Box<Account<'info, ParamsVersion>>,
    /// This program's, only for a change to Live.
    pub program_data: Option<Box<Account<'info, ProgramData>>>,
    pub system_program: Program<'info, System>,
}

impl SetParams<'_> {
    fn validate(&self, change: &ParamsChange) -> Result<()> {
        if change.mode != Some(Mode::Live) || self.last.mode == Mode::Live {
            return Ok(());
        }
        let program_data = self.program_data.as_ref().ok_or(PayoutsError::LiveNeedsProgramData)?;
        let own = get_program_data_address(&crate::ID);
        require_keys_eq!(program_data.key(), own, PayoutsError::WrongProgramData);
        let (governance, _) = Pubkey::find_program_address(&[seeds::GOVERNANCE], &crate::ID);
        self.config.check_live(&governance, program_data.upgrade_authority_address)
    }

    pub fn handle(ctx: Context<Self>, change: ParamsChange) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(&change)?;
        let next_epoch = accounts.config.next_epoch(now)?;
        let last = &accounts.last;
        let params = last.successor(ctx.bumps.params, &change, next_epoch, now)?;
        let config = &mut accounts.config;
        config.params_version = params.number;
        config.params_effective_epoch = params.effective_epoch;
        config.live |= params.mode == Mode::Live;
        emit!(ParamsVersionCreated {
            number: params.number,
            effective_epoch: params.effective_epoch,
            old_mode: last.mode,
            new_mode: params.mode,
            old: last.values,
            new: params.values,
        });
        accounts.params.set_inner(params);
        Ok(())
    }
}
