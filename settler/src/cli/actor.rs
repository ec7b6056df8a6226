//! Who signs: a key at hand, or an address whose signature is gathered elsewhere, such as a DAO's or a multisig's.

use radio_payouts_client::state::Config;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::key_argument::solana_address;
use super::{Context, act, instruction_only};
use crate::chain::deployment;
use crate::outcome::{Failure, Outcome};

/// Options of commands that may be signed elsewhere.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Signing elsewhere")]
pub struct Elsewhere {
    /// Send nothing; print the instruction for a proposal of a Realms DAO or a transaction of a Squads vault.
    ///
    /// Prints program, accounts and data, in base64 as Realms takes a custom instruction, and in base58 as a message that
    /// Squads imports. No key is read and nothing is signed.
    #[arg(long, global = true)]
    pub instruction_only: bool,
    /// Who will sign it [default: the authority on chain; for accept-authority, whom the role is offered to].
    #[arg(long, global = true, requires = "instruction_only", value_name = "ADDRESS", value_parser = solana_address)]
    pub signer: Option<Pubkey>,
    /// Who will pay the rent of an account that it creates [default: the signer].
    ///
    /// A Realms governance holds data and cannot pay: name its native treasury, or the member who will execute.
    #[arg(long, global = true, requires = "instruction_only", value_name = "ADDRESS", value_parser = solana_address)]
    pub rent_payer: Option<Pubkey>,
}

/// Who signs an instruction and pays for it.
pub enum Actor {
    /// A key that signs here and pays.
    Key(Box<Keypair>),
    /// Addresses that sign elsewhere.
    Elsewhere {
        /// Whom the instruction names as signer.
        signer: Pubkey,
        /// Whom it names as payer of rent.
        rent_payer: Pubkey,
    },
}

impl Elsewhere {
    /// The authority: its key, or with `--instruction-only` its address.
    ///
    /// # Errors
    /// As [`Context::authority_keypair`]; if there is no deployment to ask for the address.
    pub fn authority(&self, context: &Context) -> Outcome<Actor> {
        self.actor(context, Context::authority_keypair, |config| Ok(config.authority.address))
    }

    /// Whom the role of authority is offered to.
    ///
    /// # Errors
    /// As [`Context::keypair`]; if no offer stands.
    pub fn offered(&self, context: &Context) -> Outcome<Actor> {
        let to = |config: &Config| match config.authority.offer {
            Some(offer) => Ok(offer.to),
            None => {
                Err(Failure::usage("the role of authority is on offer to nobody: `admin offer-authority` comes first"))
            }
        };
        self.actor(context, Context::keypair, to)
    }

    /// Whoever the command is for, by key, or with `--instruction-only` by `--signer`.
    ///
    /// # Errors
    /// As [`Context::keypair`]; exit 2 if the address is missing.
    pub fn named(&self, context: &Context) -> Outcome<Actor> {
        let unnamed = |_: &Config| Err(Failure::usage("--instruction-only needs --signer ADDRESS here"));
        self.actor(context, Context::keypair, unnamed)
    }

    /// Whoever pays the fee of an instruction that nobody has to sign.
    ///
    /// # Errors
    /// As [`Context::keypair`].
    pub fn fee_payer(&self, context: &Context) -> Outcome<Actor> {
        self.actor(context, Context::keypair, |config| Ok(config.authority.address))
    }

    fn actor(
        &self,
        context: &Context,
        key: fn(&Context) -> Outcome<Keypair>,
        on_chain: impl FnOnce(&Config) -> Outcome<Pubkey>,
    ) -> Outcome<Actor> {
        if !self.instruction_only {
            return Ok(Actor::Key(Box::new(key(context)?)));
        }
        let signer = match self.signer {
            Some(signer) => signer,
            None => on_chain(&deployment::require_config(context.chain()?.as_ref())?)?,
        };
        Ok(Actor::Elsewhere { signer, rent_payer: self.rent_payer.unwrap_or(signer) })
    }
}

impl Actor {
    /// Whom an instruction names as signer.
    #[must_use]
    pub fn signer(&self) -> Pubkey {
        match self {
            Self::Key(key) => key.pubkey(),
            Self::Elsewhere { signer, .. } => *signer,
        }
    }

    /// Whom an instruction names as payer of rent.
    #[must_use]
    pub fn rent_payer(&self) -> Pubkey {
        match self {
            Self::Key(key) => key.pubkey(),
            Self::Elsewhere { rent_payer, .. } => *rent_payer,
        }
    }

    /// Sends the instruction, or prints it for whoever signs elsewhere.
    ///
    /// # Errors
    /// As [`act::act`] and [`instruction_only::print`].
    pub fn act(&self, context: &Context, purpose: String, instruction: Instruction, signers: Vec<&Keypair>) -> Outcome {
        match self {
            Self::Key(key) => act::act(context, purpose, instruction, key, signers),
            Self::Elsewhere { rent_payer, .. } => instruction_only::print(context, purpose, &instruction, rent_payer),
        }
    }
}
