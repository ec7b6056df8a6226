//! Pays one share of a ratified epoch, once, to its payee's associated token account. Anyone may send it.
//!
//! The payee is read from the token account: its owner must be the payee in the leaf, or the one that the DID is bound
//! to at this moment. Naming the payee a second time would cost the 32 bytes by which a proof of depth 20 would no
//! longer fit a transaction. For the same reason a claim through a binding leaves the DID's hash to the binding.

use anchor_lang::prelude::*;
use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};

use super::pay::pay;
use crate::error::PayoutsError;
use crate::event::ShareClaimed;
use crate::seeds;
use crate::state::{ClaimChunk, Config, Epoch, PayeeBinding, ProofNode, Share};

/// Which share is claimed; its epoch and its payee are those of the accounts.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShareClaim {
    /// Global index in the forest.
    pub index: u32,
    /// Base units.
    pub amount: u64,
    /// SHA-256 of the DID of a share that names its payee; `None` if the DID is that of the binding passed.
    pub did_hash: Option<[u8; 32]>,
}

impl ShareClaim {
    /// The chunk of claim bits that it belongs to.
    pub const fn chunk(&self) -> u32 {
        ClaimChunk::number_of(self.index)
    }
}

#[derive(Accounts)]
#[instruction(claim: ShareClaim)]
pub struct ClaimShare<'info> {
    /// Pays the fee, and the rent of a chunk that it is first to need.
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Box<Account<'info, Config>>,
    #[account(mut, seeds = [seeds::EPOCH, &epoch.epoch.to_le_bytes()], bump = epoch.bump)]
    pub epoch: Box<Account<'info, Epoch>>,
    // An account already there is never reset: `version` tells it from one just created.
    #[account(
        init_if_needed,
        payer = payer,
        space = 8 + ClaimChunk::INIT_SPACE,
        seeds = [seeds::CLAIMS, &epoch.epoch.to_le_bytes(), &claim.chunk().to_le_bytes()],
        bump
    )]
    pub chunk: Box<Account<'info, ClaimChunk>>,
    /// The binding of the DID, for a share without a payee of its own.
    pub binding: Option<Box<Account<'info, PayeeBinding>>>,
    #[account(address = config.mint @ PayoutsError::WrongMint)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(mut, address = config.vault @ PayoutsError::WrongVault)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The payee's associated token account.
    #[account(
        mut,
        constraint = *payee_account.to_account_info().owner == config.token_program @ PayoutsError::WrongTokenProgram,
        constraint = payee_account.mint == config.mint @ PayoutsError::WrongMint
    )]
    pub payee_account: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = config.token_program @ PayoutsError::WrongTokenProgram)]
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl ClaimShare<'_> {
    /// Whether this share may be claimed into this account now. Returns the share.
    fn validate(&self, claim: ShareClaim, siblings: &[ProofNode], now: i64) -> Result<Share> {
        let (config, epoch) = (&self.config, &self.epoch);
        config.pause.require_running(now)?;
        epoch.check_claimable(&config.pause, now)?;
        let owner = self.payee_account.owner;
        let own = get_associated_token_address_with_program_id(&owner, &config.mint, &config.token_program);
        require_keys_eq!(self.payee_account.key(), own, PayoutsError::NotAssociatedAccount);
        let (did_hash, payee) = match (claim.did_hash, &self.binding) {
            (Some(did_hash), None) => {
                // A leaf without a payee holds zeros, and zeros can own a token account.
                require_keys_neq!(owner, Pubkey::default(), PayoutsError::ShareNeedsBinding);
                (did_hash, owner)
            }
            (None, Some(binding)) => {
                let payee = binding.payee_at(&config.pause, now).ok_or(PayoutsError::BindingNotInForce)?;
                require_keys_eq!(owner, payee, PayoutsError::NotAccountOfPayee);
                (binding.did_hash, Pubkey::default())
            }
            (None, None) => return err!(PayoutsError::BindingMissing),
            (Some(_), Some(_)) => return err!(PayoutsError::BindingNotTaken),
        };
        let share = Share { epoch: epoch.epoch, index: claim.index, did_hash, payee, amount: claim.amount };
        let proven = epoch.prove_share(&share, siblings);
        // The hashes hold the owner as payee: of what can be altered it is the likeliest.
        let named = claim.did_hash.is_some();
        proven.map_err(|error| match error {
            PayoutsError::RootMismatch if named => PayoutsError::ShareNotOfOwner,
            other => other,
        })?;
        Ok(share)
    }

    pub fn handle(ctx: Context<Self>, claim: ShareClaim, siblings: Vec<ProofNode>) -> Result<()> {
        let now = Clock::get()?.unix_timestamp;
        let accounts = ctx.accounts;
        let Share { epoch: number, index, did_hash, amount, .. } = accounts.validate(claim, &siblings, now)?;
        let (config, epoch, chunk) = (&mut accounts.config, &mut accounts.epoch, &mut accounts.chunk);
        if chunk.version == 0 {
            let rent_payer = accounts.payer.key();
            chunk.set_inner(ClaimChunk::open(ctx.bumps.chunk, number, claim.chunk(), rent_payer));
        }
        let (old_claimed, old_reserved) = (epoch.claimed, config.reserved);
        chunk.claim(index)?;
        epoch.claim(amount)?;
        config.release(amount)?;
        let program = accounts.token_program.to_account_info();
        pay(config, &program, &accounts.mint, &accounts.vault, &accounts.payee_account, amount)?;
        emit!(ShareClaimed {
            epoch: number,
            index,
            did_hash,
            payee: accounts.payee_account.owner,
            bound: claim.did_hash.is_none(),
            amount,
            old_claimed,
            new_claimed: epoch.claimed,
            old_reserved,
            new_reserved: config.reserved,
        });
        Ok(())
    }
}
