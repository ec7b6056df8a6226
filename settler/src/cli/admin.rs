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
use super::act::act;
use super::key_argument::{parameter, solana_address};
use crate::chain::deployment;
use crate::chain::embedded::Embedded;
use crate::config::Endpoint;
use crate::outcome::{Failure, Outcome};
use crate::output::note;

/// Arguments of `admin`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
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
        /// Who may accept it within 14 days.
        #[arg(value_parser = solana_address)]
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
    match &args.command {
        Command::SetClock { unix } => set_clock(context, *unix),
        Command::AcceptAuthority
        | Command::ProposeBinding { .. }
        | Command::AcceptBinding { .. }
        | Command::Finalize { .. }
        | Command::RevokeOrphan => as_settler(&args.command, context),
        command => as_authority(command, context),
    }
}

fn as_authority(command: &Command, context: &Context) -> Outcome {
    let signer = context.authority_keypair()?;
    let address = signer.pubkey();
    let (purpose, instruction) = match command {
        Command::SetDemo { state } => {
            (format!("switch {state} radio_payouts_demo"), instruction::set_demo_flag(address, state == "on"))
        }
        Command::SetParams { changes, effective_epoch } => set_params(context, &address, changes, *effective_epoch)?,
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
    act(context, purpose, instruction, &signer, Vec::new())
}

fn as_settler(command: &Command, context: &Context) -> Outcome {
    let signer = context.keypair()?;
    let address = signer.pubkey();
    let (purpose, instruction) = match command {
        Command::AcceptAuthority => ("accept authority".to_owned(), instruction::accept_authority(address)),
        Command::ProposeBinding { did, payee, with_authority } => {
            let authority = if *with_authority { Some(context.authority_keypair()?) } else { None };
            let signers = authority.iter().collect();
            let cosigner = authority.as_ref().map(|authority| authority.pubkey());
            let propose = instruction::propose_binding(address, address, cosigner, did_hash(did)?, *payee);
            return act(context, format!("propose binding of {did} to {payee}"), propose, &signer, signers);
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
    act(context, purpose, instruction, &signer, Vec::new())
}

fn set_params(
    context: &Context,
    authority: &Pubkey,
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
    Ok((purpose, instruction::set_params(*authority, *authority, config.params_version, change)))
}

fn did_hash(did: &str) -> Outcome<[u8; 32]> {
    Ok(Did::parse(did).map_err(|error| Failure::usage(format!("{did}: {error}")))?.hash())
}

fn set_clock(context: &Context, unix: i64) -> Outcome {
    let config = context.config()?;
    let Endpoint::Embedded(file) = config.require_endpoint()? else {
        return Err(Failure::usage("only an embedded chain's clock can be set"));
    };
    let mut chain = Embedded::open(file.as_deref().unwrap_or(&config.embedded_file()))?;
    chain.set_time(unix)?;
    note(format_args!("the chain's clock is at {unix} and runs on"));
    Ok(())
}
