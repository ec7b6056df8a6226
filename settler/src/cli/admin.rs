//! `settler admin`: what authority, pause key and payees sign, and what anyone may call.

use clap::Subcommand;
use radio_payouts_client::instruction;
use radio_payouts_client::state::{Epoch, MandateTerms, Mode, ParamsChange};
use radio_payouts_protocol::did::Did;
use radio_payouts_protocol::params::ParamsDelta;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;

use super::Context;
use super::actor::{Actor, Elsewhere};
use super::key_argument::{authority_address, sha256_hash, solana_address};
use super::times::Times;
use crate::chain::deployment;
use crate::chain::embedded::Embedded;
use crate::config::Endpoint;
use crate::outcome::{Failure, Outcome};
use crate::output::note;
use crate::words::action::mandate;
use crate::words::amount::{base_units, bloom};
use crate::words::parameter::{assignment, parameter};
use crate::words::times;

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
        /// What changes, e.g. `rate=2000000000` or `epoch_cap=50000` (BLOOM); `settler params` lists the names.
        #[arg(value_name = "NAME=NUMBER", value_parser = parameter, required_unless_present = "live")]
        changes: Vec<(String, u64)>,
        /// Make it Live, and with it all that follow, for good; section 10 of the protocol page has the conditions.
        #[arg(long)]
        live: bool,
        /// The earliest epoch wanted [default: the next].
        #[arg(long, default_value_t = 0)]
        effective_epoch: u64,
    },
    /// Change times, thresholds and bonds of epochs to come (signed by the authority).
    SetTimes(Times),
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
        /// Who may accept it within 14 days: an address, or `governance`: then votes of locked stake decide.
        #[arg(value_parser = authority_address)]
        address: Option<Pubkey>,
    },
    /// Appoint who may resolve disputes beside the authority; without an address, dismiss the arbiter (signed by the
    /// authority).
    AppointArbiter {
        /// The arbiter.
        #[arg(value_parser = solana_address)]
        address: Option<Pubkey>,
    },
    /// Take the role of authority (signed by --keypair, to which it was offered).
    AcceptAuthority {
        /// Take it for votes of locked stake, if it was offered to them (anyone).
        #[arg(long)]
        for_governance: bool,
    },
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
    /// Ratify one final Live epoch by the authority's own decision, contested or not (signed by the authority).
    Ratify {
        /// The epoch.
        epoch: u64,
        /// Commitment of the root that was decided on, as `settler status` and `settler verify` show it.
        #[arg(long, value_parser = sha256_hash)]
        commitment: [u8; 32],
    },
    /// Allow anyone to ratify epochs of a range, within a budget, after a delay (signed by the authority).
    MakeMandate {
        /// First epoch covered.
        first_epoch: u64,
        /// Last epoch covered.
        last_epoch: u64,
        /// Most BLOOM that may be ratified under it, e.g. 1000 or 0.5 (or base units: 500000000base).
        #[arg(long, value_name = "BLOOM", value_parser = base_units)]
        budget: u64,
        /// Seconds for which an epoch must have been final; at least 2 days.
        #[arg(long, default_value_t = 172_800)]
        delay_seconds: u32,
    },
    /// Cancel a mandate; what was ratified under it stays so (signed by the authority).
    CancelMandate {
        /// Its number, as `settler mandates` shows it.
        number: u64,
    },
    /// Pay from the treasury, then from what the vault holds beyond the reserved (signed by the authority).
    TransferTreasury {
        /// The token account to be paid; the vault's own address moves forfeited bonds there.
        #[arg(value_parser = solana_address)]
        to: Pubkey,
        /// BLOOM, e.g. 1000 or 0.5 (or base units: 500000000base).
        #[arg(value_name = "BLOOM", value_parser = base_units)]
        amount: u64,
    },
    /// Reopen the head while it stands on a revoked epoch, or is that epoch (anyone).
    RevokeOrphan,
    /// Set the clock of an embedded chain forward.
    SetClock {
        /// Unix seconds.
        unix: i64,
    },
}

/// Runs the command.
///
/// # Errors
/// As [`crate::chain::Sender::send`].
pub fn run(args: &Args, context: &Context) -> Outcome {
    let elsewhere = &args.elsewhere;
    match &args.command {
        Command::SetClock { unix } => set_clock(context, elsewhere, *unix),
        Command::AcceptAuthority { for_governance: false } => {
            let actor = elsewhere.offered(context)?;
            let accept = instruction::accept_authority(actor.signer());
            actor.act(context, "accept authority".to_owned(), accept, Vec::new())
        }
        Command::ProposeBinding { .. } | Command::AcceptBinding { .. } => {
            as_anyone(&args.command, &elsewhere.named(context)?, context)
        }
        Command::AcceptAuthority { for_governance: true } | Command::Finalize { .. } | Command::RevokeOrphan => {
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
        Command::SetParams { changes, live, effective_epoch } => {
            set_params(context, actor, changes, *live, *effective_epoch)?
        }
        Command::SetTimes(times) => {
            let args = times.arguments();
            let purpose = format!("change times: {}", times::words(&args.times, &args.governance));
            (purpose, instruction::set_config_times(address, args))
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
        Command::AppointArbiter { address: whom } => {
            let purpose = whom.map_or("dismiss the arbiter".to_owned(), |whom| format!("appoint arbiter {whom}"));
            (purpose, instruction::appoint_arbiter(address, *whom))
        }
        Command::CancelBinding { did } => {
            (format!("cancel binding of {did}"), instruction::cancel_binding(address, &did_hash(did)?))
        }
        Command::Ratify { epoch, commitment } => {
            let purpose = format!("ratify epoch {epoch} commitment {}", hex::encode(commitment));
            (purpose, instruction::ratify_epoch_by_authority(address, *epoch, *commitment))
        }
        Command::MakeMandate { first_epoch, last_epoch, budget, delay_seconds } => {
            let terms = MandateTerms {
                first_epoch: *first_epoch,
                last_epoch: *last_epoch,
                budget: *budget,
                delay_seconds: *delay_seconds,
            };
            let number = deployment::require_config(context.chain()?.as_ref())?.next_mandate;
            (
                format!("make mandate {number}: {}", mandate(&terms)),
                instruction::make_mandate(actor.rent_payer(), address, number, terms),
            )
        }
        Command::CancelMandate { number } => {
            (format!("cancel mandate {number}"), instruction::cancel_mandate(address, *number))
        }
        Command::TransferTreasury { to, amount } => {
            let config = deployment::require_config(context.chain()?.as_ref())?;
            let transfer = instruction::transfer_treasury(address, *to, config.mint, config.token_program, *amount);
            (format!("transfer {} BLOOM from the treasury to {to}", bloom(*amount)), transfer)
        }
        Command::Reject { epoch } => {
            let found = posted_epoch(context, *epoch)?;
            let purpose = format!("reject epoch {epoch} commitment {}", hex::encode(found.commitment));
            (purpose, instruction::reject_epoch(address, *epoch, found.commitment))
        }
        _ => return Err(Failure::usage("this is not for the authority")),
    };
    actor.act(context, purpose, instruction, Vec::new())
}

fn as_anyone(command: &Command, actor: &Actor, context: &Context) -> Outcome {
    let address = actor.signer();
    let (purpose, instruction) = match command {
        Command::AcceptAuthority { .. } => {
            ("accept authority for governance".to_owned(), instruction::accept_authority_for_governance())
        }
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
            let found = posted_epoch(context, *epoch)?;
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
    live: bool,
    effective_epoch: u64,
) -> Outcome<(String, Instruction)> {
    let delta = parameters(changes)?;
    let config = deployment::require_config(context.chain()?.as_ref())?;
    let change = ParamsChange { delta: delta.into(), mode: live.then_some(Mode::Live), effective_epoch };
    let changes = changes.iter().map(|(name, value)| assignment(name, *value));
    let words: Vec<String> = live.then(|| "Live".to_owned()).into_iter().chain(changes).collect();
    let next = config.params_version.saturating_add(1);
    let purpose = format!("make version {next} of the parameters from epoch {effective_epoch}: {}", words.join(" "));
    let set = instruction::set_params(actor.rent_payer(), actor.signer(), config.params_version, change);
    Ok((purpose, set))
}

/// The named parameters as a change of them.
pub(super) fn parameters(changes: &[(String, u64)]) -> Outcome<ParamsDelta> {
    let mut delta = ParamsDelta::default();
    for (name, value) in changes {
        delta.set(name, *value).map_err(|error| Failure::usage(format!("{}: {error}", assignment(name, *value))))?;
    }
    Ok(delta)
}

pub(super) fn posted_epoch(context: &Context, epoch: u64) -> Outcome<Epoch> {
    deployment::epoch(context.chain()?.as_ref(), epoch)?
        .ok_or_else(|| Failure::usage(format!("nothing was ever posted for epoch {epoch}")))
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
