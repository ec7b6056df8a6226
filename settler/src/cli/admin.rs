//! `settler admin`: what authority, pause key and payees sign, and what anyone may call.

use clap::Subcommand;
use radio_payouts_client::state::{ConfigTimesDelta, GovernanceSettingsDelta, ParamsChange};
use radio_payouts_client::{SetConfigTimesArgs, instruction};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::params::ParamsDelta;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::Context;
use super::actor::{Actor, Elsewhere};
use super::key_argument::{authority_address, parameter, solana_address};
use crate::chain::deployment;
use crate::chain::embedded::Embedded;
use crate::config::Endpoint;
use crate::outcome::{Failure, Outcome};
use crate::output::note;

/// Arguments of `admin`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
If the authority is a Realms DAO or a Squads vault, add --instruction-only: nothing is sent, and what is printed goes into a
proposal there. The operator's guide has the steps.")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// For an authority that is no key at hand.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

/// What to do with the deployment.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Switch whether Demo epochs may be posted (signed by the authority).
    SetDemo {
        /// on or off.
        #[arg(value_parser = ["on", "off"])]
        state: String,
    },
    /// Make the next version of the parameters (signed by the authority).
    SetParams {
        /// What changes, e.g. `rate=2000000000`; `settler params` lists the names.
        #[arg(value_name = "NAME=NUMBER", value_parser = parameter, required = true)]
        changes: Vec<(String, u64)>,
        /// The earliest epoch wanted [default: the next].
        #[arg(long, default_value_t = 0)]
        effective_epoch: u64,
    },
    /// Change times, thresholds and bonds of epochs to come (signed by the authority).
    SetTimes(SetTimes),
    /// Pause registering, posting and finalising for at most 14 days (signed by pause key or authority).
    Pause,
    /// End the pause (signed by pause key or authority).
    Resume,
    /// Name another pause key (signed by the authority).
    SetPauseKey {
        /// The new pause key.
        #[arg(value_parser = solana_address)]
        address: Pubkey,
    },
    /// Name the registrars of payee bindings, at most four; none ends registering (signed by the authority).
    SetRegistrars {
        /// The registrars.
        #[arg(value_parser = solana_address)]
        addresses: Vec<Pubkey>,
    },
    /// Offer the role of authority; without an address, withdraw the offer (signed by the authority).
    OfferAuthority {
        /// Who may accept it within 14 days: an address, or `governance` for the built-in one.
        #[arg(value_parser = authority_address)]
        address: Option<Pubkey>,
    },
    /// Take the role of authority (signed by --keypair, to which it was offered).
    AcceptAuthority,
    /// Propose a payee for a DID (signed by --keypair: a registrar, or the present payee).
    ProposeBinding {
        /// The DID, as in receipts.
        did: String,
        /// Who is to be paid.
        #[arg(value_parser = solana_address)]
        payee: Pubkey,
        /// Have the authority sign too (a registrar's change of a binding that is in force).
        #[arg(long)]
        with_authority: bool,
    },
    /// Accept a proposed binding (signed by --keypair: the payee).
    AcceptBinding {
        /// The DID, as in receipts.
        did: String,
    },
    /// Cancel a binding before it takes effect (signed by authority or pause key).
    CancelBinding {
        /// The DID, as in receipts.
        did: String,
    },
    /// Make a posted epoch final after its challenge window (anyone).
    Finalize {
        /// The epoch.
        epoch: u64,
    },
    /// Withdraw a final root; everything after it is orphaned (signed by the authority).
    Reject {
        /// The epoch.
        epoch: u64,
    },
    /// Reopen the head while it stands on a revoked epoch, or is that epoch (anyone).
    RevokeOrphan,
    /// Set the clock of an embedded chain forward.
    SetClock {
        /// Unix seconds.
        unix: i64,
    },
}

/// What `set-times` changes; what is not named stays.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = true)]
pub struct SetTimes {
    /// Seconds after an epoch's end before it may be posted.
    #[arg(long)]
    pub grace_seconds: Option<u32>,
    /// Seconds between a post and finality.
    #[arg(long)]
    pub challenge_seconds: Option<u32>,
    /// Seconds until an open dispute lapses.
    #[arg(long)]
    pub dispute_seconds: Option<u32>,
    /// Seconds in which a ratified share may be claimed.
    #[arg(long)]
    pub claim_seconds: Option<u32>,
    /// Seconds before an accepted payee binding takes effect.
    #[arg(long)]
    pub binding_delay_seconds: Option<u32>,
    /// How many settlers must support one root.
    #[arg(long)]
    pub attestation_threshold: Option<u8>,
    /// Least dispute bond in base units.
    #[arg(long)]
    pub dispute_bond_min: Option<u64>,
    /// Dispute bond in bps of the pool.
    #[arg(long)]
    pub dispute_bond_bps: Option<u16>,
    /// Length of a vote in seconds.
    #[arg(long)]
    pub voting_seconds: Option<u32>,
    /// Seconds between the end of a vote and its execution.
    #[arg(long)]
    pub timelock_seconds: Option<u32>,
    /// Seconds after the timelock in which anyone may execute.
    #[arg(long)]
    pub execution_seconds: Option<u32>,
}

impl SetTimes {
    /// What changes, e.g. `grace_seconds=0`.
    fn words(&self) -> String {
        let changes = [
            ("grace_seconds", self.grace_seconds.map(u64::from)),
            ("challenge_seconds", self.challenge_seconds.map(u64::from)),
            ("dispute_seconds", self.dispute_seconds.map(u64::from)),
            ("claim_seconds", self.claim_seconds.map(u64::from)),
            ("binding_delay_seconds", self.binding_delay_seconds.map(u64::from)),
            ("attestation_threshold", self.attestation_threshold.map(u64::from)),
            ("dispute_bond_min", self.dispute_bond_min),
            ("dispute_bond_bps", self.dispute_bond_bps.map(u64::from)),
            ("voting_seconds", self.voting_seconds.map(u64::from)),
            ("timelock_seconds", self.timelock_seconds.map(u64::from)),
            ("execution_seconds", self.execution_seconds.map(u64::from)),
        ];
        let named = changes.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        named.collect::<Vec<_>>().join(" ")
    }

    fn arguments(&self) -> SetConfigTimesArgs {
        SetConfigTimesArgs {
            times: ConfigTimesDelta {
                grace_seconds: self.grace_seconds,
                challenge_seconds: self.challenge_seconds,
                dispute_seconds: self.dispute_seconds,
                claim_seconds: self.claim_seconds,
                binding_delay_seconds: self.binding_delay_seconds,
                attestation_threshold: self.attestation_threshold,
                dispute_bond_min: self.dispute_bond_min,
                dispute_bond_bps: self.dispute_bond_bps,
            },
            governance: GovernanceSettingsDelta {
                voting_seconds: self.voting_seconds,
                timelock_seconds: self.timelock_seconds,
                execution_seconds: self.execution_seconds,
                ..GovernanceSettingsDelta::default()
            },
        }
    }
}

/// Runs the command.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn run(args: &Args, context: &Context) -> Outcome {
    let elsewhere = &args.elsewhere;
    match &args.command {
        Command::SetClock { unix } => set_clock(context, elsewhere, *unix),
        Command::AcceptAuthority => {
            let actor = elsewhere.offered(context)?;
            let accept = instruction::accept_authority(actor.signer());
            actor.act(context, "accept authority".to_owned(), accept, Vec::new())
        }
        Command::ProposeBinding { .. } | Command::AcceptBinding { .. } => {
            as_anyone(&args.command, &elsewhere.named(context)?, context)
        }
        Command::Finalize { .. } | Command::RevokeOrphan => {
            as_anyone(&args.command, &elsewhere.fee_payer(context)?, context)
        }
        command => as_authority(command, &elsewhere.authority(context)?, context),
    }
}

fn as_authority(command: &Command, actor: &Actor, context: &Context) -> Outcome {
    let address = actor.signer();
    let (purpose, instruction) = match command {
        Command::SetDemo { state } => {
            (format!("switch {state} radio_payouts_demo"), instruction::set_demo_flag(address, state == "on"))
        }
        Command::SetParams { changes, effective_epoch } => set_params(context, actor, changes, *effective_epoch)?,
        Command::SetTimes(times) => {
            (format!("change times: {}", times.words()), instruction::set_config_times(address, times.arguments()))
        }
        Command::Pause => ("pause".to_owned(), instruction::pause(address)),
        Command::Resume => ("resume".to_owned(), instruction::resume(address)),
        Command::SetPauseKey { address: key } => {
            (format!("name pause key {key}"), instruction::set_pause_key(address, *key))
        }
        Command::SetRegistrars { addresses } => {
            (format!("name registrars {addresses:?}"), instruction::set_registrars(address, addresses.clone()))
        }
        Command::OfferAuthority { address: to } => {
            let purpose =
                to.map_or("withdraw the offer of authority".to_owned(), |to| format!("offer authority to {to}"));
            (purpose, instruction::offer_authority(address, *to))
        }
        Command::CancelBinding { did } => {
            (format!("cancel binding of {did}"), instruction::cancel_binding(address, &did_hash(did)?))
        }
        Command::Reject { epoch } => (format!("reject epoch {epoch}"), instruction::reject_epoch(address, *epoch)),
        _ => return Err(Failure::usage("this is not for the authority")),
    };
    actor.act(context, purpose, instruction, Vec::new())
}

fn as_anyone(command: &Command, actor: &Actor, context: &Context) -> Outcome {
    let address = actor.signer();
    let (purpose, instruction) = match command {
        Command::ProposeBinding { did, payee, with_authority } => {
            let key = if *with_authority && matches!(actor, Actor::Key(_)) {
                Some(context.authority_keypair()?)
            } else {
                None
            };
            let cosigner = match (with_authority, &key) {
                (true, Some(key)) => Some(key.pubkey()),
                (true, None) => Some(deployment::require_config(context.chain()?.as_ref())?.authority.address),
                (false, _) => None,
            };
            let propose = instruction::propose_binding(actor.rent_payer(), address, cosigner, did_hash(did)?, *payee);
            return actor.act(context, format!("propose binding of {did} to {payee}"), propose, key.iter().collect());
        }
        Command::AcceptBinding { did } => {
            (format!("accept binding of {did}"), instruction::accept_binding(address, &did_hash(did)?))
        }
        Command::Finalize { epoch } => {
            let found = deployment::epoch(context.chain()?.as_ref(), *epoch)?
                .ok_or_else(|| Failure::usage(format!("nothing was ever posted for epoch {epoch}")))?;
            (format!("finalize epoch {epoch}"), instruction::finalize_epoch(*epoch, found.parent_epoch))
        }
        Command::RevokeOrphan => {
            let config = deployment::require_config(context.chain()?.as_ref())?;
            let head = config.chain.head.ok_or_else(|| Failure::usage("nothing was ever posted"))?;
            let purpose = format!("revoke orphan epoch {} commitment {}", head.epoch, hex::encode(head.commitment));
            (purpose, instruction::revoke_orphan(head.epoch))
        }
        _ => return Err(Failure::usage("this is for the authority")),
    };
    actor.act(context, purpose, instruction, Vec::new())
}

fn set_params(
    context: &Context,
    actor: &Actor,
    changes: &[(String, u64)],
    effective_epoch: u64,
) -> Outcome<(String, Instruction)> {
    let mut delta = ParamsDelta::default();
    for (name, value) in changes {
        delta.set(name, *value).map_err(|error| Failure::usage(format!("{name}={value}: {error}")))?;
    }
    let config = deployment::require_config(context.chain()?.as_ref())?;
    let change = ParamsChange { delta: delta.into(), mode: None, effective_epoch };
    let words: Vec<String> = changes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let next = config.params_version.saturating_add(1);
    let purpose = format!("make version {next} of the parameters from epoch {effective_epoch}: {}", words.join(" "));
    let set = instruction::set_params(actor.rent_payer(), actor.signer(), config.params_version, change);
    Ok((purpose, set))
}

fn did_hash(did: &str) -> Outcome<[u8; 32]> {
    Ok(Did::parse(did).map_err(|error| Failure::usage(format!("{did}: {error}")))?.hash())
}

fn set_clock(context: &Context, elsewhere: &Elsewhere, unix: i64) -> Outcome {
    if elsewhere.instruction_only {
        return Err(Failure::usage("set-clock is no instruction of the program"));
    }
    let config = context.config()?;
    let Endpoint::Embedded(file) = config.require_endpoint()? else {
        return Err(Failure::usage("only an embedded chain's clock can be set"));
    };
    let mut chain = Embedded::open(file.as_deref().unwrap_or(&config.embedded_file()))?;
    chain.set_time(unix)?;
    note(format_args!("the chain's clock is at {unix} and runs on"));
    Ok(())
}
