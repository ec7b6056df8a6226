//! Changes times, thresholds, bonds and the settings of votes.
//!
//! Epochs already posted keep the values that they were posted under.

use anchor_lang::prelude::*;

use crate::error::PayoutsError;
use crate::event::ConfigTimesChanged;
use crate::seeds;
use crate::state::{Config, ConfigTimesDelta, GovernanceSettingsDelta};

/// What changes.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default)]
pub struct SetConfigTimesArgs {
    /// Times, thresholds, bonds.
    pub times: ConfigTimesDelta,
    /// Votes.
    pub governance: GovernanceSettingsDelta,
}

#[derive(Accounts)]
pub struct SetConfigTimes<'info> {
    #[account(constraint = config.authority.address == authority.key() @ PayoutsError::NotAuthority)]
    pub authority: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
}

impl SetConfigTimes<'_> {
    pub fn handle(ctx: Context<Self>, args: SetConfigTimesArgs) -> Result<()> {
        let config = &mut ctx.accounts.config;
        let (old, old_governance) = (config.times, config.governance);
        config.set_times(old.with(&args.times), old_governance.with(&args.governance))?;
        let (new, new_governance) = (config.times, config.governance);
        emit!(ConfigTimesChanged { old, new, old_governance, new_governance });
        Ok(())
    }
}
