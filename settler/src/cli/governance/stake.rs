//! `settler governance stake` and `unstake`.

use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use anchor_spl::associated_token::spl_associated_token_account::instruction::create_associated_token_account_idempotent;
use radio_payouts_client::instruction;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use crate::chain::deployment;
use crate::cli::Context;
use crate::cli::act::{act, act_all};
use crate::cli::key_argument::solana_address;
use crate::outcome::{Failure, Outcome};
use crate::words::amount::{base_units, bloom};

/// Arguments of `stake`.
#[derive(clap::Args, Debug)]
pub struct Stake {
    /// BLOOM to lock, e.g. 1000 or 0.5 (or base units: 500000000base).
    #[arg(value_name = "BLOOM", value_parser = base_units)]
    pub amount: u64,
    /// Token account that it comes from [default: the key's associated one].
    #[arg(long, value_name = "ADDRESS", value_parser = solana_address)]
    pub from: Option<Pubkey>,
}

/// Arguments of `unstake`.
#[derive(clap::Args, Debug)]
pub struct Unstake {
    /// BLOOM to take back, e.g. 1000 or 0.5 [default: all; the stake's accounts are closed then, and their rent comes back].
    #[arg(value_name = "BLOOM", value_parser = base_units)]
    pub amount: Option<u64>,
    /// Token account that it goes to [default: the key's associated one, which is made if need be].
    #[arg(long, value_name = "ADDRESS", value_parser = solana_address)]
    pub to: Option<Pubkey>,
}

/// Locks tokens.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn stake(args: &Stake, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let owner = key.pubkey();
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let own = get_associated_token_address_with_program_id(&owner, &config.mint, &config.token_program);
    let source = args.from.unwrap_or(own);
    if chain.account(&source)?.is_none_or(|account| account.data.is_empty()) {
        return Err(Failure::usage(format!(
            "there is no token account {source}: {owner} holds no BLOOM (mint {}), or it lies elsewhere: name it with --from",
            config.mint
        )));
    }
    let purpose = format!("stake {} BLOOM of {owner} from {source}", bloom(args.amount));
    act(context, purpose, instruction::deposit_stake(owner, owner, &config, source, args.amount), &key, Vec::new())
}

/// Takes stake back.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn unstake(args: &Unstake, context: &Context) -> Outcome {
    let key = context.keypair()?;
    let owner = key.pubkey();
    let chain = context.chain()?;
    let config = deployment::require_config(chain.as_ref())?;
    let stake = deployment::stake(chain.as_ref(), &owner)?
        .ok_or_else(|| Failure::usage(format!("{owner} has no stake; `settler governance stake` makes one")))?;
    let amount = args.amount.unwrap_or(stake.amount);
    let mut instructions = Vec::new();
    let destination = args.to.unwrap_or_else(|| {
        let make = create_associated_token_account_idempotent(&owner, &owner, &config.mint, &config.token_program);
        instructions.push(make);
        get_associated_token_address_with_program_id(&owner, &config.mint, &config.token_program)
    });
    instructions.push(instruction::withdraw_stake(owner, stake.rent_payer, &config, destination, amount));
    let purpose = format!("unstake {} BLOOM of {owner} to {destination}", bloom(amount));
    act_all(context, purpose, instructions, &key, Vec::new())
}
