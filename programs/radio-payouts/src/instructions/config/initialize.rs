//! Creates a deployment, once.
//!
//! The signer must be the program's upgrade authority as recorded in ProgramData, so nobody can be first. The domain is
//! computed here from the cluster's genesis hash and the program's own address. No argument yields Live.
//!
//! Vault and treasury are token accounts of the mint that the Config PDA owns: bonds and payouts never lie in an
//! account with a key.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::spl_token_2022::extension::{
    BaseStateWithExtensions, ExtensionType, StateWithExtensions,
};
use anchor_spl::token_interface::spl_token_2022::state::Mint as MintState;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use radio_payouts_protocol::calendar::Calendar;
use radio_payouts_protocol::domain::Domain;
use radio_payouts_protocol::hash::ZERO_HASH;

use crate::error::PayoutsError;
use crate::event::DeploymentInitialized;
use crate::program::RadioPayouts;
use crate::seeds;
use crate::state::{
    ACCOUNT_VERSION, Authority, Config, ConfigTimes, EpochChain, GovernanceSettings, ParamsDelta, ParamsVersion, Pause,
};

/// Decimals of BLOOM.
pub const DECIMALS: u8 = 9;

/// What a deployment is made with.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct InitializeArgs {
    /// The cluster's genesis hash.
    pub genesis_hash: [u8; 32],
    /// Unix seconds at which epoch 0 starts (exclusive).
    pub genesis_unix: i64,
    /// Length of an epoch, 300 … 604 800.
    pub epoch_seconds: u32,
    /// The first authority.
    pub authority: Pubkey,
    /// The pause key.
    pub pause_key: Pubkey,
    /// Times, thresholds, bonds.
    pub times: ConfigTimes,
    /// How votes are held.
    pub governance: GovernanceSettings,
    /// What differs from the demo values in version 1 of the parameters.
    pub params: ParamsDelta,
    /// Whether Demo epochs may be posted.
    pub radio_payouts_demo: bool,
}

#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub upgrade_authority: Signer<'info>,
    #[account(constraint = program.programdata_address()? == Some(program_data.key()) @ PayoutsError::WrongProgramData)]
    pub program: Program<'info, RadioPayouts>,
    #[account(
        constraint = program_data.upgrade_authority_address == Some(upgrade_authority.key())
            @ PayoutsError::NotUpgradeAuthority
    )]
    pub program_data: Box<Account<'info, ProgramData>>,
    #[account(init, payer = upgrade_authority, space = 8 + Config::INIT_SPACE, seeds = [seeds::CONFIG], bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(
        init,
        payer = upgrade_authority,
        space = 8 + ParamsVersion::INIT_SPACE,
        seeds = [seeds::PARAMS, &1u32.to_le_bytes()],
        bump
    )]
    pub params: Box<Account<'info, ParamsVersion>>,
    #[account(mint::token_program = token_program)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(
        init,
        payer = upgrade_authority,
        seeds = [seeds::VAULT],
        bump,
        token::mint = mint,
        token::authority = config,
        token::token_program = token_program
    )]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(
        init,
        payer = upgrade_authority,
        seeds = [seeds::TREASURY],
        bump,
        token::mint = mint,
        token::authority = config,
        token::token_program = token_program
    )]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl Initialize<'_> {
    fn validate(&self, args: &InitializeArgs) -> Result<()> {
        require!(args.genesis_hash != ZERO_HASH, PayoutsError::ZeroGenesisHash);
        Calendar::new(args.genesis_unix, args.epoch_seconds).map_err(|_| PayoutsError::BadCalendar)?;
        require_keys_neq!(args.pause_key, Pubkey::default(), PayoutsError::ZeroAddress);
        args.times.check(&args.governance, false)?;
        require!(self.mint.decimals == DECIMALS, PayoutsError::WrongDecimals);
        check_extensions(&self.mint.to_account_info())
    }

    pub fn handle(ctx: Context<Self>, args: InitializeArgs) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        accounts.validate(&args)?;
        let domain = *Domain::derive(&args.genesis_hash, &ctx.program_id.to_bytes()).as_bytes();
        accounts.params.set_inner(ParamsVersion::first(ctx.bumps.params, args.params, now)?);
        accounts.config.set_inner(Config {
            version: ACCOUNT_VERSION,
            bump: ctx.bumps.config,
            vault_bump: ctx.bumps.vault,
            treasury_bump: ctx.bumps.treasury,
            genesis_hash: args.genesis_hash,
            domain,
            genesis_unix: args.genesis_unix,
            epoch_seconds: args.epoch_seconds,
            authority: Authority::bootstrap(args.authority)?,
            arbiter: None,
            pause_key: args.pause_key,
            pause: Pause::default(),
            registrars: Vec::new(),
            mint: accounts.mint.key(),
            token_program: accounts.token_program.key(),
            vault: accounts.vault.key(),
            treasury: accounts.treasury.key(),
            reserved: 0,
            times: args.times,
            governance: args.governance,
            radio_payouts_demo: args.radio_payouts_demo,
            live: false,
            params_version: accounts.params.number,
            params_effective_epoch: accounts.params.effective_epoch,
            registry_version: 0,
            sfu_count: 0,
            active_settlers: 0,
            settler_count: 0,
            chain: EpochChain::default(),
            next_proposal: 0,
            next_mandate: 0,
            reserved_space: [0; 256],
        });
        emit!(DeploymentInitialized {
            domain,
            authority: args.authority,
            pause_key: args.pause_key,
            mint: accounts.mint.key(),
            genesis_unix: args.genesis_unix,
            epoch_seconds: args.epoch_seconds,
        });
        Ok(())
    }
}

/// Refuses Token-2022 mints that could take, freeze or redirect a payout, and every extension not known to be harmless.
///
/// The presence of an extension decides, not its present setting: its authority could change that later.
fn check_extensions(mint: &AccountInfo<'_>) -> Result<()> {
    let data = mint.try_borrow_data()?;
    let state = StateWithExtensions::<MintState>::unpack(&data)?;
    for extension in state.get_extension_types()? {
        match extension {
            ExtensionType::TransferFeeConfig => return err!(PayoutsError::MintHasTransferFee),
            ExtensionType::TransferHook => return err!(PayoutsError::MintHasTransferHook),
            ExtensionType::PermanentDelegate => return err!(PayoutsError::MintHasPermanentDelegate),
            ExtensionType::DefaultAccountState => return err!(PayoutsError::MintFreezesNewAccounts),
            ExtensionType::MetadataPointer
            | ExtensionType::TokenMetadata
            | ExtensionType::GroupPointer
            | ExtensionType::TokenGroup
            | ExtensionType::GroupMemberPointer
            | ExtensionType::TokenGroupMember => {}
            _ => return err!(PayoutsError::MintExtensionUnknown),
        }
    }
    Ok(())
}
